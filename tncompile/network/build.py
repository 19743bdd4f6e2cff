"""Writing a network out: the one place where all of it is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tncompile.network.body import BodyBuilder
from tncompile.network.choices import split_by_choices
from tncompile.network.classes import part_into_classes
from tncompile.network.equation import Equation
from tncompile.network.extents import ExtentGraph, join_extents
from tncompile.network.families import Declared, declare_all
from tncompile.network.problems import Problems
from tncompile.network.rows import Ints, Rows
from tncompile.network.rules import Defined, Group, Rule, gather_definitions, read_rules
from tncompile.network.shapes import Shapes
from tncompile.network.sites import Slot
from tncompile.network.summation import place_sums
from tncompile.network.syntax import FreeIndex, Index, Use
from tncompile.network.tables import Block, Extent, RuleClass, Tables, TensorTable, UseTable
from tncompile.network.wires import connect

if TYPE_CHECKING:
    from tncompile.network.network import Network


def build_tables(net: Network) -> Tables:
    """Writes a network out. Raises TnError with every problem of the network, in file order."""
    return _Writer(net).tables()


class _Writer:
    def __init__(self, net: Network) -> None:
        self.net = net
        self.scope = net.scope
        self.problems = Problems()
        self.declared = declare_all(net.scope, list(net.tensors.values()), self.problems)
        self.rules = read_rules(net.scope, net.definitions, self.problems)
        self.defined = gather_definitions(self.rules, self.problems)
        for defined in self.defined.values():
            defined.axes = np.zeros(len(defined.members), np.int64)

    def tables(self) -> Tables:
        groups = self.groups()
        wires = 0
        for group in groups:
            wires = connect(group.body, group.free, wires)
        extents = join_extents(self.scope, groups, self.declared, self.defined, wires)
        classes = [found for group in groups for found in self.classes_of(group, extents, wires)]
        tensors = {name: self.declared_table(declared) for name, declared in self.declared.items()}
        tensors |= {name: self.defined_table(defined, extents) for name, defined in self.defined.items()}
        self.problems.raise_all(self.net.source)
        return Tables(tensors, tuple(classes))

    # --- instances ----------------------------------------------------------------------------

    def groups(self) -> list[Group]:
        """All instances, by rule and by the choices they take."""
        lefts: list[tuple[Rule, Rows, Ints, list[Slot]]] = []
        builder = BodyBuilder(self.scope, self.find)
        for rule in self.rules:
            name = rule.definition.name
            with self.problems.catching(name):
                target = self.defined[name].find(rule.subscripts)
                for which in split_by_choices(self.scope, rule.definition, rule.rows):
                    rows = rule.rows.take(which)
                    slots = builder.slots([free.index for free in rule.definition.indices], rows)
                    self.defined[name].axes[target[which]] = len(slots)
                    lefts.append((rule, rows, target[which], slots))
        groups = []
        for rule, rows, target, slots in lefts:
            with self.problems.catching(rule.definition.name):
                body = builder.build(rule.definition.body, rows, np.arange(rows.count))
                said = [self.said(rule, slot) for slot in slots]
                groups.append(Group(rule, rows, target, slots, said, body))
        return groups

    def said(self, rule: Rule, slot: Slot):
        for free in rule.definition.indices:
            if free.index.name == slot.index.name:
                return free.extent
        return None

    def find(self, use: Use, rows: Rows, subscripts: Ints, slots: Sequence[Slot]) -> Ints | None:
        table = self.declared.get(use.name) or self.defined.get(use.name)
        if table is None:
            return None
        from tncompile.network.lookup import find_members

        return find_members(table.members, subscripts)

    # --- tables -------------------------------------------------------------------------------

    def classes_of(self, group: Group, extents: ExtentGraph, width: int) -> list[RuleClass]:
        return [self.class_of(group, which, extents, width) for which in part_into_classes(group, extents)]

    def class_of(self, group: Group, which: Ints, extents: ExtentGraph, width: int) -> RuleClass:
        body = group.body if len(which) == group.rows.count else group.body.restrict(which)
        first = np.zeros(1, np.int64)
        free = [slot.take(which[:1]) for slot in group.free]
        root = body.restrict(first)
        sums = place_sums(root, np.array([slot.wires[0] for slot in free], np.int64), width)
        equation = Equation(root, free, sums, len(group.rows.names))
        sites = [site for site in body.walk() if site.positions is not None]
        uses = [
            UseTable(use, site.rows, site.owner, site.positions)
            for use, site in zip(equation.uses, sites, strict=True)
            if site.positions is not None
        ]
        return RuleClass(
            group.rule.definition,
            group.rule.number,
            group.rows.take(which),
            group.target[which],
            equation.expr,
            tuple(equation.named[int(slot.wires[0])] for slot in free),
            {index: extents.extent(wire) for wire, index in equation.named.items()},
            tuple(uses),
        )

    def declared_table(self, declared: Declared) -> TensorTable:
        def extent(entry: int) -> Extent:
            return Extent(int(declared.shapes.values[entry]), declared.formula(self.scope, entry))

        return _table(declared.tensor.name, declared.tensor.role, declared.members, declared.shapes, extent)

    def defined_table(self, defined: Defined, extents: ExtentGraph) -> TensorTable:
        start = int(extents.axes[defined.name][0])
        return _table(
            defined.name, "definition", defined.members, extents.shapes(defined.name), lambda e: extents.extent(start + e)
        )


def _table(name: str, role: str, members: Ints, shapes: Shapes, extent) -> TensorTable:
    blocks = []
    block_of = np.zeros(len(members), np.int64)
    for number, alike in enumerate(shapes.groups()):
        entries = range(int(shapes.offsets[alike[0]]), int(shapes.offsets[alike[0] + 1]))
        blocks.append(Block(name, alike, tuple(extent(entry) for entry in entries)))
        block_of[alike] = number
    return TensorTable(name, role, members, tuple(blocks), block_of)
