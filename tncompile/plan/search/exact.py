"""The best order of a product of few factors, by dynamic programming over subsets."""

from __future__ import annotations

from collections.abc import Sequence

from tncompile.plan.search.contraction import Contraction, Path
from tncompile.plan.search.tree import path_to


def exact_path(problem: Contraction) -> Path:
    """The cheapest path there is; outer products are tried like any other pair. Time grows as 3^factors."""
    count = len(problem.operands)
    labels = _labels_of_subsets(problem)
    costs = [0.0] * (1 << count)
    splits = [0] * (1 << count)
    for subset in range(1, 1 << count):
        if subset & (subset - 1):
            costs[subset], splits[subset] = _best_split(problem, subset, labels, costs)
    leaves = {1 << operand: operand for operand in range(count)}
    return path_to((1 << count) - 1, lambda subset: (splits[subset], subset ^ splits[subset]), leaves)


def _labels_of_subsets(problem: Contraction) -> Sequence[int]:
    """What an array made from each subset of the operands carries."""
    count = len(problem.operands)
    union = [0] * (1 << count)
    for subset in range(1, 1 << count):
        lowest = subset & -subset
        union[subset] = union[subset ^ lowest] | problem.operands[lowest.bit_length() - 1]
    everything = (1 << count) - 1
    return [
        union[s] if s & (s - 1) == 0 else union[s] & (union[everything ^ s] | problem.output)
        for s in range(1 << count)
    ]


def _best_split(
    problem: Contraction, subset: int, labels: Sequence[int], costs: Sequence[float]
) -> tuple[float, int]:
    lowest = subset & -subset
    rest = subset ^ lowest
    best, split = float("inf"), 0
    part = rest
    while part:
        # `part` runs through all subsets of the rest; the lowest operand is always on the other side.
        part_cost = costs[part]
        if part_cost < best:
            other = subset ^ part
            cost = part_cost + costs[other]
            if cost < best:
                cost += problem.pair_cost(labels[part] | labels[other], labels[subset])
                if cost < best:
                    best, split = cost, other
        part = (part - 1) & rest
    return best, split
