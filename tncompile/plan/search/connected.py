"""The best order without outer products of a product that has few connected parts: chains, rings, small trees.

Dynamic programming over the pairs of neighbouring connected sets of operands, each enumerated once (Moerkotte,
Neumann 2006). A set of operands is an integer whose bits are the operands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tncompile.plan.search.contraction import Contraction, Path, bits
from tncompile.plan.search.tree import path_to

MOST_FACTORS = 64
MOST_PAIRS = 50_000  # pairs of connected sets that may be looked at


def connected_path(problem: Contraction) -> Path | None:
    """The cheapest path without outer products; None where there is none, or too much to look through."""
    if len(problem.operands) > MOST_FACTORS:
        return None
    near = _neighbours(problem)
    found: list[tuple[int, int]] = []
    for pair in _pairs(near):
        if len(found) == MOST_PAIRS:
            return None
        found.append(pair)
    everything = (1 << len(near)) - 1
    table = _Table(problem)
    for left, right in sorted(found, key=lambda pair: (pair[0] | pair[1]).bit_count()):
        table.join(left, right)
    if everything not in table.splits:
        return None
    return path_to(everything, table.splits.__getitem__, {1 << leaf: leaf for leaf in range(len(near))})


class _Table:
    """The cheapest way to each set of operands."""

    def __init__(self, problem: Contraction) -> None:
        self.problem = problem
        self.carriers = [0] * len(problem.sizes)
        for number, operand in enumerate(problem.operands):
            for label in bits(operand):
                self.carriers[label] |= 1 << number
        self.labels = {1 << number: operand for number, operand in enumerate(problem.operands)}
        self.costs = dict.fromkeys(self.labels, 0.0)
        self.splits: dict[int, tuple[int, int]] = {}

    def join(self, left: int, right: int) -> None:
        """Notes that a set can be made from these two."""
        whole, union = left | right, self.labels[left] | self.labels[right]
        if whole not in self.labels:
            gone = [
                label for label in bits(union & ~self.problem.output) if self.carriers[label] & ~whole == 0
            ]
            self.labels[whole] = union & ~sum(1 << label for label in gone)
            self.costs[whole] = float("inf")
        cost = self.costs[left] + self.costs[right] + self.problem.pair_cost(union, self.labels[whole])
        if cost < self.costs[whole]:
            self.costs[whole], self.splits[whole] = cost, (left, right)


def _neighbours(problem: Contraction) -> list[int]:
    """For each operand the others that share a label with it."""
    near = [0] * len(problem.operands)
    for left, mine in enumerate(problem.operands):
        for right, theirs in enumerate(problem.operands):
            if left != right and mine & theirs:
                near[left] |= 1 << right
    return near


def _pairs(near: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Every two connected sets that are neighbours and share nothing, once."""
    for first in reversed(range(len(near))):
        for left in _connected(near, 1 << first, (1 << first) - 1):
            around = _around(near, left)
            shut = (2 << _lowest(left)) - 1
            starts = bits(around & ~shut)
            for start in reversed(starts):
                below = sum(1 << other for other in starts if other < start)
                for right in _connected(near, 1 << start, shut | left | below):
                    yield left, right


def _connected(near: Sequence[int], some: int, shut: int) -> Iterator[int]:
    """Every connected set that holds ``some``, itself connected, and nothing of ``shut``, once."""
    yield some
    around = _around(near, some) & ~shut
    part = around
    while part:
        yield from _connected(near, some | part, shut | around)
        part = (part - 1) & around


def _around(near: Sequence[int], some: int) -> int:
    found = 0
    for one in bits(some):
        found |= near[one]
    return found & ~some


def _lowest(some: int) -> int:
    return (some & -some).bit_length() - 1
