"""Where things stand on the paper."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.networks import networks
from tncompile.draw.expansion.expand import expand
from tncompile.draw.paper.marks import mark_size
from tncompile.draw.paper.wires import route
from tncompile.draw.placing.layout import lay_out
from tncompile.draw.placing.spread import spread
from tncompile.language import load
from tncompile.transform import inline_definitions

EXAMPLES = sorted(path.stem for path in Path("examples").glob("*.tn"))


def layout_of(name, **sizes):
    return lay_out(expand(inline_definitions(load(f"examples/{name}.tn", **sizes))))


def places_of(layout, name):
    """Subscripts (or the number of the node) to place, for the nodes of a name."""
    return {
        node.subscripts or number: place
        for number, (node, place) in enumerate(zip(layout.graph.nodes, layout.places, strict=True))
        if node.name == name
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_two_marks_touch(name):
    layout = layout_of(name)
    boxes = [(x, y, *mark_size(node)) for node, (x, y) in zip(layout.graph.nodes, layout.places, strict=True)]
    for (x, y, w, h), (u, v, p, q) in combinations(boxes, 2):
        assert abs(x - u) > (w + p) / 2 or abs(y - v) > (h + q) / 2


@pytest.mark.parametrize("name", EXAMPLES)
def test_few_wires_run_through_marks(name):
    layout = layout_of(name)
    centres = np.array(layout.places)
    halves = np.array([mark_size(node) for node in layout.graph.nodes]) / 2
    hits = 0
    for path in route(layout):
        inside = (np.abs(path.points()[:, None] - centres) < halves).all(axis=2).any(axis=0)
        inside[[path.wire.source, path.wire.target]] = False
        hits += bool(inside.any())
    assert hits <= 0.03 * len(layout.graph.wires)


def test_a_chain_stands_in_a_line_with_its_inputs_below():
    layout = layout_of("tensor_train")
    cores, inputs = places_of(layout, "G"), places_of(layout, "x")
    assert len({y for _, y in cores.values()}) == 1
    assert all(inputs[k][0] == pytest.approx(x) and inputs[k][1] < y for k, (x, y) in cores.items())
    steps = np.diff([cores[k,][0] for k in range(1, 9)])
    assert np.allclose(steps, steps[0])
    assert steps[0] > 0


def test_a_chain_with_its_label_at_the_centre_is_one_line():
    layout = layout_of("mps_classifier")
    assert len({y for name in ("G", "label") for _, y in places_of(layout, name).values()}) == 1


def test_a_tree_stands_in_levels_each_node_over_the_middle_of_its_sons():
    layout = layout_of("hierarchical_tucker")
    leaves, nodes = places_of(layout, "leaf"), places_of(layout, "node")
    assert len({y for _, y in leaves.values()}) == 1
    for (level, j), (x, y) in nodes.items():
        sons = [leaves[k,] if level == 1 else nodes[level - 1, k] for k in (2 * j - 1, 2 * j)]
        assert x == pytest.approx(sum(u for u, _ in sons) / 2)
        assert all(v < y for _, v in sons)


def test_layers_over_time_form_a_grid():
    states = places_of(layout_of("deep_rac"), "h")
    for (t, layer), (x, y) in states.items():
        assert x == pytest.approx(states[t, 1][0])
        assert y == states[1, layer][1]
    assert states[1, 2][1] > states[1, 1][1]


def test_a_lattice_is_a_grid_with_rows_downwards():
    sites = places_of(layout_of("peps"), "A")
    for (i, j), (x, y) in sites.items():
        assert (x, y) == pytest.approx((sites[1, j][0], sites[i, 1][1]))
    assert sites[3, 1][1] < sites[1, 1][1]


def test_a_ring_is_a_circle():
    layout = layout_of("tensor_ring")
    distances = [np.hypot(x, y) for name in ("G", "top") for x, y in places_of(layout, name).values()]
    assert np.allclose(distances, distances[0])


def test_the_gates_of_a_layer_stand_in_a_row_between_their_wires():
    gates = places_of(layout_of("circuit"), "U")
    assert all(y == gates[t, 1 if t % 2 else 2][1] for (t, _), (_, y) in gates.items())
    assert gates[1, 1][0] < gates[2, 2][0] < gates[1, 3][0]


def test_wires_around_the_edge_are_cut():
    layout = layout_of("mera")
    assert layout.cut
    assert {path.name for path in route(layout) if len(path.strokes) == 2} == {"a", "b", "c"}


def test_an_input_with_an_axis_for_each_column_reaches_under_all():
    layout = layout_of("tt_matrix")
    (wide,) = [node for node in layout.graph.nodes if node.kind == "input"]
    cores = [x for x, _ in places_of(layout, "G").values()]
    assert wide.span > max(cores) - min(cores)


def test_a_bra_stands_over_its_ket():
    layout = layout_of("born_machine")
    rows = {y for _, y in [*places_of(layout, "A").values(), *places_of(layout, "A*").values()]}
    assert len(rows) in (2, 3)


@pytest.mark.parametrize(
    "name", ["tensor_train", "cp", "deep_rac", "hidden_markov", "lstm", "copying_memory"]
)
def test_a_long_network_is_abbreviated(name):
    size = {"tensor_train": "d", "cp": "d", "copying_memory": "B"}.get(name, "T")
    layout = layout_of(name, **{size: 40})
    assert any(node.kind == "gap" for node in layout.graph.nodes)
    columns = [node.subscripts[0] for node in layout.graph.nodes if node.kind == "input"]
    last = 46 if name == "copying_memory" else 40
    assert min(columns) == 1
    assert max(columns) == last
    assert len(columns) <= 12


def test_a_large_tree_is_abbreviated():
    layout = layout_of("hierarchical_tucker", d=64)
    assert sum(node.kind == "input" for node in layout.graph.nodes) <= 12
    assert any(node.kind == "gap" for node in layout.graph.nodes)


def test_an_irregular_network_can_be_laid_out():
    text = """network t
size n = 3
weight a(n, n, n), b(n, n), c(n, n), e(n)
output y(i) = a(i, j, k) * b(j, l) * c(k, l) * e(l)"""
    layout = lay_out(expand(load(text)))
    assert len(set(layout.places)) == len(layout.places)


def test_marks_in_a_row_keep_their_distance_and_stay_near():
    assert spread([0.0, 5.0], [1.0, 1.0]) == [0.0, 5.0]
    assert spread([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]) == [-1.0, 0.0, 1.0]
    firm = spread([0.0, 0.2], [1.0, 1.0], [1e9, 1.0])
    assert firm == pytest.approx([0.0, 1.0], abs=1e-6)


@given(networks())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_any_network_can_be_laid_out(text):
    layout = lay_out(expand(inline_definitions(load(text))))
    assert np.isfinite(np.array(layout.places)).all()
    assert len(route(layout)) == len(layout.graph.wires)
