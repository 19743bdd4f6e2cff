"""Other graphs of the same polynomial: definitions put in where they are used, sums sealed."""

from __future__ import annotations

from collections.abc import Sequence

from tncompile.expressivity.polynomials.polynomial import (
    COLUMNS,
    ROWS,
    Factor,
    Graph,
    Leaf,
    Node,
    Product,
    Sum,
    Wire,
    pruned,
)


def sealed(graph: Graph) -> Graph:
    """The graph with every sum of one side alone as a vector of variables of that side."""
    nodes: list[Node] = []
    for number, node in enumerate(graph.nodes):
        side = graph.sides[number]
        if isinstance(node, Sum) and side in (ROWS, COLUMNS):
            nodes.append(Leaf(node.name, side, node.extents, graph.inputs_below[number]))
        else:
            nodes.append(node)
    return pruned(nodes, graph.root)


def inlined(graph: Graph, highest: int | None = 1) -> Graph:
    """The graph with products put in where they are used, if that is one place of degree up to ``highest`` (None: any)."""
    put_in = [
        isinstance(node, Product)
        and _is_used_once(graph, number)
        and (highest is None or graph.degrees[number] <= highest)
        for number, node in enumerate(graph.nodes)
    ]
    nodes: list[Node] = []
    for number, node in enumerate(graph.nodes):
        if isinstance(node, Product) and not put_in[number]:
            nodes.append(_Inlining(graph, put_in, node).result())
        else:
            nodes.append(node)
    return pruned(nodes, graph.root)


def _is_used_once(graph: Graph, number: int) -> bool:
    uses = graph.uses[number]
    return len(uses) == 1 and uses[0][1] == 1 and isinstance(graph.nodes[uses[0][0]], Product)


class _Inlining:
    """One product with the products below it put in, from the top down: linear however deep they are."""

    def __init__(self, graph: Graph, put_in: Sequence[bool], product: Product) -> None:
        self.graph, self.put_in, self.product = graph, put_in, product
        self.wires: list[Wire] = list(product.wires)
        self.same = list(range(len(self.wires)))

    def result(self) -> Product:
        """The product as a node; wires that a diagonal makes one are numbered anew."""
        factors: list[Factor] = []
        stack = list(reversed(self.product.factors))
        while stack:
            factor = stack.pop()
            if factor.node >= 0 and self.put_in[factor.node]:
                stack += reversed(self._inside(factor))
            else:
                factors.append(factor)
        number = {
            root: place for place, root in enumerate(dict.fromkeys(map(self._root, range(len(self.wires)))))
        }
        placed = [f.rewired([number[self._root(w)] for w in f.wires]) for f in factors]
        opened = tuple(number[self._root(wire)] for wire in self.product.open)
        return Product(self.product.name, tuple(placed), opened, tuple(self.wires[root] for root in number))

    def _inside(self, factor: Factor) -> list[Factor]:
        """The factors of a product that is used, with wires of this one."""
        inner = self.graph.nodes[factor.node]
        assert isinstance(inner, Product)
        place: dict[int, int] = {}
        for own, outer in zip(inner.open, factor.wires, strict=True):
            if own in place:
                self.same[self._root(outer)] = self._root(place[own])
            else:
                place[own] = outer
        for own, wire in enumerate(inner.wires):
            if own not in place:
                place[own] = len(self.wires)
                self.wires.append(wire)
                self.same.append(place[own])
        return [factor.rewired([place[wire] for wire in factor.wires]) for factor in inner.factors]

    def _root(self, wire: int) -> int:
        while self.same[wire] != wire:
            wire = self.same[wire]
        return wire
