"""Which layout a graph gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace

from tncompile.draw.expansion.graph import Graph
from tncompile.draw.placing.abbreviate import abbreviate
from tncompile.draw.placing.columns import find_columns
from tncompile.draw.placing.flow import Point, flow_layout
from tncompile.draw.placing.shapes import circuit_layout, lattice_layout, ring_layout
from tncompile.source.records import record

Pair = tuple[int, int]


@record
class Layout:
    """A graph with a place for each node.

    ``cut`` are the wires that lead around the edge, ``detours`` those that run between two columns,
    with the place where; ``bends`` are points where a wire finds its way through the rows it passes.
    """

    graph: Graph
    places: Sequence[Point]
    cut: frozenset[Pair] = frozenset()
    detours: Mapping[Pair, float] = field(default_factory=dict)
    bends: Mapping[Pair, Sequence[Point]] = field(default_factory=dict)


def lay_out(graph: Graph) -> Layout:
    """The first layout that knows the shape of a graph."""
    shapes: tuple[Callable[[Graph], list[Point] | None], ...] = (ring_layout, lattice_layout)
    for shape in shapes:
        places = shape(graph)
        if places is not None:
            return Layout(graph, places)
    circuit = circuit_layout(graph)
    if circuit is not None:
        return Layout(graph, *circuit)
    graph, columns = abbreviate(graph, find_columns(graph))
    flow = flow_layout(graph, columns)
    return Layout(_widen(graph, flow.places), flow.places, detours=flow.detours, bends=flow.bends)


def _widen(graph: Graph, places: list[Point]) -> Graph:
    """An input with an axis for each of several columns reaches under all of them."""
    nodes = list(graph.nodes)
    for number, node in enumerate(nodes):
        ends = [places[other][0] for other in graph.above[number]]
        alone = not any(p != number and places[p][1] == places[number][1] for p in range(len(nodes)))
        if node.kind == "input" and len(ends) > 1 and alone:
            nodes[number] = replace(node, span=max(ends) - min(ends) + 0.6)
    return Graph(tuple(nodes), graph.wires)
