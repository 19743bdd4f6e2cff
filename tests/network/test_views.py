"""A network as graphs of networkx."""

from __future__ import annotations

import networkx
import pytest

from tncompile.language import load
from tncompile.network.views import definition_graph, incidence_graph

CP = """network cp
size d = 3, n = 2, r = 4
input  x[1..d](n)
weight factor[1..d](n, r)
f[k](q) = factor[k](i, q) * x[k](i)                   for k in 1..d
output score() = prod(f[k](q) for k in 1..d) * one(q)
"""


def test_the_incidence_graph_is_bipartite_and_knows_hyperindices():
    graph = incidence_graph(load(CP))
    assert networkx.is_bipartite(graph)
    uses = [node for node, data in graph.nodes(data=True) if data["bipartite"] == 0]
    assert [node for node in uses if node[1] == "score"] == [("use", "score", k) for k in (1, 2, 3, 4)]
    (q,) = [node for node in graph if node[:2] == ("index", "score")]
    assert graph.degree(q) == 4
    assert graph.nodes[q] == {"bipartite": 1, "extent": 4, "free": False}
    assert {graph.nodes[node]["tensor"] for node in graph.neighbors(q)} == {"f[1]", "f[2]", "f[3]", "one"}
    assert networkx.number_connected_components(graph) == 4


def test_the_definition_graph_points_from_what_is_used_to_its_users():
    graph = definition_graph(load(CP))
    assert set(graph.edges()) == {
        (("factor", -1), ("f", 0)),
        (("x", -1), ("f", 0)),
        (("f", 0), ("score", 1)),
    }
    assert graph.nodes["f", 0] == {"role": "plain", "text": "f[k](q)"}


def test_graphs_are_frozen():
    net = load(CP)
    for graph in (incidence_graph(net), definition_graph(net)):
        with pytest.raises(networkx.NetworkXError):
            graph.add_node("new")
