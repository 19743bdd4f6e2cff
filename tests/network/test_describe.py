"""From rows back to loops, and substitution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tncompile.network import (
    UNIT_ROWS,
    Add,
    Binary,
    Compare,
    Expr,
    ListExpr,
    Loop,
    Name,
    Number,
    Range,
    Rows,
    Scope,
    Size,
)
from tncompile.network.describe import Nest, describe_rows
from tncompile.network.syntax.substitute import integer, shifted, substitute
from tncompile.network.syntax.text import expression_text
from tncompile.network.values.loops import loop_description

D = Name("d")
SIZES = (
    Size("d", default=Number("7")),
    Size("m", default=Number("3")),
    Size(
        "edges",
        default=ListExpr(tuple(ListExpr((integer(a), integer(b))) for a, b in [(1, 2), (2, 3), (1, 3)])),
    ),
)


def ranged(name: str, first: Expr, last: Expr, condition: Expr | None = None) -> Loop:
    return Loop((name,), Range(first, last), condition)


def describe(loops: tuple[Loop, ...], keep: list[tuple[int, ...]]) -> tuple[Nest, ...]:
    names = tuple(name for loop in loops for name in loop.variables)
    columns = np.array(sorted(keep), np.int64).reshape(len(keep), len(names)).T
    count = iter(range(1, 100))
    return describe_rows(loops, Rows(names, columns, len(keep)), Scope(SIZES), lambda: f"rows_{next(count)}")


def said(nests: tuple[Nest, ...]) -> list[str]:
    lines = []
    for nest in nests:
        loops = ", ".join(loop_description(loop) for loop in nest.loops)
        values = ", ".join(f"{name} = {expression_text(value)}" for name, value in nest.values.items())
        lines.append("; ".join(part for part in (loops, values) if part))
    return lines


def rows_of(nests: tuple[Nest, ...], names: tuple[str, ...]) -> list[tuple[int, ...]]:
    found = []
    for nest in nests:
        scope = Scope(SIZES + nest.lists)
        rows = scope.expand(nest.loops)[0]
        columns = [
            scope.integers(nest.values[name], rows) if name in nest.values else rows.column(name)
            for name in names
        ]
        found += list(zip(*(column.tolist() for column in columns), strict=True))
    return sorted(found)


ONE = Number("1")
CHAIN = (ranged("k", ONE, D),)
SQUARE = (ranged("i", ONE, Name("m")), ranged("j", ONE, Name("m")))


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ([1, 2, 3, 4, 5, 6, 7], ["k in 1..d"]),
        ([2, 3, 4, 5, 6], ["k in 2..d - 1"]),
        ([1], ["k = 1"]),
        ([7], ["k = d"]),
        ([6], ["k = d - 1"]),
        ([1, 2, 3, 5, 6, 7], ["k in 1..3", "k in d - 2..d"]),
        ([1, 3, 5, 7], ["k in 1..d if k % 2 == 1"]),
        ([1, 7], ["k = 1", "k = d"]),
    ],
)
def test_part_of_a_chain_is_said_with_the_bounds_of_the_rule(keep: list[int], expected: list[str]) -> None:
    assert said(describe(CHAIN, [(k,) for k in keep])) == expected


def test_the_inner_part_of_a_square_is_one_nest() -> None:
    (nest,) = describe(SQUARE, [(2, 2)])
    assert said((nest,)) == ["i = 2, j = 2"]


def test_an_edge_of_a_square_puts_its_constant_variable_in() -> None:
    assert said(describe(SQUARE, [(1, 1), (1, 2), (1, 3)])) == ["j in 1..m; i = 1"]


def test_an_angle_of_a_square_becomes_two_boxes() -> None:
    corner = [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1)]
    nests = describe(SQUARE, corner)
    assert len(nests) == 2
    assert rows_of(nests, ("i", "j")) == corner


def test_a_triangle_keeps_its_dependent_range() -> None:
    loops = (ranged("i", ONE, D), ranged("j", shifted(Name("i"), 1), D))
    keep = [(i, j) for i in range(1, 8) for j in range(i + 1, 8) if j > i + 1]
    (line,) = said(describe(loops, keep))
    assert line.replace(" ", "") == "iin1..d-2,jini+2..d"


def test_a_variable_that_follows_another_is_put_in() -> None:
    loops = (ranged("i", ONE, D), ranged("j", Name("i"), D))
    assert said(describe(loops, [(i, i + 1) for i in range(1, 7)])) == ["i in 1..d - 1; j = i + 1"]


def test_a_condition_stays_only_where_it_is_needed() -> None:
    is_odd = Compare((Binary("%", Name("k"), Number("2")), ONE), ("==",))
    odd = (ranged("k", ONE, D, is_odd),)
    assert said(describe(odd, [(3,), (5,), (7,)])) == ["k in 3..d if k % 2 == 1"]
    is_small = Compare((Name("k"), Number("4")), ("<",))
    assert said(describe((ranged("k", ONE, D, is_small),), [(2,), (3,)])) == ["k in 2..3"]


def test_a_list_of_pairs_is_kept_whole_or_written_out() -> None:
    loops = (Loop(("a", "b"), Name("edges")),)
    assert said(describe(loops, [(1, 2), (1, 3), (2, 3)])) == ["(a, b) in edges"]
    (part,) = describe(loops, [(1, 2), (2, 3)])
    assert part.lists[0].name == "rows_1"
    assert rows_of((part,), ("a", "b")) == [(1, 2), (2, 3)]
    assert said(describe(loops, [(1, 3)])) == ["a = 1, b = 3"]


def test_no_loops_and_no_rows_are_described() -> None:
    assert describe_rows((), UNIT_ROWS, Scope(SIZES), str) == (Nest((), {}),)
    assert describe(CHAIN, []) == ()


@given(st.sets(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1))
def test_any_rows_come_back_exactly(keep: set[tuple[int, int]]) -> None:
    assert rows_of(describe(SQUARE, sorted(keep)), ("i", "j")) == sorted(keep)


@given(st.sets(st.tuples(st.integers(1, 7), st.integers(0, 3)), min_size=1))
def test_any_rows_of_a_dependent_range_come_back_exactly(keep: set[tuple[int, int]]) -> None:
    loops = (ranged("i", ONE, D), ranged("j", Name("i"), shifted(D, 3)))
    kept = sorted((i, i + j) for i, j in keep)
    assert rows_of(describe(loops, kept), ("i", "j")) == kept


def test_substitution_folds_integers_and_leaves_the_rest() -> None:
    tree = Add((Name("k"), Number("1")), (1, -1))
    assert substitute(tree, {"k": Number("1")}) == Number("0")
    assert expression_text(substitute(tree, {"k": shifted(D, -1)})) == "d - 2"
    assert expression_text(substitute(tree, {"k": Name("i")})) == "i - 1"
    assert substitute(tree, {"j": Number("1")}) is tree
