"""Generic ranks that were computed elsewhere, exactly: every one must come out."""

from __future__ import annotations

import pytest

from tests.expressivity.texts import GNN, SQUARED_TRAIN, SUM_OF_TRAINS, UNEQUAL_TRAIN
from tncompile import load
from tncompile.expressivity.rank import rank

# Uniform tensor trains: d n r, the rank of odd_even, the rank of start_end.
TRAINS = """
4 2 1 1 1   4 2 2 4 2   4 2 3 4 3   4 2 4 4 4   4 2 5 4 4   4 3 1 1 1   4 3 2 6 2   4 3 3 9 3   4 3 4 9 4   4 3 5 9 5
4 4 1 1 1   4 4 2 8 2   4 4 3 12 3  4 4 4 16 4  4 4 5 16 5  4 5 2 8 2   4 6 2 8 2   4 8 2 8 2   4 5 3 15 3  4 10 3 27 3
6 2 1 1 1   6 2 2 8 2   6 2 3 8 3   6 2 4 8 4   6 2 5 8 5   6 3 1 1 1   6 3 2 18 2  6 3 3 27 3  6 3 4 27 4  6 3 5 27 5
6 4 1 1 1   6 4 2 32 2  6 4 3 48 3  6 4 4 64 4  6 4 5 64 5  6 5 2 32 2  6 6 2 32 2
8 2 1 1 1   8 2 2 16 2  8 2 3 16 3  8 2 4 16 4  8 2 5 16 5  8 3 1 1 1   8 3 2 54 2  8 3 3 81 3  8 3 4 81 4  8 3 5 81 5
8 4 1 1 1   8 4 2 128 2 8 4 4 256 4
"""
# Deep recurrent circuits, start_end: L T, then M R rank.
DEEP = """
2 4: 2 2 6, 2 3 6, 3 3 18, 2 4 6, 3 4 18, 4 4 40, 5 5 75
2 6: 2 2 8, 2 3 24, 3 3 30, 2 4 24, 3 4 76, 4 4 80, 3 5 155, 5 5 175
2 8: 2 2 10, 2 3 42, 3 3 45, 2 4 120, 3 4 136, 4 4 140, 3 5 325
2 10: 2 2 12, 2 3 60, 3 3 63, 2 4 200, 3 4 220, 4 4 224
2 12: 2 2 14, 2 3 81, 3 3 84, 2 4 308
3 4: 2 2 8, 2 3 8, 3 3 30, 3 4 30, 4 4 80, 5 5 175
3 6: 2 2 52, 2 3 56, 2 4 56
3 8: 2 2 106
3 10: 2 2 188
3 12: 2 2 304
4 4: 2 2 10, 2 3 10, 3 3 45, 4 4 140
4 6: 2 2 106, 2 3 110
5 4: 2 2 12, 2 3 12, 3 3 63, 4 4 224
5 6: 2 2 188, 2 3 192
1 6: 2 3 3, 3 2 2, 4 5 5, 2 5 5
"""
# The same on a grid of M templates.
DEEP_GRID = """
2 4: 2 1 1, 2 2 4, 2 3 4, 3 2 6, 3 3 9, 3 4 9, 4 2 6, 4 3 12, 4 4 16, 5 2 6, 5 3 15, 6 3 18, 8 3 18, 8 4 32
2 6: 2 1 1, 2 2 8, 2 3 8, 3 2 8, 3 3 27, 3 4 27, 4 2 8, 4 3 30, 4 4 64, 5 2 8, 6 3 30
2 8: 2 1 1, 2 2 10, 2 3 16, 3 2 10, 3 3 45
2 10: 2 2 12, 2 3 32
3 4: 2 2 4, 3 2 6, 3 3 9, 4 2 8, 4 3 12, 4 4 16, 5 2 8, 5 3 15, 6 2 8, 8 3 24, 6 4 24
3 6: 2 2 8, 3 2 18, 3 3 27, 4 2 32, 4 3 48, 4 4 64, 5 2 40
3 8: 2 2 16, 3 2 54
4 4: 3 2 6, 4 2 8, 6 2 10, 4 3 12
4 6: 3 2 18, 4 3 48
1 4: 3 2 2, 2 5 4, 3 5 5
"""


