"""The finished tables: classes with their equations, tensors with their blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tncompile.network.tables import Block, Extent, RuleClass, TensorTable, UseTable
from tncompile.network.values.rows import Ints
from tncompile.network.values.scope import Scope
from tncompile.network.written.classes import Alike
from tncompile.network.written.equation import Equation
from tncompile.network.written.extents import ExtentGraph
from tncompile.network.written.families import Declared
from tncompile.network.written.rules import Defined
from tncompile.network.written.shapes import Shapes


def write_class(one: Alike, extents: ExtentGraph) -> RuleClass:
    """The finished class, its equation read off the first instance."""
    group, which = one.group, one.which
    body = group.body if len(which) == group.rows.count else group.body.restrict(which)
    equation = Equation(one.root, one.free, one.sums, len(group.rows.names))
    places = [(site, site.positions) for site in body.walk() if site.positions is not None]
    return RuleClass(
        group.rule.definition,
        group.rule.number,
        group.rows.take(which),
        group.target[which],
        equation.expr,
        tuple(equation.named[int(slot.wires[0])] for slot in one.free),
        {index: extents.extent(wire) for index, wire in equation.taken.items()},
        tuple(
            UseTable(use, site.rows, site.owner, positions)
            for use, (site, positions) in zip(equation.uses, places, strict=True)
        ),
    )


def declared_table(scope: Scope, declared: Declared) -> TensorTable:
    """The table of a declared tensor."""

    def extent(entry: int) -> Extent:
        return Extent(int(declared.shapes.values[entry]), declared.formula(scope, entry))

    return _table(declared.tensor.name, declared.tensor.role, declared.members, declared.shapes, extent)


def defined_table(defined: Defined, extents: ExtentGraph) -> TensorTable:
    """The table of a definition."""
    start = int(extents.axes[defined.name][0])
    shapes = extents.shapes(defined.name)
    return _table(
        defined.name, "definition", defined.members, shapes, lambda entry: extents.extent(start + entry)
    )


def _table(
    name: str, role: str, members: Ints, shapes: Shapes, extent: Callable[[int], Extent]
) -> TensorTable:
    blocks = []
    block_of = np.zeros(len(members), np.int64)
    for number, alike in enumerate(shapes.groups()):
        entries = range(int(shapes.offsets[alike[0]]), int(shapes.offsets[alike[0] + 1]))
        blocks.append(Block(name, alike, tuple(extent(entry) for entry in entries)))
        block_of[alike] = number
    return TensorTable(name, role, members, tuple(blocks), block_of)
