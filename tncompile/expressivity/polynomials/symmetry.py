"""Inputs of one side that the score does not tell apart, and the bound that follows.

If exchanging any two of k inputs leaves the score as it is, then as a function of these inputs it is a symmetric tensor: one
of multichoose(N, k) dimensions instead of N^k, where N counts the monomials in one of them. The rank is at most the product
of these dimensions over the classes of equal inputs of one side.

That an exchange changes nothing is read off the graph: the products above the two inputs are then products of the graph
again, up to the score. Graphs know nodes up to a number only; an exchange of order two of products brings each
number and its inverse, so numbers cancel where a product maps to itself. The terms of a sum may not be exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from heapq import heapify, heappop, heappush

from tncompile.expressivity.certificates.proof import proof_of
from tncompile.expressivity.polynomials.identity import Identity, identity
from tncompile.expressivity.polynomials.polynomial import COLUMNS, ROWS, Graph, Leaf, Product, Sum, renumbered
from tncompile.expressivity.result import Bound
from tncompile.expressivity.upper.coloring import Coloring, Count, limited, multichoose

MOST_WORK = 100_000  # factors that are looked at in search of exchanges


def symmetric_bounds(graph: Graph, grid: int | None = None) -> Iterator[Bound]:
    """The bounds of the sides that have equal inputs."""
    exchanges = Exchanges(graph)
    for side in (ROWS, COLUMNS):
        classes = exchanges.classes(side)
        if any(len(equal) > 1 for equal in classes):
            yield side_bound(graph, side, classes, grid)


def side_bound(graph: Graph, side: int, classes: Sequence[Sequence[int]], grid: int | None) -> Bound:
    """The number of functions of one side, whose leaves are in classes of equal ones."""
    color = side != ROWS
    nodes = tuple(node.side == ROWS if isinstance(node, Leaf) else color for node in graph.nodes)
    coloring = Coloring(nodes, {})
    count = Count(graph, coloring)
    degrees = {count.blocks[block].node: ends for block, ends in count.intervals().items()}
    value = 1
    for equal in classes:
        low, high = degrees[equal[0]]
        extent = graph.components[equal[0]]
        monomials = multichoose(extent + 1, high) - (multichoose(extent + 1, low - 1) if low else 0)
        inputs = sum(graph.inputs_below[number].bit_count() for number in equal)
        value *= limited(multichoose(monomials, len(equal)), None if grid is None else grid**inputs)
    states = tuple(
        (graph.nodes[number].name, graph.components[number], degrees[number][1])
        for equal in classes
        for number in equal
    )
    symmetric = tuple(tuple(equal) for equal in classes if len(equal) > 1)
    proof = replace(proof_of(graph, coloring), grid=grid, symmetric=symmetric)
    names = tuple(tuple(graph.nodes[number].name for number in equal) for equal in symmetric)
    return Bound(value, (), states, proof, names)


class Exchanges:
    """Tells which inputs of a graph can be exchanged."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.work = 0

    def classes(self, side: int) -> list[list[int]]:
        """The leaves of a side, equal inputs together."""
        found: list[list[int]] = []
        alike: dict[tuple[int, tuple[int, ...]], list[list[int]]] = {}
        for number, node in enumerate(self.graph.nodes):
            if not isinstance(node, Leaf) or node.side != side:
                continue
            shape = tuple(extent.value for extent in node.extents)
            known = alike.setdefault((self.places[number], shape), [])
            equal = self._equal(number, node, known)
            if equal is None:
                known.append([number])
                found.append(known[-1])
            else:
                equal.append(number)
        return found

    def _equal(self, number: int, leaf: Leaf, known: Sequence[list[int]]) -> list[int] | None:
        if leaf.inputs & self._made_from:
            return None
        for equal in known:
            if self.work > MOST_WORK:
                return None
            if self.changes_nothing(equal[0], number):
                return equal
        return None

    @cached_property
    def _made_from(self) -> int:
        """The inputs of the leaves that are no inputs themselves, as bits: nothing is known of what exchanges do to these."""
        found = 0
        for node in self.graph.nodes:
            found |= node.inputs if isinstance(node, Leaf) and not node.is_input else 0
        return found

    def changes_nothing(self, first: int, second: int) -> bool:
        """Whether the score stays the same when two inputs are exchanged."""
        moved = {first: second, second: first}
        waiting = [above for leaf in moved for above, _ in self.graph.uses[leaf]]
        heapify(waiting)
        last = -1
        while waiting:
            number = heappop(waiting)
            if number == last:
                continue
            last, node = number, self.graph.nodes[number]
            other = renumbered(node, _Moved(moved))
            if not isinstance(other, Product):
                return False
            self.work += len(other.factors)
            target = self.products.get(identity(other))
            if target is None:
                return False
            if target != number:
                moved[number] = target
                for above, _ in self.graph.uses[number]:
                    heappush(waiting, above)
        is_involution = all(moved.get(target) == number for number, target in moved.items())
        return is_involution and self.graph.root not in moved

    @cached_property
    def products(self) -> dict[Identity, int]:
        """The products of the graph by what they are made from."""
        nodes = enumerate(self.graph.nodes)
        return {identity(node): number for number, node in nodes if isinstance(node, Product)}

    @cached_property
    def places(self) -> list[int]:
        """Where each node stands as seen from the score, as a number: inputs that can be exchanged have the same."""
        numbers: dict[object, int] = {}
        found = [0] * len(self.graph.nodes)
        above: list[list[tuple[int, int, int]]] = [[] for _ in self.graph.nodes]
        for number in range(self.graph.root, -1, -1):
            node = self.graph.nodes[number]
            found[number] = numbers.setdefault(tuple(sorted(above[number])), len(numbers))
            if isinstance(node, Product):
                names = tuple(sorted(factor.name for factor in node.factors if factor.is_coefficient))
                made_with = numbers.setdefault(names, len(numbers))
                for factor in node.uses():
                    above[factor.node].append((found[number], factor.power, made_with))
            elif isinstance(node, Sum):
                for term in node.terms:
                    above[term].append((found[number], 1, -1))
        return found


class _Moved(dict[int, int]):
    """The new number of each node; most stay where they are."""

    def __missing__(self, number: int) -> int:
        return number
