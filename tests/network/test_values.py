"""Sizes, lets, loops and conditions mean what the language says, row by row."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tncompile.language import load, parse
from tncompile.network import Definition, FamilyValue, Formula, Let, Scope
from tncompile.network.values.limits import LOOP_STEPS
from tncompile.source import Fault, Source, TnError


def scope_of(text: str) -> tuple[Scope, dict[str, Let]]:
    syntax = parse(Source("<text>", f"network example\n{text}\noutput y() = 1\n"))
    return Scope(syntax.statements), {s.name: s for s in syntax.statements if isinstance(s, Let)}


def value(expression: str, sizes: str = "size d = 8") -> int:
    scope, _ = scope_of(f"{sizes}\nlet answer = {expression}")
    answer = scope.lookup("answer")
    assert isinstance(answer, int)
    return answer


def fault(expression: str, sizes: str = "size d = 8") -> str:
    with pytest.raises(Fault) as caught:
        value(expression, sizes)
    return caught.value.diagnostic.message


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("2 + 3*4 - 1", 13),
        ("7//2 + 7 % 2", 4),
        ("-7//2", -4),
        ("2^10 / 2^3", 128),
        ("log2(d)", 3),
        ("1 if d > 4 else 2", 1),
        ("min(3, d) * max(1, 2) + abs(-2)", 8),
        ("gcd(12, d) + binomial(5, 2) + multichoose(3, 2)", 20),
        ("1 if 0 < d < 9 and not (d == 7 or d % 2 == 1) else 0", 1),
    ],
)
def test_integer_expressions_are_exact(expression: str, expected: int) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("7/2", "7/2 is not an integer"),
        ("log2(6)", "log2(6) is not an integer"),
        ("9^9^9^9", "an integer here reaches 2^63"),
        ("binomial(10000000, 5000000)", "an integer here reaches 2^63"),
        ("d^21 * 2", "an integer here reaches 2^63"),
        ("1 // (d - 8)", "1//0: division by zero"),
        ("q + 1", "`q` has no value here: it is neither a size nor the variable of a loop"),
        ("2.5", "2.5 is not an integer"),
    ],
)
def test_what_is_no_integer_says_so(expression: str, message: str) -> None:
    assert fault(expression) == message


def test_only_the_branch_that_is_taken_is_evaluated() -> None:
    assert value("1 if d == 8 else 1//0") == 1
    assert value("1 if d == 8 or 1//0 == 1 else 2") == 1


def test_families_of_lets_may_refer_to_their_own_members() -> None:
    up, _ = scope_of("size d = 6\nlet f[k in 0..d] = 1 if k < 2 else f[k-1] + f[k-2]\nlet answer = f[6]")
    down, _ = scope_of("size d = 6\nlet f[k in 0..d] = 1 if k == d else 2*f[k+1]\nlet answer = f[0]")
    assert up.lookup("answer") == 13
    assert down.lookup("answer") == 64


def test_members_of_a_family_may_be_known_in_any_order() -> None:
    scope, _ = scope_of("let f[k in 0..6] = 1 if k == 0 else 2*f[(k + 4) % 7]\nlet answer = f[3]")
    assert scope.lookup("answer") == 2  # f[3] = 2*f[0]
    value = scope.lookup("f")
    assert isinstance(value, FamilyValue)
    assert value.values.tolist() == [1, 2**5, 2**3, 2, 2**6, 2**4, 2**2]


def test_a_long_recursion_from_above_is_no_deep_recursion() -> None:
    scope, _ = scope_of("let f[k in 0..5000] = 0 if k == 5000 else f[k+1] + 1\nlet answer = f[0]")
    assert scope.lookup("answer") == 5000


def test_a_let_that_depends_on_itself_is_an_error() -> None:
    scope, _ = scope_of("let a = b + 1\nlet b = a")
    with pytest.raises(Fault, match="depends on itself: a → b → a"):
        scope.lookup("a")


def test_lists_count_from_one_and_nest() -> None:
    lists = "size edges = [[1, 2], [2, 3], [3, 1]]"
    assert value("edges[3, 1] * 10 + len(edges) + len(edges[1])", lists) == 35
    assert fault("edges[4, 1]", lists) == "item 4 of a list of 3"


def test_loops_nest_filter_and_read_lists() -> None:
    scope, lets = scope_of(
        "size d = 4\nsize near = [[1, 2], [3], [], [4, 1]]\n"
        "let f[k in 1..d if k % 2 == 1, j in 1..k] = k\nlet g[i in 1..d, j in near[i]] = 1"
    )
    assert scope.family(lets["f"].family).columns.T.tolist() == [[1, 1], [3, 1], [3, 2], [3, 3]]
    assert scope.family(lets["g"].family).columns.T.tolist() == [[1, 1], [1, 2], [2, 3], [4, 4], [4, 1]]


def test_a_filtered_loop_longer_than_a_chunk_is_whole() -> None:
    scope, lets = scope_of("size d = 2500000\nlet f[k in 1..d if k % 500000 == 0] = 1")
    assert scope.family(lets["f"].family).columns[0].tolist() == [500000 * k for k in range(1, 6)]


def test_too_many_steps_or_members_are_refused_before_they_are_tried() -> None:
    scope, lets = scope_of(f"let f[k in 1..{LOOP_STEPS + 1} if k == 1] = 1")
    with pytest.raises(Fault, match="more than 100,000,000 steps"):
        scope.family(lets["f"].family)
    scope, lets = scope_of("let g[k in 1..3000000] = 1")
    with pytest.raises(Fault, match="past the limit of 2,000,000"):
        scope.family(lets["g"].family)


def test_formulas_follow_the_choices_that_are_taken() -> None:
    scope, _ = scope_of(
        "size d = 4, r = 3, C = 3\nlet bond[k in 0..d] = 1 if k == 0 else C if k == d else r^2"
    )
    syntax = parse(Source("<text>", "network a\nlet e = 2*bond[k-1] + d/2\noutput y() = 1"))
    expr = next(s for s in syntax.statements if isinstance(s, Let)).value
    d, r, classes = (Formula.atom(name) for name in ("d", "r", "C"))
    assert scope.formula(expr, {"k": 2}) == 2 * r * r + d.divided(2)
    assert scope.formula(expr, {"k": 5}) == 2 * classes + d.divided(2)


def test_generic_sizes_keep_the_structure_and_tell_extents_apart() -> None:
    scope, lets = scope_of(
        "size d = 4, r = 3, C = 3\nlet bond[k in 0..d] = 1 if k == 0 else C if k == d else r"
    )
    rows = scope.family(lets["bond"].family)
    actual = scope.integers(lets["bond"].value, rows)
    generic = scope.generic.integers(lets["bond"].value, rows)
    assert actual.tolist() == [1, 3, 3, 3, 3]
    assert len(set(generic.tolist())) == 3
    assert len(set(generic[1:4].tolist())) == 1


def test_numbers_use_ordinary_division_and_functions() -> None:
    syntax = parse(Source("<text>", "network a\noutput y() = 1/4 + sqrt(4) + pi - pi + abs(-1)"))
    body = next(s for s in syntax.statements if isinstance(s, Definition)).body
    assert np.allclose(Scope(syntax.statements).numbers(body), [3.25])


@pytest.mark.parametrize("given", [Fraction(10**400), float("inf")])
def test_a_number_given_beyond_double_precision_is_refused(given: Fraction | float) -> None:
    text = "network t\nsize n = 2\nnumber b = 1\ninput x(n)\noutput y() = b * x(i) * x(i)\n"
    with pytest.raises(TnError, match="not a finite number"):
        load(text, b=given)
