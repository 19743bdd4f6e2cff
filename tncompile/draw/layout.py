"""Which layout a graph gets."""

from __future__ import annotations

from tncompile.draw.columns import find_columns
from tncompile.draw.flow import Point, flow_layout
from tncompile.draw.graph import Graph


def lay_out(graph: Graph) -> list[Point]:
    """A place for each node."""
    return flow_layout(graph, find_columns(graph))
