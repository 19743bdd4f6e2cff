"""Buffers of which loops need only the newest position: variables instead of arrays.

Whether a family axis can go is found by running the accesses to the buffer and noting which
position each place holds: a reading must find the position it asks for. Rounds of a loop that moves
along the axis differ by a constant shift, so the first three and the last two stand for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tncompile.network import Ints
from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Loop, Span, Step
from tncompile.source.records import record

ROUNDS = 5000  # rounds of loops that do not move along the axis: more are not tried


@record
class _Event:
    """One reading or writing of a buffer."""

    access: Access
    writes: bool


@record
class _Around:
    """A loop, with what in it touches a buffer."""

    loop: Loop
    events: list[_Event | _Around]


def rolled(
    body: tuple[Step | Loop, ...], buffers: Mapping[str, Buffer], kept: Collection[str]
) -> tuple[tuple[Step | Loop, ...], dict[str, Buffer]]:
    """The same steps with every axis dropped of which loops need the newest position only."""
    found = dict(buffers)
    dropped: dict[str, list[int]] = {}
    for name, events in _events_of(body).items():
        buffer = buffers[name]
        if buffer.role != "value" or name in kept:
            continue
        axes = []
        for axis in reversed(range(len(buffer.family))):
            smaller = _without(found[name], events, axis)
            if smaller is not None:
                found[name], events = smaller
                axes.append(axis)
        if axes:
            dropped[name] = axes
    return _rewritten(body, dropped), found


def _events_of(nodes: Sequence[Step | Loop]) -> dict[str, list[_Event | _Around]]:
    """For each buffer what touches it, in order of execution."""
    found: dict[str, list[_Event | _Around]] = {}
    for node in nodes:
        if isinstance(node, Loop):
            for name, events in _events_of(node.body).items():
                found.setdefault(name, []).append(_Around(node, events))
            continue
        for access in node.operands:
            found.setdefault(access.buffer, []).append(_Event(access, False))
        found.setdefault(node.result.buffer, []).append(_Event(node.result, True))
    return found


def _without(
    buffer: Buffer, events: list[_Event | _Around], axis: int
) -> tuple[Buffer, list[_Event | _Around]] | None:
    """The buffer and its accesses without a family axis, if only the newest position is read."""
    accesses = list(_accesses(events))
    movers = _movers(events, axis)
    if not movers or not all(_is_simple(access, axis, movers) for access in accesses):
        return None
    if _fixed_rounds(events, movers) > ROUNDS:
        return None
    held = _Held(buffer, axis, movers)
    if not held.run(events, {}, True):
        return None
    newest = np.maximum(held.positions, 0)
    family = tuple(extent for number, extent in enumerate(buffer.family) if number != axis)
    members = buffer.members.reshape([extent.value for extent in buffer.family])
    members = np.take_along_axis(members, np.expand_dims(newest, axis), axis)
    smaller = replace(
        buffer, family=family, members=members.reshape(-1), rolling=(*sorted(movers), *buffer.rolling)
    )
    return smaller, _drop_axis(events, axis)


def _accesses(events: Sequence[_Event | _Around]) -> Iterator[Access]:
    for event in events:
        if isinstance(event, _Event):
            yield event.access
        else:
            yield from _accesses(event.events)


def _movers(events: Sequence[_Event | _Around], axis: int) -> frozenset[str]:
    """The loop variables that move writings along the axis."""
    found: set[str] = set()
    for event in events:
        if isinstance(event, _Around):
            found |= _movers(event.events, axis)
        elif event.writes:
            subscript = event.access.subscripts[axis]
            if isinstance(subscript, Affine):
                found |= {name for name, _ in subscript.terms}
    return frozenset(found)


def _is_simple(access: Access, axis: int, movers: Collection[str]) -> bool:
    """Whether the axis has one position at a time, and the other axes do not move with it."""
    labels: list[str] = []
    for number, subscript in enumerate(access.subscripts):
        if isinstance(subscript, Gather) or (number == axis and isinstance(subscript, Span)):
            return False
        start = subscript.start if isinstance(subscript, Span) else subscript
        if number != axis and any(name in movers for name, _ in start.terms):
            return False
        if isinstance(subscript, Span):
            labels.append(subscript.label)
    return len(set(labels)) == len(labels)


def _fixed_rounds(events: Sequence[_Event | _Around], movers: Collection[str]) -> int:
    """How many rounds of loops have to be run, those that move along the axis counted as a few."""
    total = 0
    for event in events:
        if isinstance(event, _Around):
            own = min(_count(event.loop), 5) if event.loop.variable in movers else _count(event.loop)
            total += own * max(1, _fixed_rounds(event.events, movers))
    return total


def _count(loop: Loop) -> int:
    """An upper bound of the rounds of a loop."""
    return abs(loop.last.constant - loop.first.constant) + 1


class _Held:
    """Which position along an axis each place of a buffer holds."""

    def __init__(self, buffer: Buffer, axis: int, movers: Collection[str]) -> None:
        family = [extent.value for number, extent in enumerate(buffer.family) if number != axis]
        self.positions = np.full(family, -1, np.int64)
        self.axis, self.movers = axis, movers

    def run(self, events: Sequence[_Event | _Around], variables: Mapping[str, int], checked: bool) -> bool:
        """Executes accesses; False as soon as a reading finds another position than it asks for."""
        for event in events:
            if isinstance(event, _Around):
                if not self._loop(event, variables, checked):
                    return False
                continue
            places = self._places(event.access, variables)
            position = _value(event.access.subscripts[self.axis], variables)
            if event.writes:
                self.positions[places] = position
            elif checked and not (self.positions[places] == position).all():
                return False
        return True

    def _loop(self, around: _Around, variables: Mapping[str, int], checked: bool) -> bool:
        loop = around.loop
        first, last = _value(loop.first, variables), _value(loop.last, variables)
        rounds = list(range(first, last + loop.step, loop.step))
        unchecked = -1
        if loop.variable in self.movers and len(rounds) > 5:
            unchecked = rounds[-2]
            rounds = [*rounds[:3], *rounds[-2:]]
        return all(
            self.run(around.events, {**variables, loop.variable: value}, checked and value != unchecked)
            for value in rounds
        )

    def _places(self, access: Access, variables: Mapping[str, int]) -> tuple[Any, ...]:
        others = [s for number, s in enumerate(access.subscripts) if number != self.axis]
        return np.ix_(*(_positions(subscript, variables) for subscript in others)) if others else ()


def _positions(subscript: Affine | Span | Gather, variables: Mapping[str, int]) -> Ints:
    if isinstance(subscript, Span):
        start = _value(subscript.start, variables)
        return start + subscript.step * np.arange(subscript.count.value)
    return np.array([_value(subscript, variables)])


def _value(subscript: Affine | Span | Gather, variables: Mapping[str, int]) -> int:
    assert isinstance(subscript, Affine)
    return subscript.constant + sum(factor * variables[name] for name, factor in subscript.terms)


# --- rewriting -------------------------------------------------------------------------------


def _drop_axis(events: Sequence[_Event | _Around], axis: int) -> list[_Event | _Around]:
    return [
        replace(event, access=_narrowed(event.access, [axis]))
        if isinstance(event, _Event)
        else replace(event, events=_drop_axis(event.events, axis))
        for event in events
    ]


def _narrowed(access: Access, axes: Collection[int]) -> Access:
    if not axes:
        return access
    kept = tuple(subscript for number, subscript in enumerate(access.subscripts) if number not in axes)
    return replace(access, subscripts=kept)


def _rewritten(nodes: Sequence[Step | Loop], dropped: Mapping[str, Sequence[int]]) -> tuple[Step | Loop, ...]:
    result: list[Step | Loop] = []
    for node in nodes:
        if isinstance(node, Loop):
            result.append(replace(node, body=_rewritten(node.body, dropped)))
            continue
        operands = tuple(_narrowed(access, dropped.get(access.buffer, ())) for access in node.operands)
        written = _narrowed(node.result, dropped.get(node.result.buffer, ()))
        result.append(replace(node, operands=operands, result=written))
    return tuple(result)
