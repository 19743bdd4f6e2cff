"""The nodes made so far, by the members of the network they stand for."""

from __future__ import annotations

from tncompile.expressivity.polynomials.members import MemberTable
from tncompile.expressivity.polynomials.polynomial import COEFFICIENT, Leaf, Node, Product

MemberKey = tuple[str, int, bool]  # name, position, under a conjugate


class Factory:
    """Makes nodes. Members that depend on no input of the cut are coefficients, those that are 0 have no node."""

    def __init__(self, table: MemberTable) -> None:
        self.table = table
        self.is_complex = table.net.field == "complex"
        self.nodes: list[Node] = []
        self.found: dict[MemberKey, int | None] = {}
        self.parts: dict[str, int] = {}
        self.products: dict[tuple[object, ...], int] = {}

    def is_known(self, name: str, position: int, conjugate: bool) -> bool:
        """Whether a member has a node, or needs none; an input gets its leaf here."""
        key = name, position, conjugate
        if key in self.found:
            return True
        side = self.table.leaves.get((name, position))
        if side:
            # Inputs are real vectors: an input is its own conjugate.
            other = self.found.get((name, position, not conjugate))
            inputs = self.table.inputs(name, position)
            shape = self.table.shape(name, position)
            leaf = Leaf(self.table.text(name, position), side, shape, inputs, is_input=True)
            self.found[key] = self.add_node(leaf) if other is None else other
        elif not self.table.side(name, position):
            self.found[key] = None if self.table.is_zero(name, position) else COEFFICIENT
        return key in self.found

    def node_of(self, name: str, position: int, conjugate: bool) -> int | None:
        """The node of a member that is known: `COEFFICIENT` without inputs, None for zero."""
        return self.found[name, position, conjugate]

    def add_node(self, node: Node) -> int:
        """The number of a new node; a product that is written the same as another one, but for numbers, is that one."""
        if isinstance(node, Product):
            key = node.factors, node.open, tuple(wire.extent for wire in node.wires)
            if self.products.setdefault(key, len(self.nodes)) < len(self.nodes):
                return self.products[key]
        self.nodes.append(node)
        return len(self.nodes) - 1

    def part_name(self, name: str) -> str:
        """A name for a node inside a member, which no other has."""
        self.parts[name] = self.parts.get(name, 0) + 1
        return f"part {self.parts[name]} of {name}"
