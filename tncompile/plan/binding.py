"""What a schedule computes from weights alone, put before all else: a module does it once for many batches."""

from __future__ import annotations

from dataclasses import replace

from tncompile.plan.folding.liveness import dependent, steps_of, touched
from tncompile.plan.peak import most_elements
from tncompile.plan.samples import for_samples, is_samples
from tncompile.plan.schedule import Schedule

SPACE = 9 / 8  # times the memory that may be spent on keeping what is done before


def bound(schedule: Schedule, batch: str | None, limit: int) -> Schedule:
    """The schedule with the nodes first that depend neither on an input nor on the number of samples.

    They are counted in ``bound``, and what later nodes read of them lives to the end. Nodes that write outputs are never
    among them, so that no two evaluations share a result. The schedule is left as it is where it has no inputs, and
    where the other order would need more than an eighth more memory, or pass ``limit`` elements with one
    sample of the size ``batch``.
    """
    outputs = {access.buffer for blocks in schedule.outputs.values() for access in blocks}
    inputs = {name for name, buffer in schedule.buffers.items() if buffer.role == "input"}
    counted = {  # they depend on the number of samples, be it only by their shape
        step.result.buffer
        for step in steps_of(schedule.body)
        if any(is_samples(extent, batch) for extent in step.labels.values())
    }
    stop = len(schedule.body) if schedule.slices is None else schedule.slices.start
    varying = dependent(schedule.body, inputs | outputs | counted)
    first = {n for n, node in enumerate(schedule.body[:stop]) if varying.isdisjoint(touched(node))}
    if not inputs or not first:
        return schedule
    order = sorted(range(len(schedule.body)), key=lambda n: n not in first)  # a stable sort
    read = {name for n in order[len(first) :] for name in touched(schedule.body[n])}
    kept = {name for n in first for name in touched(schedule.body[n]) if name in read}
    found = replace(
        schedule,
        body=tuple(schedule.body[n] for n in order),
        dead=tuple(tuple(name for name in schedule.dead[n] if name not in kept) for n in order),
        bound=len(first),
    )
    small = most_elements(found) <= SPACE * most_elements(schedule)
    return found if small and most_elements(for_samples(found, batch, 1)) <= limit else schedule
