"""The search for an order: exact where it can be, never worse than what it starts from, always the same."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tncompile.plan.search.contraction import OUTER_FLOPS, Contraction, Objective, contraction
from tncompile.plan.search.exact import exact_path
from tncompile.plan.search.improve import improved
from tncompile.plan.search.paths import best_path, eliminated, in_order

ONCE = np.ones(1)


def problem(
    operands: list[str],
    output: str,
    extents: dict[str, int],
    objective: Objective = Objective(),  # noqa: B008
) -> Contraction:
    columns = {label: np.array([float(extent)]) for label, extent in extents.items()}
    return contraction([list(some) for some in operands], list(output), columns, ONCE, objective)


def lattice(size: int, bond: int) -> Contraction:
    """A square lattice with a vector on each site."""
    operands, extents = [], {}
    for i in range(size):
        for j in range(size):
            wires = [("v", i, j), ("v", i + 1, j), ("h", i, j), ("h", i, j + 1), ("s", i, j)]
            inside = [w for w in wires if w[0] == "s" or 0 < (w[1] if w[0] == "v" else w[2]) < size]
            operands += [inside, [("s", i, j)]]
            extents.update({w: np.array([2.0 if w[0] == "s" else float(bond)]) for w in inside})
    return contraction(operands, [], extents, ONCE)


def all_costs(one: Contraction) -> list[float]:
    """The costs of all paths of a small problem."""

    def paths(alive: tuple[int, ...], number: int) -> list[tuple[tuple[int, int], ...]]:
        if len(alive) == 1:
            return [()]
        found = []
        for i, a in enumerate(alive):
            for b in alive[i + 1 :]:
                rest = tuple(x for x in alive if x not in (a, b))
                found += [((a, b), *more) for more in paths((*rest, number), number + 1)]
        return found

    count = len(one.operands)
    return [one.path_cost(path) for path in paths(tuple(range(count)), count)]


@st.composite
def problems(draw: st.DrawFn, most: int = 5) -> Contraction:
    """A random product, with hyperindices."""
    labels = "abcdef"
    extents = {label: draw(st.integers(1, 5)) for label in labels}
    operands = draw(st.lists(st.text(labels, min_size=1, max_size=3), min_size=2, max_size=most))
    carried = sorted(set("".join(operands)))
    output = draw(st.lists(st.sampled_from(carried), max_size=2, unique=True))
    return problem(operands, "".join(output), extents)


@given(problems())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_exact_search_finds_the_cheapest_of_all_paths(one: Contraction) -> None:
    assert one.path_cost(exact_path(one)) == pytest.approx(min(all_costs(one)))


@given(problems(most=9), st.integers(0, 100))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_improving_a_path_never_makes_it_dearer_and_reaches_what_exists(one: Contraction, seed: int) -> None:
    chooser = random.Random(seed)
    alive, path, number = list(range(len(one.operands))), [], len(one.operands)
    while len(alive) > 1:
        pair = chooser.sample(alive, 2)
        alive = [x for x in alive if x not in pair] + [number]
        path.append((pair[0], pair[1]))
        number += 1
    better = improved(one, tuple(path))
    assert one.path_cost(exact_path(one)) <= one.path_cost(better) * (1 + 1e-9)
    assert one.path_cost(better) <= one.path_cost(tuple(path)) * (1 + 1e-9)


def test_costs_count_multiplications_additions_and_elements_written() -> None:
    product = problem(["ab", "bc"], "ac", {"a": 2, "b": 3, "c": 5})
    assert product.path_cost(((0, 1),)) == 2 * 2 * 3 * 5 + 64 * 2 * 5
    outer = problem(["a", "b"], "ab", {"a": 2, "b": 3}, Objective(1, 0))
    assert outer.path_cost(((0, 1),)) == pytest.approx(OUTER_FLOPS * 2 * 3)


def test_a_hyperindex_is_summed_when_its_last_operand_is_absorbed() -> None:
    one = problem(["qa", "qb", "q", "ab"], "", {"q": 7, "a": 2, "b": 3}, Objective(1, 0))
    results = [result for _, _, _, result in one.steps(((0, 1), (4, 2), (5, 3)))]
    assert [bin(result).count("1") for result in results] == [3, 2, 0]


def test_labels_that_cannot_matter_leave_the_search() -> None:
    one = problem(["sai", "sa", "si"], "s", {"s": 256, "a": 1, "i": 4})
    assert len(one.sizes) == 1
    assert one.path_cost(((0, 1), (2, 3))) == pytest.approx(256 * (OUTER_FLOPS * 4 + 64 * 4 + 2 * 4 + 64))


def test_one_path_serves_variants_of_different_extents() -> None:
    columns = {"a": np.array([2.0, 3.0, 2.0]), "b": np.array([5.0, 1.0, 5.0]), "c": np.array([1.0, 4.0, 1.0])}
    one = contraction([["a", "b"], ["b", "c"]], ["a", "c"], columns, np.ones(3), Objective(1, 0))
    assert one.path_cost(((0, 1),)) == 2 * (2 * 5 * 1) * 2 + 2 * (3 * 1 * 4)


def test_lattices_are_contracted_row_by_row_or_better() -> None:
    one = lattice(4, 3)
    path = best_path(one)
    assert sorted(x for pair in path for x in pair) == list(range(2 * len(one.operands) - 2))
    assert one.path_cost(path) <= min(
        one.path_cost(other) for other in (in_order(one), eliminated(one, True), eliminated(one, False))
    )
    assert one.path_cost(path) < 300_000


def test_the_same_problem_gets_the_same_path() -> None:
    state = random.getstate()
    assert best_path(lattice(4, 2)) == best_path(lattice(4, 2))
    assert random.getstate() == state
