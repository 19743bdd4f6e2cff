"""How the labels of an array lie in memory, and what it costs to go over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from tncompile.source.records import record

# Nanoseconds, measured with NumPy 2.4 on two x86-64 cores; only their ratios matter.
CALL = 700.0  # one call of an array function
RUN = 12.0  # one inner loop of an element-wise function
SMALL_PRODUCT = 33.0  # one more matrix product of a batch
SPREAD_PRODUCT = 400.0  # the same where one operand is spread over the stack: fewer rows in each
SEVERAL = 400.0  # a function with several inner loops
APART = 0.05  # one element written in one of several
ELEMENT = 0.13  # one element written
REDUCTION = 0.08  # one element added to a sum
SCATTERED = 1.0  # one element read or written out of the order of memory
ACROSS = 0.4  # one element of a matrix that a product reads across its order in memory
OPERATION = 0.01  # one multiplication or addition inside a matrix product


@record
class Strided:
    """Labels of an array, outermost first; ``joined[i]`` says that axis i and the next one are a
    single run in memory, and for the last axis that its elements are neighbours."""

    labels: tuple[str, ...]
    joined: tuple[bool, ...]

    @staticmethod
    def dense(labels: Iterable[str]) -> Strided:
        """An array without gaps."""
        labels = tuple(labels)
        return Strided(labels, (True,) * len(labels))

    def is_run(self, group: Sequence[str]) -> bool:
        """Can the axes ``group`` become one axis without a copy?"""
        if len(group) < 2:
            return True
        at = self.labels.index(group[0])
        return self.labels[at : at + len(group)] == tuple(group) and all(
            self.joined[at : at + len(group) - 1]
        )

    def only(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Those of ``labels`` that the array has, in the order of memory."""
        wanted = set(labels)
        return tuple(label for label in self.labels if label in wanted)

    @property
    def neighbour(self) -> str | None:
        """The label along which elements are neighbours."""
        return self.labels[-1] if self.labels and self.joined[-1] else None


Sizes = Mapping[str, int]


def extent(labels: Iterable[str], sizes: Sizes) -> int:
    """The number of elements that ``labels`` run over."""
    return prod(sizes[label] for label in labels)


def inner_run(order: Sequence[str], arrays: Sequence[Strided], sizes: Sizes) -> int:
    """How many elements one inner loop of an element-wise function covers, in the order ``order``."""
    run = 1
    for here, label in reversed(list(enumerate(order))):
        if here + 1 < len(order) and not all(_continues(array, label, order[here + 1]) for array in arrays):
            break
        run *= sizes[label]
    return run


def _continues(array: Strided, outer: str, inner: str) -> bool:
    if outer not in array.labels or inner not in array.labels:
        return outer not in array.labels and inner not in array.labels
    return array.is_run((outer, inner))


def elementwise_cost(order: Sequence[str], arrays: Sequence[Strided], sizes: Sizes) -> float:
    """The time of a broadcast element-wise function whose result lies in the order ``order``."""
    total = extent(order, sizes)
    if not order:
        return CALL
    runs = total / max(1, inner_run(order, arrays, sizes))
    cost = CALL + total * ELEMENT + runs * RUN + (SEVERAL + total * APART if runs > 1 else 0)
    scattered = sum(order[-1] in array.labels and array.neighbour != order[-1] for array in arrays)
    return cost + scattered * total * SCATTERED


def copy_cost(array: Strided, order: Sequence[str], sizes: Sizes) -> float:
    """The time to write an array anew in the order ``order``."""
    return elementwise_cost(order, [array], sizes)


def reduction_cost(array: Strided, gone: Iterable[str], sizes: Sizes) -> float:
    """The time to reduce an array over the labels ``gone``."""
    gone = set(gone)
    total = extent(array.labels, sizes)
    if not gone:
        return 0.0
    last = max(place for place, label in enumerate(array.labels) if label in gone)
    run = (
        extent(array.labels[last + 1 :], sizes) if last + 1 < len(array.labels) else sizes[array.labels[last]]
    )
    return CALL * 1.5 + total * REDUCTION + total / max(1, run) * RUN * 2
