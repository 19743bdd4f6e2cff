"""States divided by powers of two within a network, so that what flows back is divided as what flows forward is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from tncompile.network import (
    Call,
    Cut,
    Definition,
    Extent,
    Formula,
    Index,
    Ints,
    Multiply,
    Network,
    Node,
    Over,
    Rows,
    Statement,
    Use,
    map_children,
    verify,
)
from tncompile.network.syntax.substitute import substitute
from tncompile.transform.build import rule, use
from tncompile.transform.context import Context
from tncompile.transform.members import member_loops

POWER: Final = "power"  # of a state: what brings it to size; gradients take it for a constant
LIFT: Final = "lift"  # of a cotangent and its output: what flows back from the output as it lies there


def balanced(flat: Network, states: Mapping[str, Ints], batch: str | None) -> Network:
    """The flat network with ``h[t](s, i) = h_raw[t](s, i) * h_power[t](s)`` for the members ``states`` of definitions.

    A power belongs to a member and, where there are any, to a sample: it is ``power(h_raw[t](s, i) over i)``, which
    gradients take for a constant. Cuts are gone.
    """
    writer = _Writer(flat, batch)
    statements: list[Statement] = []
    for number, definition in enumerate(flat.definitions):
        if definition.name in states:
            statements += writer.parted(number, definition, states[definition.name])
        else:
            statements.append(definition)
    for name, members in states.items():
        statements += writer.brought_to_size(name, members)
    others = [s for s in flat.statements if not isinstance(s, Cut | Definition)]
    return verify(flat.replace([*others, *writer.context.lists, *statements]), "balanced")


class _Writer:
    """Writes the rules of states that are brought to size."""

    def __init__(self, flat: Network, batch: str | None) -> None:
        self.context, self.batch = Context(flat), batch
        self.raw: dict[str, str] = {}

    def raw_of(self, name: str) -> str:
        """What a state is called before it is brought to size."""
        if name not in self.raw:
            self.raw[name] = self.context.names.fresh(f"{name}_raw")
        return self.raw[name]

    def parted(self, number: int, definition: Definition, members: Ints) -> Iterator[Definition]:
        """A rule for the members that are brought to size, and for the others."""
        classes = [one for one in self.context.network.tables.classes if one.number == number]
        if not classes:
            return
        columns = np.concatenate([one.rows.columns for one in classes], axis=1)
        rows = Rows(classes[0].rows.names, columns, columns.shape[1])
        inside = np.isin(np.concatenate([one.target for one in classes]), members)
        for chosen, name in ((inside, self.raw_of(definition.name)), (~inside, definition.name)):
            for piece in self.context.restricted(definition.loops, rows, chosen, name):
                yield substitute(replace(definition, name=name, loops=piece.loops), piece.values)

    def brought_to_size(self, name: str, members: Ints) -> Iterator[Definition]:
        """The rules of a state and of its powers."""
        table = self.context.network.tables.tensors[name]
        power = self.context.names.fresh(f"{name}_power")
        shape = table.blocks[0].shape
        indices = [Index(self.context.names.near(f"i{axis + 1}")) for axis in range(len(shape))]
        outer = [i for i, extent in zip(indices, shape, strict=True) if self._is_samples(extent)]
        inner = tuple(index for index in indices if index not in outer)
        for loops, subscripts in member_loops(self.context, name, members, indices):
            before = use(self.raw_of(name), subscripts, indices)
            yield rule(power, subscripts, outer, Over(POWER, before, inner), loops)
            product = Multiply((before, use(power, subscripts, outer)), (False, False))
            yield rule(name, subscripts, indices, product, loops)

    def _is_samples(self, extent: Extent) -> bool:
        return self.batch is not None and extent.formula == Formula.atom(self.batch)


def lifted(net: Network, output: str, cotangent: str) -> Network:
    """A network with gradients in which ``lift(cotangent, output)`` takes the place of the cotangent of an output."""
    context = Context(net)
    name = context.names.fresh(f"{cotangent}_lifted")
    table = net.tables.tensors[output]
    indices = [Index(context.names.near(f"i{axis + 1}")) for axis in range(len(table.blocks[0].shape))]

    def renamed(node: Node) -> Node:
        if isinstance(node, Use) and node.name == cotangent:
            return replace(node, name=name)
        return map_children(node, renamed)

    statements: list[Statement] = []
    for statement in net.statements:
        changed = renamed(statement) if isinstance(statement, Definition) else statement
        assert isinstance(changed, Statement)
        statements.append(changed)
    for loops, subscripts in member_loops(context, output, np.arange(len(table.members)), indices):
        both = (use(cotangent, subscripts, indices), use(output, subscripts, indices))
        statements.append(rule(name, subscripts, indices, Call(LIFT, both), loops))
    first = next(place for place, s in enumerate(statements) if isinstance(s, Definition))
    statements[first:first] = context.lists
    return verify(net.replace(statements), "lifted")
