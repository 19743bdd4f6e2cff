"""Classes: instances of one rule that differ in nothing but which members they touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from tncompile.network.values.rows import Ints
from tncompile.network.written.arrays import fingerprint, first_equal, group_rows
from tncompile.network.written.extents import ExtentGraph
from tncompile.network.written.rules import Group
from tncompile.network.written.sites import Site, Slot
from tncompile.network.written.summation import Summation, place_sums
from tncompile.source.records import record


@record(eq=False)
class Alike:
    """Rows of a group that form a class, and its first instance with the sums that stand in it."""

    group: Group
    which: Ints
    root: Site
    free: Sequence[Slot]
    sums: Summation


def alike(group: Group, which: Ints, wires: int) -> Alike:
    """The class of some rows of a group; ``wires`` is the number of all wires."""
    root = group.body.restrict(which[:1])
    free = [slot.take(which[:1]) for slot in group.free]
    sums = place_sums(root, np.array([slot.wires[0] for slot in free], np.int64), wires)
    return Alike(group, which, root, free, sums)


Inner = tuple[Slot, Ints]  # a slot inside a loop, and the owner of each of its rows


def part_into_classes(group: Group, extents: ExtentGraph) -> list[Ints]:
    """Rows of a group that agree in the extents of all axes and in which indices coincide."""
    outer, inner = _slots(group)
    columns = _extent_columns(outer, inner, group.rows.count, extents)
    return group_rows(columns + _coincidences(outer, inner, group.rows.count), group.rows.count)


def part_by_indices(group: Group) -> list[Ints]:
    """Rows of a group that agree in which indices coincide."""
    return group_rows(_coincidences(*_slots(group), group.rows.count), group.rows.count)


def _slots(group: Group) -> tuple[list[Slot], list[Inner]]:
    outer: list[Slot] = list(group.free)
    inner: list[Inner] = []
    for site in group.body.walk():
        for slot in site.slots:
            if len(site.rows.names) == len(group.rows.names):
                outer.append(slot)
            else:
                inner.append((slot, site.owner))
    return outer, inner


def _extent_columns(
    outer: Sequence[Slot], inner: Sequence[Inner], count: int, extents: ExtentGraph
) -> list[Ints]:
    columns = []
    for slot in outer:
        labels = extents.labels[slot.wires]
        columns += [extents.values[labels], extents.generics[labels]]
    for slot, owner in inner:
        labels = extents.labels[slot.wires]
        columns.append(fingerprint(owner, count, [extents.values[labels], extents.generics[labels]]))
    return columns


def _coincidences(outer: Sequence[Slot], inner: Sequence[Inner], count: int) -> list[Ints]:
    """Columns that tell which indices with subscripts are one; indices inside loops by their very subscripts."""
    by_name: dict[tuple[str, int], list[Slot]] = defaultdict(list)
    for slot in outer:
        if slot.index.subscripts:
            by_name[slot.index.name, len(slot.index.subscripts)].append(slot)
    columns = []
    inside = {(slot.index.name, len(slot.index.subscripts)) for slot, _ in inner}
    for key, slots in by_name.items():
        if key in inside:
            columns += [column for slot in slots for column in slot.subscripts.T]
        elif len(slots) > 1:
            columns += list(first_equal(np.stack([slot.wires for slot in slots], axis=1)).T)
    columns += [fingerprint(owner, count, list(s.subscripts.T)) for s, owner in inner if s.index.subscripts]
    return columns
