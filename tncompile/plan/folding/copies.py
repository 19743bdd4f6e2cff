"""Definitions that only repeat another one: whoever reads them reads the original."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import Ints
from tncompile.plan.folding.buffers import Layout
from tncompile.plan.folding.drafts import Draft, Read
from tncompile.source.records import record


@record(eq=False)
class _Original:
    """What a whole buffer repeats: for each member of its tensor the member of ``source``, -1 elsewhere.

    Axis i of the original is axis ``axes[i]`` of the copy.
    """

    source: str
    members: Ints
    axes: tuple[int, ...]
    conjugate: bool


def without_copies(drafts: Sequence[Draft], layout: Layout, kept: Collection[str]) -> list[Draft]:
    """The drafts without those that fill a buffer with members of one other buffer; ``kept`` tensors stay.

    Only whole buffers go, so nothing that is read from one buffer is read from two afterwards.
    """
    writers: dict[str, list[Draft]] = {}
    for draft in drafts:
        writers.setdefault(_buffer(layout, draft.source, draft.target), []).append(draft)
    originals: dict[str, _Original] = {}
    for name, copies in writers.items():
        if copies[0].source not in kept and all(_is_copy(draft, layout) for draft in copies):
            original = _original(copies, layout)
            if original is not None:
                originals[name] = original
    # An original may be a copy itself. Each is resolved once, what it repeats before it.
    resolved: dict[str, _Original] = {}
    for name in originals:
        _resolve(name, originals, resolved, layout)
        del layout.buffers[name]
    return [
        replace(draft, reads=tuple(_redirected(read, resolved, layout) for read in draft.reads))
        for draft in drafts
        if _buffer(layout, draft.source, draft.target) not in resolved
    ]


def _buffer(layout: Layout, source: str, members: Ints) -> str:
    home = layout.homes[source]
    return home.buffers[int(home.which[members.flat[0]])]


def _is_copy(draft: Draft, layout: Layout) -> bool:
    if len(draft.reads) != 1 or not draft.reads[0].source or draft.reads[0].members.shape[1] != 1:
        return False
    operation, read = draft.operation, draft.reads[0]
    plain = (
        operation.op in ("contract", "combine")
        and not any(operation.coefficients)
        and operation.constant is None
    )
    return (
        plain
        and sorted(read.indices) == sorted(layout.free(draft.rule))
        and len(set(read.indices)) == len(read.indices)
    )


def _original(copies: Sequence[Draft], layout: Layout) -> _Original | None:
    """What the drafts that fill a buffer repeat, if all of it lies in one other buffer."""
    first = copies[0]
    source, conjugate = first.reads[0].source, first.reads[0].conjugate
    axes = tuple(layout.free(first.rule).index(index) for index in first.reads[0].indices)
    members = np.full(len(layout.homes[first.source].which), -1, np.int64)
    for draft in copies:
        read = draft.reads[0]
        found = tuple(layout.free(draft.rule).index(index) for index in read.indices)
        if (read.source, read.conjugate, found) != (source, conjugate, axes):
            return None
        members[draft.target] = read.members[:, 0]
    touched = layout.homes[source].which[members[members >= 0]]
    same = _buffer(layout, source, members[members >= 0]) == _buffer(layout, first.source, first.target)
    return None if same or (touched != touched[0]).any() else _Original(source, members, axes, conjugate)


def _resolve(
    name: str, originals: Mapping[str, _Original], resolved: dict[str, _Original], layout: Layout
) -> None:
    """Follows originals that are copies themselves to what is computed or declared."""
    chain = []
    while name in originals and name not in resolved:
        chain.append(name)
        original = originals[name]
        name = _buffer(layout, original.source, original.members[original.members >= 0])
    for copy in reversed(chain):
        original = originals[copy]
        above = resolved.get(_buffer(layout, original.source, original.members[original.members >= 0]))
        if above is not None:
            members = np.where(original.members >= 0, above.members[original.members], -1)
            axes = tuple(original.axes[axis] for axis in above.axes)
            conjugate = original.conjugate != above.conjugate
            original = _Original(above.source, members, axes, conjugate)
        resolved[copy] = original


def _redirected(read: Read, resolved: Mapping[str, _Original], layout: Layout) -> Read:
    if not read.source:
        return read
    original = resolved.get(_buffer(layout, read.source, read.members))
    if original is None:
        return read
    indices = tuple(read.indices[axis] for axis in original.axes)
    return Read(
        original.source, original.members[read.members], indices, read.conjugate != original.conjugate
    )
