"""What is drawn: which nodes, which wires."""

from collections import Counter

import pytest

from tncompile.draw.expansion.expand import expand
from tncompile.language import load


def kinds(graph):
    return Counter(node.kind for node in graph.nodes)


def wires_between(graph, one, other):
    """The wires between nodes of two names, as sets of ends."""
    names = {(graph.nodes[w.source].name, graph.nodes[w.target].name): w for w in graph.wires}
    return [w for pair, w in names.items() if set(pair) == {one, other}]


def test_a_chain_of_definitions_is_one_network_of_tensors():
    graph = expand(load("examples/tensor_train.tn", d=5))
    assert kinds(graph) == {"weight": 5, "input": 5, "open": 1}
    bonds = [w for w in graph.wires if graph.nodes[w.source].name == graph.nodes[w.target].name == "G"]
    assert [(w.extent.value, str(w.extent.formula)) for w in bonds] == [(4, "r")] * 4


def test_the_wires_flow_from_the_inputs_to_the_outputs():
    graph = expand(load("examples/tensor_train.tn", d=4))
    order = {graph.nodes[w.source].subscripts: graph.nodes[w.target].subscripts for w in graph.wires
             if graph.nodes[w.source].name == graph.nodes[w.target].name}  # fmt: skip
    assert order == {(1,): (2,), (2,): (3,), (3,): (4,)}
    assert all(graph.nodes[w.target].kind != "input" for w in graph.wires)


def test_an_index_of_many_tensors_is_a_dot():
    graph = expand(load("examples/cp.tn", d=6))
    (dot,) = [n for n, node in enumerate(graph.nodes) if node.kind == "dot"]
    assert Counter(graph.nodes[n].name for n in graph.around(dot)) == {"factor": 6, "top": 1}


def test_a_shared_weight_is_drawn_at_each_use_and_an_input_once():
    graph = expand(load("examples/shallow_rac.tn", T=5))
    assert Counter(node.name for node in graph.nodes if node.kind == "weight") == {"WI": 5, "WH": 4, "WO": 1}
    assert kinds(graph)["input"] == 5


def test_a_state_that_is_used_several_times_is_one_node_with_several_wires():
    graph = expand(load("examples/deep_rac.tn", T=4, L=2))
    states = {node.subscripts: n for n, node in enumerate(graph.nodes) if node.kind == "state"}
    assert (2, 1) in states
    assert sorted(graph.nodes[n].name for n in graph.above[states[2, 1]]) == ["WH", "WI"]
    assert sorted(graph.nodes[n].name for n in graph.below[states[2, 1]]) == ["WH", "WI"]


def test_what_is_made_of_weights_by_functions_is_drawn_like_a_weight():
    graph = expand(load("examples/hidden_markov.tn", T=4))
    assert Counter(node.name for node in graph.nodes if node.kind == "derived") == {"p": 1, "A": 3, "B": 4}
    assert kinds(graph)["weight"] == 0


def test_functions_are_nodes_and_the_work_on_one_operand_is_one_node():
    graph = expand(load("examples/linear_attention.tn", T=2))
    assert "relu+exp∘min" in {node.name for node in graph.nodes if node.kind == "function"}


def test_a_conjugate_is_the_tensor_with_a_star():
    graph = expand(load("examples/born_machine.tn", d=3))
    assert Counter(node.name for node in graph.nodes if node.kind == "weight") == {"A": 6, "A*": 3}


def test_a_bond_of_extent_1_at_the_edge_is_not_drawn():
    graph = expand(load("examples/peps.tn"))
    assert kinds(graph) == {"weight": 9, "input": 9}
    assert len(graph.wires) == 12 + 9


def test_delta_joins_wires():
    graph = expand(
        load(
            "network t\nsize n = 3\ninput x(n), z(n)\nweight w(n)\noutput y() = delta(i, j) * x(i) * z(j) * w(j)"
        )
    )
    assert kinds(graph)["dot"] == 1


def test_an_index_summed_alone_ends_in_a_one():
    graph = expand(
        load(
            "network t\nsize n = 3, m = 2\ninput x(n)\nweight w(n, m)\noutput y() = sum(w(i, j) * x(i) over j)"
        )
    )
    assert [node.name for node in graph.nodes if node.kind == "number"] == ["1"]


def test_a_tensor_with_many_axes_by_a_loop_keeps_them_all():
    graph = expand(load("examples/tt_matrix.tn", d=4))
    (x,) = [n for n, node in enumerate(graph.nodes) if node.kind == "input"]
    assert len(graph.above[x]) == 4
    assert kinds(graph)["open"] == 4


def test_a_long_chain_needs_no_recursion():
    graph = expand(load("examples/tensor_train.tn", d=3000))
    assert len(graph.nodes) == 6001


@pytest.mark.parametrize("text", [
    "network t\nsize n = 3\nweight w(n)\noutput y(i) = w(i)",
    "network t\nsize n = 3\nweight w(n)\noutput y() = 2 * sum(w(i) over i) + 1",
    "network t\nsize n = 3\nweight w(n)\na(i) = w(i)\nb(i) = a(i)\noutput y() = b(i) * b(i)",
    "network t\nsize n = 3\nweight w(n, n)\noutput y(i) = max(w(i, j) over j)",
    "network t\nsize n = 3\nweight w(n, n)\noutput y() = sum(w(i, i) over i)",
    "network t\noutput y() = 3",
])  # fmt: skip
def test_odd_networks_can_be_drawn(text):
    assert expand(load(text)) is not None
