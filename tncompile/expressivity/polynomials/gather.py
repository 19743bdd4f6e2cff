"""Sums with the parts of one side gathered, also those that linear maps hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from tncompile.expressivity.polynomials.polynomial import (
    COEFFICIENT,
    COLUMNS,
    ROWS,
    Graph,
    Leaf,
    Node,
    Product,
    Sum,
    below_of,
    node_extents,
    pruned,
    renumbered,
)
from tncompile.network import Extent


def gathered(graph: Graph) -> Graph:
    """The graph with each sum as: what depends on the rows alone, on the columns alone, the rest.

    A linear map of a sum is the sum of its maps, so the parts come through chains of sums and maps: a linear recurrent
    network becomes one function of the rows and one of the columns, however the inputs alternate.
    """
    if not graph.has_sums:
        return graph
    gathering = _Gathering()
    for node in graph.nodes:
        gathering.add(node)
    return pruned(gathering.nodes, gathering.numbers[graph.root])


@dataclass
class _Parts:
    """What a sum is made from: the terms of each side, those of both, and whether there is a constant."""

    terms: dict[int, list[int]]
    constant: bool = False
    hidden: bool = False  # some terms stand behind maps or in sums inside

    def sides(self) -> list[tuple[int, list[int]]]:
        return [(side, self.terms[side]) for side in (ROWS, COLUMNS) if self.terms[side]]


class _Gathering:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.sides: list[int] = []
        self.inputs: list[int] = []
        self.parts: dict[int, _Parts] = {}  # of the sums
        self.numbers: dict[int, int] = {COEFFICIENT: COEFFICIENT}  # old -> new

    def add(self, old: Node) -> None:
        """The next node of the old graph."""
        node = renumbered(old, self.numbers)
        if isinstance(node, Sum):
            parts, extents = self.of_terms(node), node.extents
        else:
            found = self.of_map(node) if isinstance(node, Product) else None
            if found is None:
                self.numbers[len(self.numbers) - 1] = self.place(node)
                return
            parts, extents = found, node_extents(node)
        self.numbers[len(self.numbers) - 1] = self.sum_of(node.name, parts, extents)

    def place(self, node: Node) -> int:
        """The number of a new node."""
        side, inputs = (node.side, node.inputs) if isinstance(node, Leaf) else (0, 0)
        for below, _ in below_of(node):
            side |= self.sides[below]
            inputs |= self.inputs[below]
        self.nodes.append(node)
        self.sides.append(side)
        self.inputs.append(inputs)
        return len(self.nodes) - 1

    def of_terms(self, node: Sum) -> _Parts:
        """The parts of a sum, sums inside it taken apart."""
        found = _Parts({ROWS: [], COLUMNS: [], ROWS | COLUMNS: []}, node.constant)
        for term in node.terms:
            inner = self.parts.get(term)
            if inner is None:
                found.terms[self.sides[term]].append(term)
                continue
            for side, terms in inner.sides():
                found.terms[side] += terms
            found.constant |= inner.constant
            found.hidden = True
            found.terms[ROWS | COLUMNS] += self.rest(term)
        return found

    def of_map(self, node: Product) -> _Parts | None:
        """The parts of a linear map of a sum; None for other products, and where more components come out than go in."""
        uses = list(node.uses())
        inner = self.parts.get(uses[0].node) if len(uses) == 1 else None
        if inner is None or uses[0].power > 1 or len(set(node.open)) < len(node.open):
            return None
        before, after = node_extents(self.nodes[uses[0].node]), node_extents(node)
        if prod(extent.value for extent in after) > prod(extent.value for extent in before):
            return None
        found = _Parts({**{side: list(inner.terms[side]) for side in (ROWS, COLUMNS)}, ROWS | COLUMNS: []})
        found.constant, found.hidden = inner.constant, True
        for rest in self.rest(uses[0].node):
            factors = [f if f.is_coefficient else replace(f, node=rest) for f in node.factors]
            found.terms[ROWS | COLUMNS].append(self.place(replace(node, factors=tuple(factors))))
        return found

    def rest(self, number: int) -> list[int]:
        """The sum of those terms of a sum that depend on both sides; nothing if there are none."""
        node, mixed = self.nodes[number], self.parts[number].terms[ROWS | COLUMNS]
        assert isinstance(node, Sum)
        return [self.place(Sum(node.name, tuple(mixed), False, node.extents))] if mixed else []

    def sum_of(self, name: str, parts: _Parts, extents: Sequence[Extent]) -> int:
        """The number of a sum of these parts, those of one side as one vector of variables."""
        terms: dict[int, list[int]] = {ROWS | COLUMNS: parts.terms[ROWS | COLUMNS]}
        for side in (ROWS, COLUMNS):
            own = parts.terms[side]
            if own and (len(own) > 1 or parts.hidden):
                inputs = 0
                for term in own:
                    inputs |= self.inputs[term]
                own = [self.place(Leaf(f"{name} alone", side, tuple(extents), inputs))]
            terms[side] = own
        whole = (*terms[ROWS], *terms[COLUMNS], *terms[ROWS | COLUMNS])
        number = self.place(Sum(name, whole, parts.constant, tuple(extents)))
        self.parts[number] = _Parts(terms, parts.constant)
        return number
