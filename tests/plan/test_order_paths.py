"""The search for an order: exact where it can be, never worse than what it starts from, always the same."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tncompile.plan.search.connected import connected_path
from tncompile.plan.search.contraction import OUTER_FLOPS, Contraction, Path, contraction
from tncompile.plan.search.elimination import eliminated
from tncompile.plan.search.exact import exact_path
from tncompile.plan.search.greedy import greedy, random_greedy
from tncompile.plan.search.improve import improved
from tncompile.plan.search.objective import OBJECTIVES, Objective
from tncompile.plan.search.paths import best_path, in_order, written_path
from tncompile.plan.search.portfolio import Portfolio
from tncompile.plan.search.reduce import reduced

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


def all_costs(one: Contraction, outer: bool = True) -> list[float]:
    """The costs of all paths of a small problem; maybe only of those without outer products."""

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
    found = paths(tuple(range(count)), count)
    return [one.path_cost(path) for path in found if outer or not _has_outer_product(one, path)]


def _has_outer_product(one: Contraction, path: Path) -> bool:
    labels = list(one.operands)
    for left, right, _, result in one.steps(path):
        if not labels[left] & labels[right]:
            return True
        labels.append(result)
    return False


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
        one.path_cost(other) for other in (in_order(len(one.operands)), eliminated(one), greedy(one))
    )
    assert one.path_cost(path) < 300_000


def test_the_same_problem_gets_the_same_path() -> None:
    state = random.getstate()
    one = lattice(4, 2)
    assert best_path(one) == Portfolio(one, in_order(len(one.operands))).run()
    assert random.getstate() == state


def test_what_is_known_is_not_searched_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    path = best_path(lattice(4, 5))
    monkeypatch.setattr(Portfolio, "run", None)
    assert best_path(lattice(4, 5)) == path


def is_path(path: Path, count: int) -> bool:
    """Whether every array but the last is used once, after it was made."""
    used = [x for pair in path for x in pair]
    return sorted(used) == list(range(2 * count - 2)) and all(
        max(pair) < count + n for n, pair in enumerate(path)
    )


@given(problems(most=16), st.integers(0, 100))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_search_finds_an_order_of_all_factors(one: Contraction, seed: int) -> None:
    small = reduced(one)
    found = [
        eliminated(one),
        greedy(one),
        random_greedy(one, random.Random(seed)),
        small.expanded(greedy(small.problem)),
        best_path(one),
    ]
    assert all(is_path(path, len(one.operands)) for path in found)
    kept = small.restricted(found[0])
    assert is_path(kept, len(small.problem.operands))
    # What is left after the reduction costs what the whole does from there on.
    first = len(small.pairs)
    steps = list(one.steps(small.expanded(kept)))
    rest = sum(one.pair_cost(union, result) for _, _, union, result in steps[first:])
    assert rest == pytest.approx(small.problem.path_cost(kept))


def graph(edges: list[tuple[int, int]], seed: int, objective: Objective = Objective()) -> Contraction:  # noqa: B008
    """A tensor at each node of a graph; the extents of the edges are random."""
    chance = random.Random(seed)
    count = 1 + max(map(max, edges))
    operands = [[edge for edge in edges if node in edge] for node in range(count)]
    extents = {edge: np.array([float(chance.randint(2, 9))]) for edge in edges}
    return contraction(operands, [], extents, ONCE, objective)


def chain_cost(one: Contraction) -> float:
    """The cheapest order of a chain, by the recursion over intervals."""
    count = len(one.operands)
    labels = {(i, i): operand for i, operand in enumerate(one.operands)}
    costs = dict.fromkeys(labels, 0.0)
    for width in range(1, count):
        for i in range(count - width):
            j = i + width
            ways = []
            for k in range(i, j):
                left, right = labels[i, k], labels[k + 1, j]
                labels[i, j] = left ^ right  # each wire has two ends
                ways.append(costs[i, k] + costs[k + 1, j] + one.pair_cost(left | right, left ^ right))
            costs[i, j] = min(ways)
    return costs[0, count - 1]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_a_chain_is_the_cheapest_there_is(seed: int) -> None:
    one = graph([(i, i + 1) for i in range(23)], seed)
    path = connected_path(one)
    assert path is not None
    assert one.path_cost(path) == pytest.approx(chain_cost(one))
    assert one.path_cost(best_path(one)) <= one.path_cost(path) * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_of_all_orders_without_outer_products_the_cheapest_is_found(seed: int) -> None:
    chance = random.Random(seed)
    tree = [(chance.randrange(node), node) for node in range(1, 6)]
    ring = [(i, (i + 1) % 6) for i in range(6)]
    for edges in (tree, ring):
        one = graph(edges, seed)
        path = connected_path(one)
        assert path is not None
        assert one.path_cost(path) == pytest.approx(min(all_costs(one, outer=False)))


def test_where_there_are_too_many_connected_parts_no_order_is_told() -> None:
    assert connected_path(lattice(5, 2)) is None
    assert connected_path(problem(["a", "a", "b", "b"], "", {"a": 2, "b": 3})) is None


def test_a_larger_budget_buys_a_cheaper_order() -> None:
    edges = [(i, j) for i in range(40) for j in range(i) if (i * 7 + j * 11) % 13 == 0]
    costs = [
        one.path_cost(best_path(one))
        for one in (graph(edges, 0, Objective(budget=budget)) for budget in (0.0, 0.05, 0.5))
    ]
    assert costs[0] > costs[1] > costs[2]


def test_the_order_of_the_file_is_a_start() -> None:
    one = lattice(4, 2)
    good = best_path(one)
    lazy = Contraction(one.operands, one.output, one.sizes, one.counts, Objective(budget=0.0, flops=1.0001))
    assert lazy.path_cost(best_path(lazy, good)) <= lazy.path_cost(good)


def test_parentheses_suggest_an_order() -> None:
    assert written_path([(0,), (1, 0), (1, 1), (2, 0, 0), (2, 0, 1), (2, 1)]) == (
        (3, 4),
        (1, 2),
        (6, 5),
        (0, 7),
        (9, 8),
    )
    assert written_path([()] * 4) == ((0, 1), (4, 2), (5, 3))
    assert written_path([()]) == ()


def test_each_objective_is_best_at_what_it_asks_for() -> None:
    def figures(name: str) -> tuple[float, float, float]:
        base = lattice(4, 3)
        one = Contraction(base.operands, base.output, base.sizes, base.counts, OBJECTIVES[name])
        steps = list(one.steps(best_path(one)))
        results = [one.elements(result) for _, _, _, result in steps]
        return sum(one.elements(union) for _, _, union, _ in steps), sum(results), max(results)

    found = {name: figures(name) for name in OBJECTIVES}
    for place, name in enumerate(("flops", "writes", "peak")):
        assert found[name][place] == min(figure[place] for figure in found.values())
    assert found["flops"][0] < found["writes"][0]


def test_progress_is_told_and_changes_nothing() -> None:
    told: list[tuple[int, float, float]] = []
    one, quiet = (
        lattice(4, 4) if progress is None else _watched(lattice(4, 4), told) for progress in (True, None)
    )
    assert Portfolio(one, in_order(32)).run() == Portfolio(quiet, in_order(32)).run()
    shares = [share for _, share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=0.01)
    assert [cost for _, _, cost in told] == sorted((cost for _, _, cost in told), reverse=True)


def _watched(one: Contraction, told: list[tuple[int, float, float]]) -> Contraction:
    objective = Objective(progress=lambda *news: told.append(news))
    return Contraction(one.operands, one.output, one.sizes, one.counts, objective)


def test_products_past_all_numbers_are_ordered() -> None:
    one = graph([(i, j) for i in range(14) for j in range(i)], 0)
    huge = Contraction(one.operands, one.output, one.sizes * 1e9, one.counts)
    assert is_path(best_path(huge), 14)