def rows(text, width):
    numbers = [int(word) for word in text.split()]
    return [tuple(numbers[i : i + width]) for i in range(0, len(numbers), width)]


def deep(text):
    lines = [line.split(":") for line in text.strip().splitlines()]
    return [
        tuple(map(int, (*head.split(), *entry.split()))) for head, tail in lines for entry in tail.split(",")
    ]


def found(net, cut, **options):
    """The rank of one cut, certain from below; no bound was below it."""
    (result,) = rank(net, cut, **options).results
    assert result.upper is None or result.lower <= result.upper
    return result.lower


@pytest.mark.parametrize(("d", "n", "r", "odd_even", "start_end"), rows(TRAINS, 5))
def test_uniform_trains(d, n, r, odd_even, start_end):
    report = rank(load("examples/tensor_train.tn", d=d, n=n, r=r, C=1))
    assert [(result.lower, result.exact) for result in report] == [(odd_even, True), (start_end, True)]


@pytest.mark.parametrize(("d", "n", "r", "odd_even", "start_end"), rows(TRAINS, 5)[1::4])
def test_trains_with_shared_cores_have_the_ranks_of_those_without(d, n, r, odd_even, start_end):
    report = rank(load("examples/recurrent_tensor_train.tn", d=d, n=n, r=r))
    assert [result.lower for result in report] == [odd_even, start_end]


def test_a_train_of_unequal_sizes_has_a_rank_below_its_minimum_cut():
    (result,) = rank(load(UNEQUAL_TRAIN), "odd_even").results
    assert (result.lower, result.upper, result.verdict) == (14, 15, "probable")


@pytest.mark.parametrize(("L", "T", "M", "R", "expected"), deep(DEEP))
def test_deep_circuits_separation_rank(L, T, M, R, expected):
    assert found(load("examples/deep_rac.tn", T=T, L=L, M=M, R=R), "start_end") == expected


@pytest.mark.parametrize(("L", "T", "M", "R", "expected"), deep(DEEP_GRID))
def test_deep_circuits_on_a_grid(L, T, M, R, expected):
    assert found(load("examples/deep_rac.tn", T=T, L=L, M=M, R=R), "start_end", grid=M) == expected


@pytest.mark.parametrize(
    ("T", "L", "M", "R", "expected"),
    [
        (4, 2, 2, 2, (5, 6, 2)),
        (6, 2, 2, 2, (7, 10, 8, 6, 2)),
        (6, 2, 3, 3, (28, 45, 30, 18, 3)),
        (8, 2, 2, 2, (9, 14, 12, 10, 8, 6, 2)),
        (6, 1, 2, 3, (2, 3, 3, 3, 2)),
    ],
)
def test_deep_circuits_at_every_prefix(T, L, M, R, expected):
    report = rank(load("examples/deep_rac.tn", T=T, L=L, M=M, R=R), "contiguous")
    assert tuple(result.lower for result in report) == expected


@pytest.mark.parametrize(
    ("T", "M", "R", "expected"), [(4, 2, 1, 1), (4, 3, 2, 4), (6, 2, 3, 8), (6, 3, 2, 8), (8, 2, 2, 16)]
)
def test_shallow_circuits_odd_even(T, M, R, expected):
    assert found(load("examples/shallow_rac.tn", T=T, M=M, R=R), "odd_even") == expected


@pytest.mark.parametrize(
    ("d", "n", "r", "odd_even", "half", "prefixes"),
    [
        (4, 2, 3, 4, 3, (2, 3, 2)),
        (4, 3, 2, 4, 2, (2, 2, 2)),
        (4, 3, 4, 9, 4, (3, 4, 3)),
        (8, 2, 2, 16, 2, (2, 2, 4, 2, 4, 2, 2)),
        (8, 2, 4, 16, 4, (2, 4, 8, 4, 8, 4, 2)),
        (8, 3, 4, 81, 4, (3, 4, 12, 4, 12, 4, 3)),
    ],
)
def test_hierarchical_tucker(d, n, r, odd_even, half, prefixes):
    net = load("examples/hierarchical_tucker.tn", d=d, n=n, r=r, C=1)
    report = rank(net, ["odd_even", "start_end", "contiguous"])
    assert [result.lower for result in report] == [odd_even, half, *prefixes]


