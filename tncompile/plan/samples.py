"""A schedule for so many samples, and how many samples fit a limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import prod

from tncompile.network import Extent, Formula
from tncompile.plan.peak import most_elements
from tncompile.plan.schedule import Buffer, Schedule

USUAL_BATCH = 256  # samples, where their number is known only later
MOST = 2**40  # samples: more are not asked for


def is_samples(extent: Extent, batch: str | None) -> bool:
    """Is it the number of samples?"""
    return batch is not None and extent.formula == Formula.atom(batch)


def usual(extent: Extent, batch: str | None) -> int:
    """An extent; of the number of samples the usual one."""
    return USUAL_BATCH if is_samples(extent, batch) else extent.value


def usual_size(extents: Iterable[Extent], batch: str | None) -> int:
    """The number of entries, for the usual number of samples."""
    return prod(usual(extent, batch) for extent in extents)


def for_samples(schedule: Schedule, batch: str | None, samples: int) -> Schedule:
    """The schedule with ``samples`` in the place of the size ``batch``, where arrays have it as an axis."""
    if batch is None:
        return schedule
    wanted = Formula.atom(batch)

    def sampled(buffer: Buffer) -> Buffer:
        shape = tuple(Extent(samples, e.formula) if e.formula == wanted else e for e in buffer.shape)
        return replace(buffer, shape=shape)

    return replace(schedule, buffers={name: sampled(buffer) for name, buffer in schedule.buffers.items()})


def samples_within(schedule: Schedule, batch: str | None, limit: int) -> int:
    """The most samples for which no more than ``limit`` elements are alive at once; 0 if one is too many.

    `MOST` where their number is no matter.
    """

    def elements(samples: int) -> int:
        return most_elements(for_samples(schedule, batch, samples))

    # What is alive at one time grows evenly with the samples, so the most of all times is convex in them: beyond
    # the point where its tangent meets the limit, it is above.
    most = MOST
    while most > 0 and (found := elements(most)) > limit:
        slope = found - elements(most - 1)
        most -= -(-(found - limit) // slope) if slope else most
    return max(most, 0)
