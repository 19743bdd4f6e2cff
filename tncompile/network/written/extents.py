"""Extents of indices: what the declared axes say, carried along every index and every definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tncompile.network.syntax import Expr
from tncompile.network.tables import Extent
from tncompile.network.values.formula import Formula
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.scope import Scope
from tncompile.network.written.arrays import components
from tncompile.network.written.families import Declared
from tncompile.network.written.rules import Defined, Group
from tncompile.network.written.shapes import Shapes, offsets_of
from tncompile.network.written.sites import Slot
from tncompile.source.records import record

LIMITS = np.iinfo(np.int64)


@record(eq=False)
class Known:
    """Wires whose extents are said: axes of declared tensors, or ``i in 1..H`` on the left."""

    group: Group
    slot: Slot
    rows: Rows
    wires: Ints
    values: Ints
    generics: Ints
    said: Expr | None = None  # the extent on the left side
    tensor: str = ""
    positions: Ints | None = None
    axis: int = 0


@record(eq=False)
class Link:
    """Wires that are an axis of a definition: of its own left side, or of a use."""

    group: Group
    slot: Slot
    rows: Rows
    wires: Ints
    nodes: Ints
    tensor: str
    positions: Ints
    axis: int
    left: bool = False


@dataclass(eq=False)
class ExtentGraph:
    """Wires and axes of definitions as nodes; what must have equal extents is joined."""

    scope: Scope
    declared: Mapping[str, Declared]
    known: Sequence[Known]
    links: Sequence[Link]
    axes: Mapping[str, Ints]  # for each definition, where its members' axes begin (nodes), and the end
    labels: Ints
    values: Ints  # by label; 0 where nothing says it
    highest: Ints
    generics: Ints
    generics_highest: Ints
    source: Ints  # by label: the entry, among all known ones, that says it first; -1 where there is none
    starts: Ints  # where the entries of each batch of ``known`` begin
    # By axis of a declaration and extent.
    formulas: dict[tuple[str, int, int, int], Formula] = field(default_factory=dict)

    def extent(self, node: int) -> Extent:
        """Value and formula of one node."""
        label = int(self.labels[node])
        entry = int(self.source[label])
        if entry < 0:
            raise LookupError("this index has no extent")
        batch = int(np.searchsorted(self.starts, entry, side="right")) - 1
        return Extent(
            int(self.values[label]), self.formula(self.known[batch], entry - int(self.starts[batch]))
        )

    def formula(self, batch: Known, row: int) -> Formula:
        """What a known extent is in the sizes."""
        if batch.said is not None:
            return self.scope.formula(batch.said, dict(batch.rows.values(row)))
        assert batch.positions is not None
        declared = self.declared[batch.tensor]
        entry = int(declared.shapes.offsets[batch.positions[row]]) + batch.axis
        # Members of equal extents have equal formulas: one of them is worked out.
        key = batch.tensor, int(declared.axis_of[entry]), int(batch.values[row]), int(batch.generics[row])
        if key not in self.formulas:
            self.formulas[key] = declared.formula(self.scope, entry)
        return self.formulas[key]

    def shapes(self, name: str) -> Shapes:
        """The axes of a definition's members."""
        offsets = self.axes[name]
        labels = self.labels[offsets[0] : offsets[-1]]
        return Shapes(offsets - offsets[0], self.values[labels], self.generics[labels])


def join_extents(
    scope: Scope,
    groups: Sequence[Group],
    declared: Mapping[str, Declared],
    defined: Mapping[str, Defined],
    wires: int,
) -> ExtentGraph:
    """Finds the extent of every wire and of every axis of every definition."""
    axes, total = {}, wires
    for name, definition in defined.items():
        axes[name] = total + offsets_of(definition.axes)
        total = int(axes[name][-1])
    known: list[Known] = []
    links: list[Link] = []
    pairs: list[tuple[Ints, Ints]] = []
    for group in groups:
        _left_side(group, axes, known, links)
        for site in group.body.walk():
            if site.kind != "use":
                continue
            if site.positions is None:
                if site.name == "delta":
                    pairs += [(site.slots[0].wires, slot.wires) for slot in site.slots[1:]]
                continue
            for axis, slot in enumerate(site.slots):
                name = site.name
                if name in declared:
                    shapes = declared[name].shapes
                    entries = shapes.offsets[site.positions] + axis
                    known.append(
                        Known(
                            group,
                            slot,
                            site.rows,
                            slot.wires,
                            shapes.values[entries],
                            shapes.generics[entries],
                            tensor=name,
                            positions=site.positions,
                            axis=axis,
                        )
                    )
                else:
                    nodes = axes[name][site.positions] + axis
                    links.append(Link(group, slot, site.rows, slot.wires, nodes, name, site.positions, axis))
    pairs += [(link.wires, link.nodes) for link in links]
    return _solve(scope, declared, known, links, axes, total, pairs)


def _left_side(group: Group, axes: Mapping[str, Ints], known: list[Known], links: list[Link]) -> None:
    name = group.rule.definition.name
    for axis, (slot, said) in enumerate(zip(group.free, group.said, strict=True)):
        nodes = axes[name][group.target] + axis
        links.append(Link(group, slot, group.rows, slot.wires, nodes, name, group.target, axis, left=True))
        if said is not None:
            known.append(
                Known(group, slot, group.rows, slot.wires, said.values, said.generics, said=said.expr)
            )


def _solve(
    scope: Scope,
    declared: Mapping[str, Declared],
    known: Sequence[Known],
    links: Sequence[Link],
    axes: Mapping[str, Ints],
    total: int,
    pairs: Sequence[tuple[Ints, Ints]],
) -> ExtentGraph:
    empty = [np.zeros(0, np.int64)]
    left, right = (np.concatenate(empty + [pair[side] for pair in pairs]) for side in (0, 1))
    labels = components(total, left, right)
    where = labels[np.concatenate(empty + [batch.wires for batch in known])]
    source = np.full(total, -1, np.int64)
    source[where[::-1]] = np.arange(len(where))[::-1]
    lowest, highest = [], []
    for column in ("values", "generics"):
        said = np.concatenate(empty + [getattr(batch, column) for batch in known])
        low, high = np.full(total, LIMITS.max), np.full(total, LIMITS.min)
        np.minimum.at(low, where, said)
        np.maximum.at(high, where, said)
        low[source < 0] = high[source < 0] = 0
        lowest.append(low)
        highest.append(high)
    return ExtentGraph(
        scope,
        declared,
        known,
        links,
        axes,
        labels,
        values=lowest[0],
        highest=highest[0],
        generics=lowest[1],
        generics_highest=highest[1],
        source=source,
        starts=offsets_of(np.array([len(batch.wires) for batch in known], np.int64)),
    )
