"""Upper bounds of separation ranks from the graph of a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tncompile.expressivity.certificates.proof import proof_of
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.gather import gathered
from tncompile.expressivity.polynomials.polynomial import COLUMNS, ROWS, Graph, Leaf, Product
from tncompile.expressivity.polynomials.refine import inlined, sealed
from tncompile.expressivity.polynomials.split import split
from tncompile.expressivity.polynomials.symmetry import symmetric_bounds
from tncompile.expressivity.result import Bound, CutSides, Member
from tncompile.expressivity.upper.capacities import FLOAT_BITS, Logarithms, bits_between_products, bits_needed
from tncompile.expressivity.upper.coloring import Coloring, Count, cut_wires
from tncompile.expressivity.upper.flow import best_colorings, is_multilinear
from tncompile.network import Network

MOST_BITS = 20_000  # of capacities
FLIPPED = 30  # nodes of a graph with sums whose colours are tried one by one
SMALL = 200  # nodes of a graph that is refined in several ways
NEAR = 20  # bits: bounds this close to the best one are looked at with more precise capacities


def upper_bound(net: Network, cut: CutSides, output: Member | None = None, grid: int | None = None) -> Bound:
    """A proved upper bound of the separation rank of an output member across a cut.

    ``output`` is the member (default: the first of the first output); its legs are contracted with
    a generic vector. With ``grid`` the bound is one of the rank on that many templates for each input. Raises
    NotPolynomial where a function joins both sides, TnError for members that are not there.
    """
    graph = expand(net, cut, output)
    return Bound(0) if graph is None else bound_of(graph, grid)


def bound_of(graph: Graph, grid: int | None = None) -> Bound:
    """The best bound that the refinements of a graph prove."""
    found: list[tuple[int, int, Graph, Coloring, int]] = []
    for place, other in enumerate(refinements(graph)):
        value, coloring, edges = colored(other, Logarithms(), grid)
        found.append((value, place, other, coloring, edges))
    best = min(value for value, *_ in found)
    for place, (value, _, other, _, edges) in enumerate(found):
        bits = bits_needed(value, edges) if grid else _bits(other, value, edges)
        if FLOAT_BITS < bits <= MOST_BITS and value <= best + (best >> NEAR):
            again, precise, _ = colored(other, Logarithms(bits), grid)
            if again < value:
                found[place] = again, place, other, precise, edges
    # Of equal bounds one without sums, whose count says most.
    _, _, other, coloring, _ = min(found, key=lambda one: (one[0], one[2].has_sums, one[1]))
    bound = described(other, coloring, grid)
    return min((bound, *symmetric_bounds(graph, grid)), key=lambda one: one.value)


def _bits(graph: Graph, value: int, edges: int) -> int:
    """How precise capacities must be, so that a cut of this product is surely the smallest."""
    bits = bits_needed(value, edges)
    if bits <= FLOAT_BITS or graph.has_sums or any(degree > 1 for degree in graph.degrees):
        return bits
    # Capacities are logarithms of the extents of wires and the components of nodes.
    wires = {w.extent.value for node in graph.nodes if isinstance(node, Product) for w in node.wires}
    found = bits_between_products(wires.union(graph.components), edges)
    return bits if found is None else min(bits, found)


def refinements(graph: Graph) -> Iterator[Graph]:
    """Graphs of the same polynomial, each of which proves a bound; the first one is nearly always the best.

    Definitions of degree 1 that are used once are put in where they are used, and products of a
    higher degree are divided. What sums hold of one side alone is one vector. In small graphs also: all that is used
    once is put in, or nothing, and sums are left as they are.
    """
    starts = [graph]
    if graph.has_sums:
        small = [sealed(graph), graph] if len(graph.nodes) <= SMALL else []
        starts = [gathered(sealed(graph)), *small]
    for start in dict.fromkeys(starts):
        flat = inlined(start)
        yield split(flat)
        if len(start.nodes) <= SMALL and (start.has_sums or any(degree > 1 for degree in start.degrees)):
            yield split(inlined(start, None))
            yield split(start)


def colored(graph: Graph, logarithm: Logarithms, grid: int | None) -> tuple[int, Coloring, int]:
    """The smallest bound found, its colouring, and the number of edges of the flow network."""
    best: tuple[int, Coloring] | None = None
    edges = 0
    for plus in (0, 1) if graph.has_sums else (0,):
        cut = best_colorings(graph, logarithm, grid, plus)
        edges = cut.edges
        for coloring in (*cut.colorings, *plain_colorings(graph)):
            value = Count(graph, coloring, grid).value
            if best is None or value < best[0]:
                best = value, coloring
    assert best is not None
    if graph.has_sums and len(graph.nodes) <= FLIPPED:
        best = flipped(graph, *best, grid)
    return *best, edges


def plain_colorings(graph: Graph) -> Iterator[Coloring]:
    """Everything but the inputs in one colour."""
    for color in (True, False):
        nodes = tuple(node.side == ROWS if isinstance(node, Leaf) else color for node in graph.nodes)
        factors = {
            number: (color,) * len(node.factors)
            for number, node in enumerate(graph.nodes)
            if isinstance(node, Product) and is_multilinear(graph, number)
        }
        yield Coloring(nodes, factors)


def flipped(graph: Graph, value: int, coloring: Coloring, grid: int | None) -> tuple[int, Coloring]:
    """The colouring improved by changing single colours of nodes, while that helps."""
    improved = True
    while improved:
        improved = False
        for number, node in enumerate(graph.nodes):
            if isinstance(node, Leaf):
                continue
            nodes = tuple(c != (place == number) for place, c in enumerate(coloring.nodes))
            other = Coloring(nodes, coloring.factors)
            count = Count(graph, other, grid).value
            if count < value:
                value, coloring, improved = count, other, True
    return value, coloring


# --- description ---------------------------------------------------------------------------------


def described(graph: Graph, coloring: Coloring, grid: int | None) -> Bound:
    """The bound of a colouring with what it counts."""
    count = Count(graph, coloring, grid)
    value = count.value if grid is None else min(count.value, _grid_limit(graph, grid))
    wires: list[str] = []
    states: list[tuple[str, int, int]] = []
    for block, degree in count.degrees():
        known = count.blocks[block]
        node = graph.nodes[known.node]
        if known.inside and isinstance(node, Product):
            cut = cut_wires(node, coloring.factors[known.node], coloring.nodes[known.node])
            wires += [
                f"{node.wires[w].name} ({node.wires[w].extent.value})"
                for w in cut
                if node.wires[w].extent.value > 1
            ]
        else:
            states.append((node.name, known.extent, degree))
    return Bound(value, tuple(wires), tuple(states), replace(proof_of(graph, coloring), grid=grid))


def _grid_limit(graph: Graph, grid: int) -> int:
    """The smaller side of the matrix of scores on a grid."""
    inputs = {ROWS: 0, COLUMNS: 0}
    for node in graph.nodes:
        if isinstance(node, Leaf):
            inputs[node.side] |= node.inputs
    return int(grid ** min(found.bit_count() for found in inputs.values()))
