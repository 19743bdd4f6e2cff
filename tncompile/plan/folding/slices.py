"""What of a schedule runs once, and what once for each slice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tncompile.plan.folding.liveness import dead_after, dependent, touched
from tncompile.plan.folding.sequence import sequenced
from tncompile.plan.schedule import Buffer, Loop, Slices, Step

Nodes = tuple[Step | Loop, ...]
Dead = tuple[tuple[str, ...], ...]


def sliced(
    body: Nodes, buffers: Mapping[str, Buffer], kept: Collection[str], selectors: Sequence[str]
) -> tuple[Nodes, Dead, Slices]:
    """The nodes that depend on no selector and write no result, then the others; what dies after which; and where the slices begin.

    What the first make and the others read lives to the end, as each slice reads it.
    """
    held = [name for tensor in selectors for name, buffer in buffers.items() if buffer.tensor == tensor]
    varying = dependent(body, {*held, *kept})
    once = [node for node in body if varying.isdisjoint(touched(node))]
    each = [node for node in body if not varying.isdisjoint(touched(node))]
    lasting = {*kept, *handed_on(once, each)}
    before, after = sequenced(once, buffers, lasting), sequenced(each, buffers, lasting)
    slices = Slices(len(before), tuple(held), tuple(_count(buffers[name]) for name in held))
    dead = (*dead_after(before, buffers, lasting), *dead_after(after, buffers, lasting))
    return (*before, *after), dead, slices


def handed_on(once: Sequence[Step | Loop], each: Sequence[Step | Loop]) -> set[str]:
    """The buffers that nodes which run once leave to those that run for each slice."""
    read = {name for node in each for name in touched(node)}
    return {name for node in once for name in touched(node) if name in read}


def _count(selector: Buffer) -> int:
    """How many slices the columns of a selector make."""
    extent, *width = (axis.value for axis in selector.shape)
    return extent // width[0] if width else extent
