"""A coloured graph as plain data."""

from __future__ import annotations

from tncompile.expressivity.polynomials.polynomial import Graph, Leaf, Node, Product, below_of
from tncompile.expressivity.result import Proof, ProofNode
from tncompile.expressivity.upper.coloring import Coloring


def proof_of(graph: Graph, coloring: Coloring) -> Proof:
    """The colouring with all that is needed to count its bound again."""
    nodes = [_proof_node(graph, coloring, number, node) for number, node in enumerate(graph.nodes)]
    return Proof(tuple(nodes))


def bits(number: int) -> tuple[int, ...]:
    """The places of the ones of a number in binary, from the lowest."""
    places = []
    while number:
        lowest = number & -number
        places.append(lowest.bit_length() - 1)
        number ^= lowest
    return tuple(places)


def _proof_node(graph: Graph, coloring: Coloring, number: int, node: Node) -> ProofNode:
    color, components = coloring.nodes[number], graph.components[number]
    if isinstance(node, Leaf):
        return ProofNode(node.name, "leaf", color, components, inputs=bits(node.inputs))
    if isinstance(node, Product):
        whole = number in coloring.factors
        colors = coloring.factors.get(number, (color,) * len(node.factors))
        return ProofNode(
            node.name,
            "product",
            color,
            components,
            tuple(factor.node for factor in node.factors),
            tuple(factor.power for factor in node.factors),
            tuple(factor.wires for factor in node.factors),
            colors,
            tuple(wire.extent.value for wire in node.wires),
            node.open,
            whole,
        )
    below = tuple(number for number, _ in below_of(node))
    return ProofNode(
        node.name,
        "sum",
        color,
        components,
        below,
        (1,) * len(below),
        red=(color,) * len(below),
        constant=node.constant,
    )
