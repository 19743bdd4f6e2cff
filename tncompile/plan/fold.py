"""A flat network as loops and batched steps over stacked arrays."""

from __future__ import annotations

from collections.abc import Iterable

from tncompile.network import Network
from tncompile.plan.arrange import arrange
from tncompile.plan.buffers import Layout
from tncompile.plan.dependence import all_edges
from tncompile.plan.liveness import dead_after
from tncompile.plan.lowering import lower
from tncompile.plan.pieces import pieces_of
from tncompile.plan.rolling import rolled
from tncompile.plan.schedule import Access, Schedule


def fold(flat: Network, keep: Iterable[str] = ()) -> Schedule:
    """The schedule of a flat network (see docs/architecture.md). Raises InternalError if it is not flat.

    Members of one block lie in one array. A class of instances that does not depend on itself is one
    step; classes that depend on each other run in a loop where all their dependences span a constant
    number of rounds, and otherwise in waves. What need not be in a loop stands before or after it.
    ``keep`` names definitions all of whose members are wanted afterwards, as outputs are.
    """
    layout = Layout(flat)
    pieces = pieces_of(flat, layout)
    body = lower(arrange(pieces, all_edges(pieces)))
    outputs = {name: _whole(layout, name) for name in flat.outputs if name in layout.homes}
    kept = {access.buffer for accesses in outputs.values() for access in accesses}
    kept.update(access.buffer for name in keep for access in _whole(layout, name))
    body, buffers = rolled(body, layout.buffers, kept)
    return Schedule(flat, buffers, body, outputs, dead_after(body, buffers, kept))


def _whole(layout: Layout, name: str) -> tuple[Access, ...]:
    return tuple(Access(buffer, (), ()) for buffer in layout.homes[name].buffers)
