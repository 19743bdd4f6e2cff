"""Orders from summing one label after another, chosen by weighted min-fill."""

from __future__ import annotations

from tncompile.plan.search.contraction import Contraction, Path, bits
from tncompile.plan.search.pool import Pool


def eliminated(problem: Contraction) -> Path:
    """Labels are summed one by one: next the one whose sum joins the fewest pairs of labels anew; of these the one
    whose sum has the fewest terms."""
    graph = _Labels(problem)
    pool = Pool(problem)
    while graph.waiting:
        label = graph.next()
        if pool.carriers[label]:
            pool.join_all(pool.carriers[label])
        graph.remove(label)
    pool.join_all(pool.arrays)
    return pool.path


class _Labels:
    """The graph in which labels of one array are joined; ``near[label]`` are the neighbours and the label itself."""

    def __init__(self, problem: Contraction) -> None:
        self.problem = problem
        self.near = [1 << label for label in range(len(problem.sizes))]
        for operand in problem.operands:
            for label in bits(operand):
                self.near[label] |= operand
        self.waiting = {label for label in range(len(self.near)) if not problem.output >> label & 1}
        self.rank = {label: self._rank(label) for label in self.waiting}

    def _rank(self, label: int) -> tuple[int, float, int]:
        near = self.near[label]
        missing = sum((near & ~self.near[other]).bit_count() for other in bits(near))
        return missing, self.problem.elements(near), label

    def next(self) -> int:
        """The label to sum next."""
        return min(self.rank.values())[-1]

    def remove(self, label: int) -> None:
        """Joins the neighbours of a label to each other, and takes it away."""
        rest = self.near[label] & ~(1 << label)
        touched = rest
        for other in bits(rest):
            self.near[other] = (self.near[other] | rest) & ~(1 << label)
            touched |= self.near[other]
        self.waiting.discard(label)
        del self.rank[label]
        for other in bits(touched):
            if other in self.waiting:
                self.rank[other] = self._rank(other)