@pytest.mark.parametrize(
    ("d", "n", "r", "odd_even", "half"),
    [
        (4, 3, [3, 2], 9, 2),
        (4, 3, [5, 4], 9, 4),
        (4, 4, [4, 4], 16, 4),
        (8, 2, [3, 2, 1], 16, 1),
        (8, 3, [3, 1, 1], 81, 1),
    ],
)
def test_convolutional_circuits(d, n, r, odd_even, half):
    report = rank(load("examples/conv_arithmetic_circuit.tn", d=d, n=n, r=r))
    assert [result.lower for result in report] == [odd_even, half]


@pytest.mark.parametrize(
    ("d", "n", "r", "expected"),
    [(4, 2, 3, 3), (4, 2, 5, 4), (4, 3, 10, 9), (6, 2, 9, 8), (6, 3, 20, 20), (6, 3, 30, 27)],
)
def test_canonical_decompositions(d, n, r, expected):
    assert found(load("examples/cp.tn", d=d, n=n, r=r), "odd_even") == expected


@pytest.mark.parametrize(
    ("d", "n", "r", "expected"), [(4, 2, 2, 4), (4, 3, 2, 4), (4, 3, 3, 9), (6, 3, 2, 8)]
)
def test_tucker(d, n, r, expected):
    assert found(load("examples/tucker.tn", d=d, n=n, r=r), "odd_even") == expected


PATH, CYCLE, STAR = (
    [[1, 2], [1, 2, 3], [2, 3, 4], [3, 4]],
    [[1, 2, 4], [1, 2, 3], [2, 3, 4], [1, 3, 4]],
    [[1, 2, 3, 4], [1, 2], [1, 3], [1, 4]],
)


@pytest.mark.parametrize(
    ("graph", "cut", "expected"),
    [
        (PATH, "x[1..2]", (2, 24, 126)),
        (PATH, "x[1], x[3]", (2, 36, 236)),
        (CYCLE, "x[1..2]", (2, 34, 235)),
        (STAR, "x[1..2]", (2, 18, 98)),
    ],
)
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_graph_networks(graph, cut, expected, layer):
    assert found(load(GNN, neighbours=graph, L=layer), cut) == expected[layer - 1]


@pytest.mark.parametrize(("cut", "expected"), [("x[1..2]", (1, 2, 6)), ("x[1], x[3]", (2, 3, 10))])
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_graph_networks_at_a_vertex(cut, expected, layer):
    assert found(load(GNN, L=layer), cut, output="vertex[1]") == expected[layer - 1]


@pytest.mark.parametrize(("cut", "expected"), [("x[1..2]", (2, 16, 16)), ("x[1], x[3]", (2, 16, 16))])
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_graph_networks_on_a_grid(cut, expected, layer):
    assert found(load(GNN, L=layer), cut, grid=4) == expected[layer - 1]


@pytest.mark.parametrize(
    ("field", "d", "n", "r", "start_end", "odd_even"),
    [
        ("real", 4, 3, 2, 3, 18),
        ("real", 6, 3, 2, 3, 108),
        ("real", 4, 3, 3, 6, 36),
        ("complex", 4, 3, 2, 4, 24),
        ("complex", 6, 3, 2, 4, 144),
    ],
)
def test_squared_trains(field, d, n, r, start_end, odd_even):
    net = load(SQUARED_TRAIN.replace("FIELD", field), d=d, n=n, r=r)
    assert found(net, "start_end") == start_end
    assert found(net, "odd_even") == odd_even


def test_born_machines_and_purified_states():
    assert found(load("examples/born_machine.tn", r=3), "start_end") == 9
    assert found(load("examples/locally_purified.tn", d=4, r=2), "start_end") == 4


def test_ranks_of_a_sum_of_trains_add():
    net = load(SUM_OF_TRAINS)
    (result,) = rank(net, "odd_even").results
    assert result.lower == 2
    assert result.upper is None or result.upper >= 2


def test_the_classes_on_a_side_change_the_rank():
    net = load("examples/tensor_train.tn", d=4, n=2, r=8, C=5)
    assert found(net, "x[1..3]") == 2
    assert found(net, "x[1..3] | x[4], score") == 8
