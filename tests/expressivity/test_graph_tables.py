"""Networks on graphs: ranks of the function and on a grid, with the walks that bound them.

Razin, Verbin, Cohen (2023), On the ability of graph neural networks to model interactions between vertices.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.expressivity.tables import ranks
from tests.expressivity.texts import GNN

PATH, CYCLE, STAR = (
    [[1, 2], [1, 2, 3], [2, 3, 4], [3, 4]],
    [[1, 2, 4], [1, 2, 3], [2, 3, 4], [1, 3, 4]],
    [[1, 2, 3, 4], [1, 2], [1, 3], [1, 4]],
)
# Graph, vertices of the rows: walks of 0, 1, 2 edges from the boundary; ranks of 1, 2, 3 layers, of the function and on 4 templates.
WHOLE = [
    (PATH, (1, 2), (2, 6, 16), (2, 24, 126), (2, 16, 16)),
    (PATH, (1, 3), (4, 10, 26), (2, 36, 236), (2, 16, 16)),
    (CYCLE, (1, 2), (4, 12, 36), (2, 34, 235), (2, 10, 10)),
    (STAR, (1, 2), (3, 8, 22), (2, 18, 98), (2, 10, 10)),
]
# The same for the prediction of the first vertex of the path, where the walks end.
VERTEX = [
    (PATH, (1, 2), (0, 1, 3), (1, 2, 6), (1, 2, 6)),
    (PATH, (1, 3), (1, 2, 5), (2, 3, 10), (2, 3, 8)),
]


def walks(graph, side, length, end=None):
    """How many walks begin at a vertex with a neighbour on the other side (and end at a given one)."""
    adjacent = np.array([[other in near for other in range(1, len(graph) + 1)] for near in graph], int)
    boundary = [any((v in side) != (w in side) for w in near) for v, near in enumerate(graph, 1)]
    counts = np.array(boundary, int) @ np.linalg.matrix_power(adjacent, length)
    return int(counts.sum() if end is None else counts[end - 1])


def check(graph, side, layers, expected, grid=None, output=None):
    cut = ", ".join(f"x[{vertex}]" for vertex in side)
    options = {"grid": grid, "output": output}
    assert ranks(GNN, cut, options=options, neighbours=graph, L=layers) == [expected[layers - 1]]


@pytest.mark.parametrize(
    ("graph", "side", "layers", "function"),
    [
        pytest.param(
            graph, side, layers, function, marks=pytest.mark.slow if function[layers - 1] > 200 else []
        )
        for graph, side, _, function, _ in WHOLE
        for layers in (1, 2, 3)
    ],
)
def test_the_prediction_for_a_graph(graph, side, layers, function):
    check(graph, side, layers, function)


@pytest.mark.parametrize(
    ("graph", "side", "grid"), [(graph, side, grid) for graph, side, _, _, grid in WHOLE]
)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_prediction_for_a_graph_on_a_grid(graph, side, grid, layers):
    check(graph, side, layers, grid, grid=4)


@pytest.mark.parametrize(
    ("graph", "side", "function", "grid"), [(graph, side, *found) for graph, side, _, *found in VERTEX]
)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_prediction_for_a_vertex(graph, side, function, grid, layers):
    check(graph, side, layers, function, output="vertex[1]")
    check(graph, side, layers, grid, grid=4, output="vertex[1]")


@pytest.mark.parametrize(("end", "table"), [(None, WHOLE), (1, VERTEX)])
def test_walks_from_the_boundary_bound_the_ranks(end, table):
    for graph, side, expected, function, _ in table:
        found = tuple(walks(graph, side, length, end) for length in range(3))
        assert found == expected
        width = 2
        assert all(rank <= width ** (4 * walk + 1) for rank, walk in zip(function, found, strict=True))
