"""The best colouring of a graph as a minimum cut with integer capacities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from tncompile.expressivity.polynomials.polynomial import ROWS, Graph, Leaf, Node, Product, below_of
from tncompile.expressivity.upper.capacities import Logarithms
from tncompile.expressivity.upper.coloring import Coloring, limited, multichoose
from tncompile.expressivity.upper.maximum_flow import FlowNetwork
from tncompile.source.records import record

BREAKPOINTS = 64  # of a concave cost; more are thinned out
Extent = Callable[[int], int]  # capacity of the extent of a wire


@record
class Cut:
    """Colourings of minimum cuts, and how many edges the flow network has."""

    colorings: tuple[Coloring, ...]
    edges: int


def best_colorings(graph: Graph, logarithm: Logarithms, grid: int | None = None, plus: int = 0) -> Cut:
    """The colourings of the minimum cuts nearest to the rows and to the columns.

    Their product of numbers of monomials is the smallest of all colourings if the graph has no sums.
    ``plus`` counts that many further components for each node: 1 allows for terms of lower degree.
    """
    network = _ColorNetwork(graph)
    for number in range(len(graph.nodes)):
        network.add_wires(number, logarithm)
        network.add_costs(number, logarithm, grid, plus)
    _, sides = network.solve()
    return Cut(tuple(map(network.coloring, sides)), len(network.edges))


def wire_flow(graph: Graph, capacity: Extent) -> int:
    """The most flow through the wires of a score that is one product, each with the capacity of its extent."""
    network = _ColorNetwork(graph)
    network.add_wires(graph.root, capacity)
    return network.solve()[0]


def is_multilinear(graph: Graph, number: int) -> bool:
    """Whether a node is a product that is coloured factor by factor."""
    return isinstance(graph.nodes[number], Product) and graph.degrees[number] <= 1


class _ColorNetwork:
    """A vertex for each node, for each factor of a product coloured factor by factor, and for what costs need.

    The inputs of the rows are the source, those of the columns the sink.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.network = FlowNetwork()
        self.source, self.sink = self.network.new_vertex(), self.network.new_vertex()
        self.vertices = [self._vertex(node) for node in graph.nodes]
        self.edges: dict[tuple[int, int], list[int]] = {}  # capacities there and back
        self.unlimited: list[tuple[int, int]] = []
        self.factors: dict[int, list[int]] = {}  # product -> the vertices of its factors
        for number in range(len(graph.nodes)):
            if is_multilinear(graph, number):
                self.factors[number] = self._factor_vertices(number)

    def _vertex(self, node: Node) -> int:
        if isinstance(node, Leaf):
            return self.source if node.side == ROWS else self.sink
        return self.network.new_vertex()

    def _factor_vertices(self, number: int) -> list[int]:
        product = self.graph.nodes[number]
        assert isinstance(product, Product)
        return [
            self.vertices[factor.node]
            if not factor.is_coefficient and self._is_one_vertex(factor.node)
            else self.network.new_vertex()
            for factor in product.factors
        ]

    def _is_one_vertex(self, number: int) -> bool:
        """An input that is used once has the colour of its use: its wires are cut instead."""
        uses = self.graph.uses[number]
        return isinstance(self.graph.nodes[number], Leaf) and len(uses) == 1 and uses[0][1] == 1

    def add(self, first: int, second: int, capacity: int) -> None:
        """An edge; parallel ones are added up."""
        if first > second:
            self.edges.setdefault((second, first), [0, 0])[1] += capacity
        elif first < second:
            self.edges.setdefault((first, second), [0, 0])[0] += capacity

    def add_both(self, first: int, second: int, capacity: int) -> None:
        """An edge in both directions."""
        self.add(first, second, capacity)
        self.add(second, first, capacity)

    def add_wires(self, number: int, capacity: Extent) -> None:
        """The wires of a product that is coloured factor by factor; one that joins many is cut once."""
        if number not in self.factors:
            return
        product = self.graph.nodes[number]
        assert isinstance(product, Product)
        touching: list[list[int]] = [[] for _ in product.wires]
        for wire in product.open:
            touching[wire].append(self.vertices[number])
        for factor, vertex in zip(product.factors, self.factors[number], strict=True):
            for wire in factor.wires:
                touching[wire].append(vertex)
        for wire, vertices in enumerate(touching):
            distinct = list(dict.fromkeys(vertices))
            extent = product.wires[wire].extent.value
            if extent > 1 and len(distinct) > 1:
                self._add_wire(distinct, capacity(extent))

    def _add_wire(self, vertices: Sequence[int], capacity: int) -> None:
        if len(vertices) == 2:
            self.add_both(vertices[0], vertices[1], capacity)
            return
        enter, leave = self.network.new_vertex(), self.network.new_vertex()
        self.add(enter, leave, capacity)
        for vertex in vertices:
            self.unlimited += [(vertex, enter), (leave, vertex)]

    def add_costs(self, number: int, logarithm: Logarithms, grid: int | None, plus: int) -> None:
        """What it costs that uses of a node have the other colour than the node."""
        own = self.vertices[number]
        uses = [(vertex, weight) for vertex, weight in self.uses[number] if vertex != own]
        if not uses:
            return
        components = self.graph.components[number] + plus
        limit = None if grid is None else grid ** self.graph.inputs_below[number].bit_count()
        highest = self.graph.degrees[number]

        def cost(degree: int) -> int:
            return logarithm(limited(multichoose(components, min(degree, highest)), limit))

        if len(uses) == 1:
            self.add_both(own, uses[0][0], cost(uses[0][1]))
            return
        for breakpoint_, slope in concave_pieces(_sums([weight for _, weight in uses]), cost):
            self._add_piece(own, uses, breakpoint_, slope)

    @cached_property
    def uses(self) -> list[list[tuple[int, int]]]:
        """For each node the vertex of each of its uses, with the degree of the score in it."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.graph.nodes]
        for above, node in enumerate(self.graph.nodes):
            degree = self.graph.degrees[above]
            if above in self.factors and isinstance(node, Product):
                for factor, vertex in zip(node.factors, self.factors[above], strict=True):
                    if not factor.is_coefficient:
                        found[factor.node].append((vertex, factor.power * degree))
            else:
                totals: dict[int, int] = {}
                for below, power in below_of(node):
                    totals[below] = totals.get(below, 0) + power
                for below, power in totals.items():
                    found[below].append((self.vertices[above], power * degree))
        return found

    def _add_piece(self, own: int, uses: Sequence[tuple[int, int]], most: int, slope: Fraction) -> None:
        """A cost of ``slope * min(degree of the uses that cross, most)``."""
        if most >= sum(weight for _, weight in uses):
            for vertex, weight in uses:
                self.add_both(own, vertex, round(slope * weight))
            return
        after, before = self.network.new_vertex(), self.network.new_vertex()
        self.add(own, after, round(slope * most))
        self.add(before, own, round(slope * most))
        for vertex, weight in uses:
            self.add(after, vertex, round(slope * weight))
            self.add(vertex, before, round(slope * weight))

    def solve(self) -> tuple[int, tuple[list[bool], list[bool]]]:
        """The value of a minimum cut, and which vertices are red: as few, and as many, as can be."""
        most = 1 + sum(sum(both) for both in self.edges.values())
        for (first, second), (there, back) in self.edges.items():
            self.network.add(first, second, there, back)
        for first, second in self.unlimited:
            self.network.add(first, second, most)
        value = self.network.maximize(self.source, self.sink)
        near = self.network.reached(self.source)
        far = [distance < 0 for distance in self.network.distances(self.sink)]
        return value, (near, far)

    def coloring(self, red: Sequence[bool]) -> Coloring:
        """The colouring with these vertices red."""
        factors = {number: tuple(red[v] for v in vertices) for number, vertices in self.factors.items()}
        return Coloring(tuple(red[vertex] for vertex in self.vertices), factors)


def _sums(weights: Sequence[int]) -> list[int]:
    """The sums of some of the weights, from the smallest; thinned out where they are many."""
    sums = {0}
    for weight in sorted(weights):
        sums |= {total + weight for total in sums}
        if len(sums) > 4 * BREAKPOINTS:
            ordered = sorted(sums)
            sums = {*ordered[:: len(ordered) // BREAKPOINTS], ordered[-1]}
    ordered = sorted({*sums, sum(weights)})
    if len(ordered) > 2 * BREAKPOINTS:
        ordered = [*ordered[:: len(ordered) // BREAKPOINTS], ordered[-1]]
    return sorted(set(ordered) - {0})


def concave_pieces(points: Sequence[int], cost: Callable[[int], int]) -> list[tuple[int, Fraction]]:
    """The least concave function above the cost at some points, as pieces: sum of slope * min(x, breakpoint)."""
    hull: list[tuple[int, int]] = [(0, 0)]
    for point in points:
        value = cost(point)
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) <= _slope(hull[-1], (point, value)):
            hull.pop()
        hull.append((point, value))
    slopes = [_slope(first, second) for first, second in pairwise(hull)] + [Fraction(0)]
    return [
        (point, here - after)
        for (point, _), here, after in zip(hull[1:], slopes, slopes[1:], strict=False)
        if here > after
    ]


def _slope(first: tuple[int, int], second: tuple[int, int]) -> Fraction:
    return Fraction(second[1] - first[1], second[0] - first[0])
