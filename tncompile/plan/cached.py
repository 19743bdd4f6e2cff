"""How many samples are computed at a time so that large arrays stay in the cache; all of them where that does not pay.

What is stated here is stated, not measured where the compiler runs: the same file gives the same module on every machine.
"""

from __future__ import annotations

from math import prod

from tncompile.network import Formula
from tncompile.plan.folding.liveness import executed
from tncompile.plan.folding.steps import labels_of
from tncompile.plan.samples import USUAL_BATCH
from tncompile.plan.schedule import Buffer, Schedule, Step
from tncompile.source.records import record

CACHE = 2**22  # bytes: an array that stays near the processor between its writing and its reading
LEAST = 16  # samples: matrix products of fewer are slow

# Nanoseconds.
BYTE = 0.03  # that a byte takes longer from memory than from the cache
FARTHER = 0.015  # the same for what only caches farther out hold
CALL = 1000.0  # one more call of an array function
MATRIX = 50.0  # one more matrix product of a stack
OPERATION = 0.02  # one operation that is done again for each piece
MARGIN = 2  # how many times what it costs it must save


@record
class _Traffic:
    """What a run moves: bytes of large arrays for each sample, and nanoseconds that it takes besides, however few the samples."""

    sample: float
    fixed: float


def pieces_in_cache(schedule: Schedule, batch: str | None, itemsize: int) -> int | None:
    """How many samples to compute at a time, a power of two; None where all are best computed at once.

    The largest array of so many samples, elements of ``itemsize`` bytes, has the size of the cache. Pieces of that size pay if the usual
    batch has a larger one, and if what is saved in moving such arrays is clearly more than what each piece costs: array calls, products of
    fewer samples, weights read and gradients added up once more.
    """
    if batch is None or schedule.slices is not None:
        return None
    samples = Formula.atom(batch)
    sizes = {name: _size(buffer, samples) * itemsize for name, buffer in schedule.buffers.items()}
    largest = max(sizes.values(), default=0)
    if largest * USUAL_BATCH <= CACHE:
        return None
    count = max(LEAST, 2 ** ((CACHE // largest).bit_length() - 1) if largest <= CACHE else 0)
    large = {name for name, size in sizes.items() if size * USUAL_BATCH > CACHE}
    traffic = _traffic(schedule, samples, large, itemsize)
    saved = BYTE if count * largest <= CACHE else FARTHER
    pays = count * traffic.sample * saved >= MARGIN * traffic.fixed
    return count if pays and count < USUAL_BATCH else None


def _size(buffer: Buffer, samples: Formula) -> int:
    """The elements that a value has for each sample."""
    if buffer.role != "value" or all(extent.formula != samples for extent in buffer.shape):
        return 0
    return prod(e.value for e in (*buffer.family, *buffer.shape) if e.formula != samples)


def _traffic(schedule: Schedule, samples: Formula, large: set[str], itemsize: int) -> _Traffic:
    sample = fixed = 0.0
    results = {access.buffer for blocks in schedule.outputs.values() for access in blocks}
    for step, rounds in executed(schedule.body[schedule.bound :]):
        sampled = {label for label, extent in step.labels.items() if extent.formula == samples}
        moved = 0.0
        for access in (step.result, *step.operands):
            labels = set(labels_of(access))
            size = prod(step.labels[label].value for label in labels - sampled) * itemsize
            if access.buffer in large:
                sample += rounds * size
            elif labels.isdisjoint(sampled):
                added_up = access is step.result and access.buffer in results
                moved += size * (
                    4 if added_up else 1
                )  # written, then read with the sum, which is written too
        repeated = 0 if sampled else step.flops.value
        fixed += rounds * (CALL + moved * BYTE + _stack(step, sampled) * MATRIX + repeated * OPERATION)
    return _Traffic(sample, fixed)


def _stack(step: Step, sampled: set[str]) -> int:
    """How many matrix products a step consists of, however few the samples."""
    if step.op != "contract" or len(step.operands) < 2 or not step.summed:
        return 0
    one, other, result = (set(labels_of(access)) for access in (*step.operands, step.result))
    shared = one & other & result
    return 0 if shared & sampled else prod(step.labels[label].value for label in shared)
