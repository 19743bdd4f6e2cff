"""States that a loop brings to size in turn: at the end of a round, those that lie side by side in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import Extent, Formula
from tncompile.plan.samples import is_samples
from tncompile.plan.scaling.analysis import may_share
from tncompile.plan.schedule import Access, Affine, Buffer, Loop, Span, Step

SIDE = "side"  # the label along which states lie side by side, if no other one is called so


def together(loop: Loop, buffers: Mapping[str, Buffer], every: int, batch: str | None) -> Loop:
    """The loop where states of samples that lie side by side are brought to size in one step, at the end of each round.

    What reads a state in between reads its exponents as well, so both may be those of before. Only a copy that shares
    the memory of a state, but not its exponents, has to come behind.
    """
    sized = [node for node in loop.body if isinstance(node, Step) and _is_tried(node, every, batch)]
    states = {step.operands[0].buffer for step in sized}
    if any(isinstance(n, Step) and may_share(n) and n.operands[0].buffer in states for n in loop.body):
        return loop
    groups: dict[object, list[Step]] = {}
    for step in sized:
        groups.setdefault(_kind(step), []).append(step)
    merged: list[Step] = []
    moved: set[int] = set()
    for group in groups.values():
        one = _side_by_side(group, buffers, loop.variable)
        if one is not None:
            merged.append(one)
            moved |= {id(step) for step in group}
    return replace(loop, body=(*(node for node in loop.body if id(node) not in moved), *merged))


def _is_tried(step: Step, every: int, batch: str | None) -> bool:
    """Is it a state of samples that is brought to size in every so many rounds?"""
    turns = step.op == "rescale" and step.turn is not None and step.turn[1] == every
    return turns and any(is_samples(extent, batch) for extent in step.labels.values())


def _kind(step: Step) -> object:
    """What steps have in common that differ in their members alone; those that are like no others have a kind of their own."""
    state, *scales = (*step.operands, step.result)
    places = [_constants(access) for access in (state, *scales)]
    if places[0] is None or any(place != places[0] for place in places):
        return id(step)
    names = tuple((access.buffer, access.indices, access.conjugate) for access in (state, *scales))
    return (*names, len(places[0]), tuple(step.labels), step.summed, step.turn, step.offset, step.function)


def _constants(access: Access) -> tuple[int, ...] | None:
    """The member of an access, if it is the same in all rounds."""
    found = tuple(s.constant for s in access.subscripts if isinstance(s, Affine) and not s.terms)
    return found if len(found) == len(access.subscripts) else None


def _side_by_side(steps: Sequence[Step], buffers: Mapping[str, Buffer], variable: str) -> Step | None:
    """Steps of one kind, as one step where their members are all those of a row; None where they are not, or there is one."""
    places = {found for step in steps if (found := _constants(step.result)) is not None}
    if len(steps) < 2 or len(places) != len(steps):
        return None
    members = np.array(sorted(places)).reshape(len(places), -1)
    (axes,) = np.nonzero((members != members[:1]).any(axis=0))
    gaps = np.diff(members[:, axes[0]])
    if len(axes) > 1 or (gaps != gaps[0]).any():
        return None
    axis, first = int(axes[0]), next(s for s in steps if _constants(s.result) == tuple(members[0].tolist()))
    whole = buffers[first.operands[0].buffer].family[axis]
    count = Extent(len(members), Formula.constant(len(members)))
    extent = whole if whole.value == len(members) else count
    label = SIDE
    while label in first.labels or label == variable:
        label += "_"
    span = Span(label, Affine(int(members[0, axis])), int(gaps[0]), extent)
    return replace(
        first,
        result=_spanned(first.result, axis, span),
        operands=tuple(_spanned(access, axis, span) for access in first.operands),
        labels={label: extent, **first.labels},
    )


def _spanned(access: Access, axis: int, span: Span) -> Access:
    subscripts = (*access.subscripts[:axis], span, *access.subscripts[axis + 1 :])
    return replace(access, subscripts=subscripts)
