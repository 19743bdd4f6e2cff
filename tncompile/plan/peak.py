"""How many elements are alive at once while a schedule runs."""

from __future__ import annotations

from collections.abc import Iterator

from tncompile.network import Extent, Formula
from tncompile.plan.cost import product
from tncompile.plan.schedule import Buffer, Loop, Schedule, Step


def peak_elements(schedule: Schedule) -> tuple[int, Formula]:
    """The most elements of buffers alive at once, and what they are in the sizes.

    Inputs, weights and constants are alive all the time; an array from its first writing until the
    node at the top after which it is dead. A variable that a loop binds anew is alive twice while its
    new value is computed. What an operation needs for itself is not counted.
    """
    sizes = {name: elements(buffer).value for name, buffer in schedule.buffers.items()}
    alive = {name: 1 for name, buffer in schedule.buffers.items() if buffer.role != "value"}
    peak, most = sum(sizes[name] for name in alive), dict(alive)
    total = peak
    for node, dead in zip(schedule.body, schedule.dead, strict=True):
        for name in _written(node):
            again = name in alive and not schedule.buffers[name].family and schedule.buffers[name].rolling
            if not again and name in alive:
                continue
            alive[name] = 1
            total += 0 if again else sizes[name]
            if total + bool(again) * sizes[name] > peak:
                peak = total + bool(again) * sizes[name]
                most = {**alive, name: 2 if again else 1}
        for name in dead:
            if alive.pop(name, 0):
                total -= sizes[name]
    formula = Formula.constant(0)
    for name, times in most.items():
        formula = formula + elements(schedule.buffers[name]).formula * times
    return peak, formula


def elements(buffer: Buffer) -> Extent:
    """The number of elements of a buffer."""
    return product((*buffer.family, *buffer.shape))


def _written(node: Step | Loop) -> Iterator[str]:
    """The buffers that a node writes, in order; those of a loop twice, for its first rounds."""
    if isinstance(node, Step):
        yield node.result.buffer
        return
    for _ in range(2):
        for inner in node.body:
            yield from _written(inner)
