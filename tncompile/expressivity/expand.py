"""From the tables of a network to the graph of polynomials of a cut, instance by instance."""

from __future__ import annotations

from collections.abc import Sequence

from tncompile.expressivity.assembly import Factory
from tncompile.expressivity.members import OTHER, MemberTable
from tncompile.expressivity.polynomial import (
    COEFFICIENT,
    COLUMNS,
    ROWS,
    Factor,
    Graph,
    Leaf,
    Node,
    Product,
    Wire,
    pruned,
)
from tncompile.expressivity.reading import uses_in
from tncompile.expressivity.result import CutSides, Member
from tncompile.network import Extent, Formula, Network
from tncompile.source import TnError
from tncompile.transform import inline_definitions

ONE = Extent(1, Formula.constant(1))


def expand(
    net: Network, cut: CutSides, output: Member | None = None, entry: Sequence[int] | None = None
) -> Graph | None:
    """The graph of one output member (default: the last of the first output); None if that is zero.

    The legs of the output are contracted with a generic vector, or stand on the side of the
    cut that names the output; with ``entry`` one entry is taken. Raises NotPolynomial, and TnError for a
    member that is not there or an input on no side of the cut.
    """
    output = last_member(net) if output is None else output
    table = MemberTable(inline_definitions(net), cut, output)
    name, position = output[0], table.position(output)
    if table.side(name, position) & OTHER:
        raise TnError(f"`{table.text(name, position)}` depends on an input that the cut does not name", net.source)
    factory = Factory(table)
    top = _built(factory, name, position)
    if top is None:
        return None
    nodes = factory.nodes
    extents = table.shape(name, position)
    if extents:
        if entry is not None:
            extents = (ONE,) * len(extents)
        side = ROWS if output in cut.rows.members else COLUMNS if output in cut.columns.members else 0
        _close(nodes, top, table.text(name, position), extents, side)
        top = len(nodes) - 1
    elif top == COEFFICIENT:
        nodes.append(Product(name, (), (), ()))
        top = len(nodes) - 1
    return pruned(nodes, top)


def last_member(net: Network) -> Member:
    """The last member of the first output."""
    name = net.outputs[0]
    return name, tuple(net.tables.tensors[name].members[-1].tolist())


def _built(factory: Factory, name: str, position: int) -> int | None:
    """The node of a member, after those of all members that it is made from; None for zero."""
    stack = [(name, position, False)]
    while stack:
        key = stack[-1]
        tree, free, rule = (None, None, None) if factory.is_known(*key) else factory.table.instance(*key[:2])
        if tree is None or free is None or rule is None:
            stack.pop()
            continue
        missing = [
            (use.name, use.position, conjugate)
            for use, conjugate in uses_in(tree, factory.is_complex and key[2], closed=False)
        ]
        missing = [
            (n, p, c and factory.is_complex) for n, p, c in missing if not factory.is_known(n, p, c and factory.is_complex)
        ]
        if missing:
            stack += missing
        else:
            factory.add(key, tree, free, rule)
            stack.pop()
    return factory.node_of(name, position, False)


def _close(nodes: list[Node], top: int, name: str, extents: Sequence[Extent], side: int) -> None:
    """Contracts the legs of the output."""
    wires = tuple(Wire(f"leg {number} of {name}", extent) for number, extent in enumerate(extents, 1))
    numbers = tuple(range(len(wires)))
    whole = Factor(top, numbers, name=name if top == COEFFICIENT else "")
    if not side:
        ends: tuple[Factor, ...] = (Factor(COEFFICIENT, numbers, name="a vector for the legs", generic=True),)
    else:
        nodes += [Leaf(wire.name, side, (wire.extent,)) for wire in wires]
        first = len(nodes) - len(wires)
        ends = tuple(Factor(first + number, (number,)) for number in numbers)
    nodes.append(Product(f"{name} contracted", (whole, *ends), (), wires))
