"""How many elements are alive at once while a schedule runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from math import prod

from tncompile.network import Extent, Formula
from tncompile.plan.cost import product
from tncompile.plan.schedule import Buffer, Loop, Schedule, Step

Nodes = Sequence[Step | Loop]


def peak_elements(schedule: Schedule) -> tuple[int, Formula]:
    """The most elements of buffers alive at once, and what they are in the sizes.

    Inputs, weights and constants are alive all the time; an array from its first writing until the
    node at the top after which it is dead. A variable that a loop binds anew is alive twice while its
    new value is computed, and so is what slices add up, while they are computed. What an operation
    needs for itself is not counted.
    """
    alive = alive_at_peak(schedule)
    count, formula = 0, Formula.constant(0)
    for name, times in alive.items():
        extent = elements(schedule.buffers[name])
        count, formula = count + extent.value * times, formula + extent.formula * times
    return count, formula


def alive_at_peak(schedule: Schedule) -> dict[str, int]:
    """The buffers that are alive when the most elements are, and how many arrays of each there are."""
    walk = _Walk(schedule.buffers, schedule.body, schedule.dead)
    most = max(enumerate(walk.moments()), key=lambda moment: moment[1])[0]
    next(islice(walk.moments(), most, None))
    for name in sums_of(schedule):
        walk.alive[name] = walk.alive.get(name, 0) + 1
    return walk.alive


def most_elements(schedule: Schedule) -> int:
    """The number that `peak_elements` gives, without its formula."""
    sums = sum(element_count(schedule.buffers[name]) for name in sums_of(schedule))
    return sums + most_alive(schedule.buffers, schedule.body, schedule.dead)


def most_alive(buffers: Mapping[str, Buffer], body: Nodes, dead: Sequence[Collection[str]]) -> int:
    """The most elements alive at once, as `peak_elements` counts them."""
    return max(_Walk(buffers, body, dead).moments())


def least_elements(schedule: Schedule) -> int:
    """The elements that slices of the network need at least: inputs, weights, and the results twice, as they are added up."""
    results = {access.buffer for blocks in schedule.outputs.values() for access in blocks}
    given = {name for name, buffer in schedule.buffers.items() if buffer.role in ("input", "weight")}
    alive = [*given, *results, *results] if results.isdisjoint(given) else given
    return sum(element_count(schedule.buffers[name]) for name in alive)


def sums_of(schedule: Schedule) -> list[str]:
    """The results that slices add up, and their exponents; none where there are no slices."""
    if schedule.slices is None:
        return []
    names = dict.fromkeys(access.buffer for blocks in schedule.outputs.values() for access in blocks)
    return [*names, *(schedule.exponents[name] for name in names if name in schedule.exponents)]


class _Walk:
    """A run in thought. `alive` says how many arrays of each buffer there are at the moment reached."""

    def __init__(self, buffers: Mapping[str, Buffer], body: Nodes, dead: Sequence[Collection[str]]) -> None:
        self.buffers, self.body, self.dead = buffers, body, dead
        self.sizes = {name: element_count(buffer) for name, buffer in buffers.items()}
        self.alive: dict[str, int] = {}

    def moments(self) -> Iterator[int]:
        """The elements alive at the beginning, and while each array is written that was not there before."""
        self.alive = {name: 1 for name, buffer in self.buffers.items() if buffer.role != "value"}
        total = sum(self.sizes[name] for name in self.alive)
        yield total
        for node, dead in zip(self.body, self.dead, strict=True):
            for name in _written(node):
                if name not in self.alive:
                    self.alive[name] = 1
                    total += self.sizes[name]
                    yield total
                elif self.buffers[name].rolling and not self.buffers[name].family:
                    self.alive[name] = 2
                    yield total + self.sizes[name]
                    self.alive[name] = 1
            for name in dead:
                total -= self.sizes[name] * self.alive.pop(name, 0)


def elements(buffer: Buffer) -> Extent:
    """The number of elements of a buffer."""
    return product((*buffer.family, *buffer.shape))


def element_count(buffer: Buffer) -> int:
    """The number that `elements` gives, without its formula."""
    return prod(extent.value for extent in (*buffer.family, *buffer.shape))


def _written(node: Step | Loop) -> Iterator[str]:
    """The buffers that a node writes, in order; those of a loop twice, for its first rounds."""
    if isinstance(node, Step):
        yield node.result.buffer
        return
    for _ in range(2):
        for inner in node.body:
            yield from _written(inner)
