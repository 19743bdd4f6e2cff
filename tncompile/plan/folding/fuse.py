"""Batched steps taken into a loop, where a large array between them then shrinks to what one round needs.

What a loop writes round by round and a step behind it reads as a whole goes through memory twice; so does what a
step before it makes for all rounds. Inside the loop each part is used while it is in the cache, and `rolled` drops the axis.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tncompile.plan.cost import product, times
from tncompile.plan.folding.liveness import dependent, steps_of, touched, turns_of
from tncompile.plan.folding.steps import labels_of, labels_of_subscript
from tncompile.plan.samples import usual_size
from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Loop, Nodes, Span, Step
from tncompile.source.records import record

LARGE = 2**19  # elements of an array that leaves the inner cache, for the usual number of samples
ROUND = 2**14  # elements of a round: fewer take less time to move than a call of an array function takes


@record
class _Moved:
    """An axis of a buffer that a loop moves along: the position is ``offset`` plus the loop's variable."""

    buffer: str
    axis: int
    offset: int
    loop: Loop

    @property
    def rounds(self) -> int:
        """How many positions the loop visits."""
        return turns_of(self.loop)

    def subscripts(self, step: Step, access: Access) -> dict[str, Affine] | None:
        """For the label along which a step reads or writes exactly the positions visited: its value in a round.

        None if it does not.
        """
        span = access.subscripts[self.axis]
        if not isinstance(span, Span) or span.start.terms or abs(span.step) != 1:
            return None
        ends = {end.constant + self.offset for end in (self.loop.first, self.loop.last)}
        count = step.labels[span.label].value
        if (
            ends != {span.start.constant, span.start.constant + span.step * (count - 1)}
            or count != self.rounds
        ):
            return None
        constant = span.step * (self.offset - span.start.constant)
        return {span.label: Affine(constant, ((self.loop.variable, span.step),))}


def fused(body: Nodes, buffers: Mapping[str, Buffer], kept: Collection[str], batch: str) -> Nodes:
    """The nodes, with steps taken into loops where an array that is not ``kept`` afterwards is large for the usual number of samples."""
    for name, buffer in buffers.items():
        size = usual_size((*buffer.family, *buffer.shape), batch)
        if buffer.role == "value" and name not in kept and size >= LARGE:
            for axis, rounds in enumerate(buffer.family):
                if size >= ROUND * rounds.value:
                    body = _fused_along(body, name, axis) or body
    return body


def _fused_along(body: Nodes, name: str, axis: int) -> Nodes | None:
    """The nodes where only one loop uses an axis of a buffer; None where there is another use that cannot be taken in."""
    users = [number for number, node in enumerate(body) if name in touched(node)]
    loops = [number for number in users if isinstance(body[number], Loop)]
    if len(loops) != 1:
        return None
    (place,) = loops
    loop = body[place]
    assert isinstance(loop, Loop)
    moved = _moved(loop, name, axis)
    if moved is None:
        return None
    others = [node for number in users if isinstance(node := body[number], Step)]
    writers = [step for step in others if step.result.buffer == name]
    readers = [step for step in others if step.result.buffer != name]
    if not _writes(loop, name):
        return None if readers else _taken_before(body, place, moved, writers)
    if not readers or not all(isinstance(step.result.subscripts[axis], Affine) for step in writers):
        return None
    return _taken_behind(body, place, moved, readers)


def _moved(loop: Loop, name: str, axis: int) -> _Moved | None:
    """How a loop whose steps are not nested moves along an axis; None if they write, or read alone, at several places."""
    if any(isinstance(node, Loop) for node in loop.body) or loop.first.terms or loop.last.terms:
        return None
    steps = list(steps_of(loop.body))
    found = [step.result for step in steps if step.result.buffer == name]
    found = found or [access for step in steps for access in step.operands if access.buffer == name]
    places = {_place(access, axis, loop.variable) for access in found}
    offset = next(iter(places))
    return _Moved(name, axis, offset, loop) if len(places) == 1 and offset is not None else None


def _place(access: Access, axis: int, variable: str) -> int | None:
    subscript = access.subscripts[axis]
    plain = isinstance(subscript, Affine) and subscript.terms == ((variable, 1),)
    return subscript.constant if plain and isinstance(subscript, Affine) else None


def _writes(loop: Loop, name: str) -> bool:
    return any(step.result.buffer == name for step in steps_of(loop.body))


def _taken_before(body: Nodes, place: int, moved: _Moved, writers: Sequence[Step]) -> Nodes | None:
    """The only writer, which stands before the loop, at the beginning of each round."""
    if len(writers) != 1:
        return None
    inner = _in_round(writers[0], moved, writers[0].result)
    if inner is None:
        return None
    loop = replace(moved.loop, body=(inner, *moved.loop.body))
    return tuple(loop if n == place else node for n, node in enumerate(body) if node is not writers[0])


def _taken_behind(body: Nodes, place: int, moved: _Moved, readers: Sequence[Step]) -> Nodes | None:
    """All readers at the end of each round, and the loop where the last of them stood."""
    inner: list[Step] = []
    for step in readers:
        reading = [access for access in step.operands if access.buffer == moved.buffer]
        taken = _in_round(step, moved, reading[0]) if len(reading) == 1 else None
        if taken is None:
            return None
        inner.append(taken)
    made = {step.result.buffer for step in steps_of(moved.loop.body)}
    late = dependent(body[place + 1 :], made)
    early = [access.buffer for step in readers for access in step.operands if access.buffer != moved.buffer]
    if late.intersection(early) or len({step.result.buffer for step in readers}) < len(readers):
        return None
    behind = [node for node in body[place + 1 :] if not any(node is step for step in readers)]
    if any(step.result.buffer in touched(node) for step in readers for node in body[: place + 1]):
        return None
    first = [node for node in behind if late.isdisjoint(touched(node))]
    rest = [node for node in behind if not late.isdisjoint(touched(node))]
    return (*body[:place], *first, replace(moved.loop, body=(*moved.loop.body, *inner)), *rest)


def _in_round(step: Step, moved: _Moved, access: Access) -> Step | None:
    """A step for the positions of one round; None where it does not consist of such parts."""
    at = moved.subscripts(step, access)
    if at is None:
        return None
    (label,) = at
    uses = (step.result, *step.operands)
    every = product(step.labels.values()).value
    if label in step.summed or label not in labels_of(step.result) or step.flops.value % every:
        return None
    if any(label in use.indices for use in uses) or not all(
        _plain(s, label) for use in uses for s in use.subscripts
    ):
        return None
    labels = {other: extent for other, extent in step.labels.items() if other != label}
    if moved.loop.variable in labels:
        return None
    return replace(
        step,
        result=_at(step.result, label, at[label]),
        operands=tuple(_at(operand, label, at[label]) for operand in step.operands),
        labels=labels,
        flops=times(product(labels.values()), step.flops.value // every),
    )


def _plain(subscript: Affine | Span | Gather, label: str) -> bool:
    """Is a subscript free of a label, or a slice along it?"""
    if isinstance(subscript, Span) and subscript.label == label:
        return not subscript.start.terms
    return label not in labels_of_subscript(subscript)


def _at(access: Access, label: str, value: Affine) -> Access:
    """An access where a label has a value."""
    subscripts = [
        Affine(
            s.start.constant + s.step * value.constant,
            tuple((name, s.step * factor) for name, factor in value.terms),
        )
        if isinstance(s, Span) and s.label == label
        else s
        for s in access.subscripts
    ]
    return replace(access, subscripts=tuple(subscripts))
