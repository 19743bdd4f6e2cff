"""The arrays that are still to be contracted, while a path is made pair by pair."""

from __future__ import annotations

from collections.abc import Iterable

from tncompile.plan.search.contraction import Contraction, Path, bits


class Pool:
    """The arrays alive, by number, and the carriers of each label; `join` contracts two of them."""

    def __init__(self, problem: Contraction) -> None:
        self.problem, self.output = problem, problem.output
        self.arrays = dict(enumerate(problem.operands))
        self.pairs: list[tuple[int, int]] = []
        self.carriers: list[set[int]] = [set() for _ in range(len(problem.sizes))]
        for number, labels in self.arrays.items():
            for label in bits(labels):
                self.carriers[label].add(number)
        self.once = self.twice = 0  # labels that one array carries, and two
        self._count(range(len(self.carriers)))

    @property
    def path(self) -> Path:
        """The pairs joined so far."""
        return tuple(self.pairs)

    def _count(self, labels: Iterable[int]) -> None:
        for label in labels:
            carriers, bit = len(self.carriers[label]), 1 << label
            self.once = self.once | bit if carriers == 1 else self.once & ~bit
            self.twice = self.twice | bit if carriers == 2 else self.twice & ~bit

    def result(self, left: int, right: int) -> int:
        """The labels of the product of two arrays: without those that nothing else carries."""
        a, b = self.arrays[left], self.arrays[right]
        gone = ((a | b) & self.once) | (a & b & self.twice)
        return (a | b) & ~(gone & ~self.output)

    def cost(self, left: int, right: int) -> float:
        """What it costs to join two arrays."""
        return self.problem.pair_cost(self.arrays[left] | self.arrays[right], self.result(left, right))

    def join(self, left: int, right: int) -> int:
        """Contracts two arrays; the number of their product."""
        result, number = self.result(left, right), len(self.problem.operands) + len(self.pairs)
        changed = bits(self.arrays[left] | self.arrays[right])
        for label in changed:
            self.carriers[label] -= {left, right}
            if result >> label & 1:
                self.carriers[label].add(number)
        self._count(changed)
        del self.arrays[left], self.arrays[right]
        self.arrays[number] = result
        self.pairs.append((left, right))
        return number

    def join_all(self, numbers: Iterable[int]) -> int:
        """Contracts some arrays, always the two smallest; the number of their product."""
        waiting = set(numbers)
        while len(waiting) > 1:
            left, right = sorted(waiting, key=lambda one: (self.size(one), one))[:2]
            waiting = waiting - {left, right} | {self.join(left, right)}
        return waiting.pop()

    def size(self, number: int) -> float:
        """The elements of an array."""
        return self.problem.elements(self.arrays[number])

    def neighbours(self, labels: int) -> set[int]:
        """The arrays that carry one of these labels."""
        return set().union(*(self.carriers[label] for label in bits(labels)))
