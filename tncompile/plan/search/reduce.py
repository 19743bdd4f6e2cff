"""What can be contracted before any search: the product becomes one of fewer factors."""

from __future__ import annotations

import heapq

from tncompile.plan.search.contraction import Contraction, Path, bits
from tncompile.plan.search.pool import Pool
from tncompile.plan.search.tree import restricted
from tncompile.source.records import record


@record(eq=False)
class Reduced:
    """A product whose first ``pairs`` are settled; ``problem`` is what is left of it.

    Operand ``k`` of that is the array ``numbers[k]`` of the whole product, made from the operand ``sources[k]``
    and smaller ones.
    """

    whole: Contraction
    problem: Contraction
    pairs: Path
    numbers: tuple[int, ...]
    sources: tuple[int, ...]

    def expanded(self, path: Path) -> Path:
        """A path of the smaller product as one of the whole."""
        first = len(self.whole.operands) + len(self.pairs)
        numbers = [*self.numbers, *range(first, first + len(path))]
        return (*self.pairs, *((numbers[left], numbers[right]) for left, right in path))

    def restricted(self, path: Path) -> Path:
        """A path of the whole product as one of the smaller."""
        return restricted(path, len(self.whole.operands), self.sources)


def reduced(problem: Contraction) -> Reduced:
    """Arrays whose labels another one carries are multiplied into it, where the labels are equal or one of them is
    summed by that: the product is no larger than what was there."""
    pool = Pool(problem)
    source = {number: number for number in pool.arrays}
    waiting = [(pool.size(number), number) for number in pool.arrays]
    heapq.heapify(waiting)
    while waiting and len(pool.arrays) > 1:
        _, number = heapq.heappop(waiting)
        partner = _partner(pool, number) if number in pool.arrays else None
        if partner is not None:
            touched = pool.arrays[number] | pool.arrays[partner]
            new = pool.join(number, partner)
            source[new] = source.pop(partner)
            # Others fit now only if the new array is what they fit into, or carry a label that became rarer.
            for other in {new, *pool.neighbours(touched & pool.twice)}:
                heapq.heappush(waiting, (pool.size(other), other))
    numbers = tuple(sorted(pool.arrays, key=lambda one: source[one]))
    smaller = problem.part([pool.arrays[one] for one in numbers], problem.output)
    return Reduced(problem, smaller, pool.path, numbers, tuple(source[one] for one in numbers))


def _partner(pool: Pool, number: int) -> int | None:
    """The smallest array that an array can be multiplied into."""
    labels = pool.arrays[number]
    if not labels:
        others = set(pool.arrays)
    else:
        rarest = min(bits(labels), key=lambda label: len(pool.carriers[label]))
        others = pool.carriers[rarest]
    fitting = [one for one in others - {number} if _fits(pool, labels, number, one)]
    return min(fitting, key=lambda one: (pool.size(one), one), default=None)


def _fits(pool: Pool, labels: int, number: int, other: int) -> bool:
    theirs = pool.arrays[other]
    return labels & ~theirs == 0 and (labels in (0, theirs) or pool.result(number, other) != theirs)
