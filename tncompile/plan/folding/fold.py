"""A flat network as loops and batched steps over stacked arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from tncompile.network import Network
from tncompile.plan.folding.arrange import arrange
from tncompile.plan.folding.buffers import Layout
from tncompile.plan.folding.copies import without_copies
from tncompile.plan.folding.dependence import all_edges
from tncompile.plan.folding.drafts import drafts_of
from tncompile.plan.folding.fuse import fused
from tncompile.plan.folding.liveness import dead_after
from tncompile.plan.folding.pieces import pieces_of
from tncompile.plan.folding.rolling import rolled
from tncompile.plan.folding.runs import in_runs
from tncompile.plan.folding.sequence import sequenced
from tncompile.plan.folding.slices import sliced
from tncompile.plan.folding.steps import StepMaker
from tncompile.plan.schedule import Access, Buffer, Nodes, Schedule

Change = Callable[[Nodes, Mapping[str, Buffer]], tuple[Nodes, Mapping[str, Buffer], Collection[str]]]


def fold(
    flat: Network,
    keep: Iterable[str] = (),
    selectors: Sequence[str] = (),
    batch: str | None = None,
    change: Change | None = None,
) -> Schedule:
    """The schedule of a flat network (see docs/architecture.md). Raises InternalError if it is not flat.

    Members of one block lie in one array. A class of instances that does not depend on itself is one
    step; classes that depend on each other run in a loop where all their dependences span a constant
    number of rounds, and otherwise in waves. What need not be in a loop stands before or after it.
    ``keep`` names definitions all of whose members are wanted afterwards, as outputs are.
    ``selectors`` are the inputs that say which slice is computed (see `tncompile.transform.slice_index`). With
    ``batch``, the size that counts samples, steps are taken into loops where large arrays shrink by that.
    ``change`` makes other nodes of these, while all buffers have all their axes, and names buffers that are wanted then.
    """
    layout = Layout(flat)
    kept = {*flat.outputs, *keep}
    pieces = pieces_of(without_copies(drafts_of(flat, layout), layout, kept), layout)
    body = StepMaker(layout).nodes(arrange(pieces, all_edges(pieces)))
    wanted = {access.buffer for name in kept for access in _whole(layout, name)}
    if batch is not None:
        body = in_runs(fused(body, layout.buffers, wanted, batch), layout.buffers, batch)
    buffers: Mapping[str, Buffer] = layout.buffers
    if change is not None:
        body, buffers, more = change(body, buffers)
        wanted |= {*more}
    body, buffers = rolled(body, buffers, wanted)
    outputs = {name: _whole(layout, name) for name in flat.outputs}
    if selectors:
        body, dead, slices = sliced(body, buffers, wanted, selectors)
        return Schedule(flat, buffers, body, outputs, dead, slices)
    body = sequenced(body, buffers, wanted)
    return Schedule(flat, buffers, body, outputs, dead_after(body, buffers, wanted))


def _whole(layout: Layout, name: str) -> tuple[Access, ...]:
    home = layout.homes.get(name)
    return () if home is None else tuple(Access(buffer, (), ()) for buffer in home.buffers)
