"""How long a schedule takes on a device: a few constants for each, good enough to tell a loop from a tree."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from tncompile.plan.folding.steps import labels_of
from tncompile.plan.schedule import Access, Gather, Schedule, Span, Step
from tncompile.plan.table import rounds_of, steps_with_loops
from tncompile.source.records import record

DOUBLE = 8  # bytes of the numbers that the rates of a clock speak of


@record
class Numbers:
    """How many bytes a number takes, and of how many real ones it consists (2 if it is complex)."""

    size: int = DOUBLE
    parts: int = 1

    @staticmethod
    def of(field: str) -> Numbers:
        """Numbers of double precision, ``"real"`` or ``"complex"``."""
        return Numbers(2 * DOUBLE, 2) if field == "complex" else Numbers()

    @property
    def work(self) -> float:
        """The time of an operation, by that of one on real numbers of double precision: a complex multiplication is
        four of them, and numbers of half the size go through twice as fast."""
        return self.parts**2 * self.size / (self.parts * DOUBLE)


@record
class Clock:
    """A device and its array library, in seconds, FLOPs a second and bytes a second.

    Parameters
    ----------
    name:
        What it is.
    call:
        What an array operation takes at the least, launch and all.
    product:
        What one more matrix product of a batch takes at the least.
    flops:
        The rate of products of large matrices of real numbers of double precision.
    bandwidth:
        How fast arrays are read and written.
    dense:
        Whether batched products want operands without gaps, so that others are copied first.
    """

    name: str
    call: float
    product: float
    flops: float
    bandwidth: float
    dense: bool

    def products(self, count: float, flops: float, moved: float, numbers: Numbers) -> float:
        """Seconds for ``count`` products of matrices in one call, of so many FLOPs, that read and write ``moved`` numbers."""
        work = flops * numbers.work / self.flops
        return self.call + count * self.product + max(work, moved * numbers.size / self.bandwidth)

    def moves(self, moved: float, numbers: Numbers) -> float:
        """Seconds for an operation element by element that reads and writes ``moved`` numbers."""
        return self.call + moved * numbers.size / self.bandwidth


# Measured with NumPy 2.4 and OpenBLAS on one x86-64 core: a small product with its views, one more product of a batch of
# 4 x 4 to 8 x 8, batches of 32 x 32 that do not lie in the caches, and a product of arrays of 80 MB element by element.
# `python -m benchmarks.chains` compares what the clock says with what is measured.
NUMPY = Clock("NumPy on a CPU", call=1.5e-6, product=4e-8, flops=3e10, bandwidth=1.5e10, dense=False)

# Not measured. The rates are those of NVIDIA's data sheet of the A100 (40 GB): 9.7e12 FLOPs of double precision, 1.555e12
# bytes a second. A short kernel in a captured graph took 3.4 us, the gap to the next one included, in NVIDIA's article
# "Getting Started with CUDA Graphs" (2019), most of it the kernel itself. One product of a batch is reckoned from there: a
# block of threads that lives some 2 us, of which the 108 multiprocessors hold some 16 each.
CUDA_GRAPH = Clock(
    "a captured CUDA graph", call=3e-6, product=1.2e-9, flops=9.7e12, bandwidth=1.555e12, dense=True
)

CLOCKS = {"numpy": NUMPY, "cupy": CUDA_GRAPH}  # by the array library


@record
class Time:
    """Seconds for a schedule, and how many of them are spent in loops."""

    whole: float
    looping: float


def time_of(schedule: Schedule, clock: Clock, numbers: Numbers) -> Time:
    """The time that a schedule takes, with as many samples as its size of samples says.

    A step takes the time of its call and what is longer, its operations or the reading and writing of its arrays; slices
    count as often as they are.
    """
    whole = looping = 0.0
    for step, loops in steps_with_loops(schedule):
        spent = prod(rounds_of(loop).value for loop in loops) * _step(step, clock, numbers)
        whole += spent
        looping += spent if loops else 0.0
    return Time(whole, looping)


def _step(step: Step, clock: Clock, numbers: Numbers) -> float:
    sizes = [_size(step, labels_of(access)) for access in (*step.operands, step.result)]
    rows = _matrices(step)
    if rows is None:
        return clock.moves(sum(sizes), numbers)
    copied = [
        2 * size
        for access, size in zip(step.operands, sizes, strict=False)
        if _is_copied(access, rows, clock)
    ]
    multiplied = clock.products(_size(step, rows), step.flops.value, sum(sizes), numbers)
    # Small matrices are as soon multiplied element by element, and then summed.
    spread = clock.moves(2 * _size(step, step.labels), numbers) + clock.moves(
        _size(step, step.labels), numbers
    )
    return min(multiplied + sum(clock.moves(size, numbers) for size in copied), spread)


def _matrices(step: Step) -> tuple[str, ...] | None:
    """The labels that count the products of matrices of a step; None where it has none."""
    if step.op != "contract" or len(step.operands) < 2 or not step.summed:
        return None
    left, right = (labels_of(operand) for operand in step.operands)
    if not set(step.summed) & set(left) & set(right):
        return None
    return tuple(label for label in labels_of(step.result) if label in left and label in right)


def _is_copied(access: Access, batch: Iterable[str], clock: Clock) -> bool:
    """Whether an operand of a batched product is copied before it."""
    if any(isinstance(subscript, Gather) for subscript in access.subscripts):
        return True
    inner = set(batch) & set(access.indices)
    spans = [s for s in access.subscripts if isinstance(s, Span)]
    return clock.dense and bool(inner) and any(abs(span.step) > 1 and span.count.value > 1 for span in spans)


def _size(step: Step, labels: Iterable[str]) -> int:
    return prod(step.labels[label].value for label in labels)
