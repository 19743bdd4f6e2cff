"""From the tables of a network to the graph of polynomials of a cut, instance by instance."""

from __future__ import annotations

from tncompile.expressivity.polynomials.assembly import Assembly
from tncompile.expressivity.polynomials.factory import Factory
from tncompile.expressivity.polynomials.members import OTHER, MemberTable
from tncompile.expressivity.polynomials.polynomial import (
    COEFFICIENT,
    Factor,
    Graph,
    Product,
    Wire,
    pruned,
)
from tncompile.expressivity.polynomials.reading import uses_in
from tncompile.expressivity.result import CutSides, Member, member_text
from tncompile.network import Network
from tncompile.source import TnError
from tncompile.transform import inline_definitions


def expand(net: Network, cut: CutSides, output: Member | None = None) -> Graph | None:
    """The graph of one output member (default: the first of the first output); None if that is zero.

    The legs of the output are contracted with a generic vector. Raises NotPolynomial, and TnError for
    a member that is not there or an input on no side of the cut.
    """
    output = first_member(net) if output is None else output
    table = MemberTable(inline_definitions(net), cut)
    name, position = output[0], table.position(output)
    if table.side(name, position) & OTHER:
        raise TnError(f"`{member_text(output)}` depends on an input that the cut does not name", net.source)
    factory = Factory(table)
    top = _built(factory, name, position)
    if top is None:
        return None
    nodes, extents = factory.nodes, table.shape(name, position)
    if extents or top == COEFFICIENT:
        wires = tuple(Wire(f"leg {number} of {name}", extent) for number, extent in enumerate(extents, 1))
        legs = tuple(range(len(wires)))
        vector = Factor(COEFFICIENT, legs, name="a vector for the legs", generic=True)
        nodes.append(Product(f"{name} contracted", (Factor(top, legs), vector), (), wires))
        top = len(nodes) - 1
    return pruned(nodes, top)


def first_member(net: Network) -> Member:
    """The first member of the first output."""
    name = net.outputs[0]
    return name, tuple(net.tables.tensors[name].members[0].tolist())


def _built(factory: Factory, name: str, position: int) -> int | None:
    """The node of a member, after those of all members that it is made from; None for zero."""
    stack = [(name, position, False)]
    while stack:
        key = stack[-1]
        if factory.is_known(*key):
            stack.pop()
            continue
        tree, free, rule = factory.table.instance(*key[:2])
        inside = uses_in(tree, key[2], closed=False)
        uses = [(use.name, use.position, conjugate and factory.is_complex) for use, conjugate in inside]
        missing = [use for use in uses if not factory.is_known(*use)]
        if missing:
            stack += missing
        else:
            text = factory.table.text(*key[:2]) + ("*" if key[2] else "")
            extents = [rule.extents[index] for index in rule.free]
            factory.found[key] = Assembly(factory, text, key[2], rule).whole(tree, free, extents)
            stack.pop()
    return factory.node_of(name, position, False)
