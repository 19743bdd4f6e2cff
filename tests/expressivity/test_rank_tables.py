"""Tensor formats: generic ranks that were computed elsewhere, exactly. Every one must come out.

Khrulkov, Novikov, Oseledets (2018), Expressive power of recurrent neural networks: trains and trees, free and with equal cores.
Cohen, Sharir, Shashua (2016), On the expressive power of deep learning: convolutional circuits. Levine, Yakira, Cohen, Shashua (2018),
Deep learning and quantum entanglement: minimum cuts.
"""

from __future__ import annotations

import pytest

from tests.expressivity.tables import CIRCUITS, example_ranks, multichoose, ranks, rows
from tests.expressivity.texts import RING, UNEQUAL_TRAIN
from tncompile import load
from tncompile.expressivity.rank import rank

BOTH = ["odd_even", "start_end"]

# Uniform tensor trains: d n r, the rank of odd_even, the rank of start_end.
TRAINS = """
2 2 1 1 1   2 2 3 2 2   2 3 2 2 2   2 4 4 4 4
4 2 1 1 1   4 2 2 4 2   4 2 3 4 3   4 2 4 4 4   4 2 5 4 4   4 3 1 1 1   4 3 2 6 2   4 3 3 9 3   4 3 4 9 4   4 3 5 9 5
4 4 1 1 1   4 4 2 8 2   4 4 3 12 3  4 4 4 16 4  4 4 5 16 5  4 5 2 8 2   4 6 2 8 2   4 8 2 8 2   4 5 3 15 3  4 10 3 27 3
6 2 1 1 1   6 2 2 8 2   6 2 3 8 3   6 2 4 8 4   6 2 5 8 5   6 3 1 1 1   6 3 2 18 2  6 3 3 27 3  6 3 4 27 4  6 3 5 27 5
6 4 1 1 1   6 4 2 32 2  6 4 3 48 3  6 4 4 64 4  6 4 5 64 5  6 5 2 32 2  6 6 2 32 2
8 2 1 1 1   8 2 2 16 2  8 2 3 16 3  8 2 4 16 4  8 2 5 16 5  8 3 1 1 1   8 3 2 54 2  8 3 3 81 3  8 3 4 81 4  8 3 5 81 5
8 4 1 1 1   8 4 2 128 2 8 4 4 256 4
"""


@pytest.mark.parametrize(("d", "n", "r", "odd_even", "start_end"), rows(TRAINS, 5))
def test_uniform_trains(d, n, r, odd_even, start_end):
    report = rank(load("examples/tensor_train.tn", d=d, n=n, r=r, C=1), BOTH)
    assert [(result.lower, result.exact) for result in report] == [(odd_even, True), (start_end, True)]


@pytest.mark.parametrize(("d", "n", "r", "odd_even", "start_end"), rows(TRAINS, 5))
def test_trains_with_equal_cores_have_the_ranks_of_those_without(d, n, r, odd_even, start_end):
    assert example_ranks("recurrent_tensor_train", BOTH, d=d, n=n, r=r, C=1) == [odd_even, start_end]


@pytest.mark.slow
@pytest.mark.parametrize(("d", "n", "r", "odd_even", "start_end"), rows(TRAINS, 5))
@pytest.mark.parametrize("name", ["tensor_train", "recurrent_tensor_train"])
def test_an_svd_finds_the_ranks_of_trains(name, d, n, r, odd_even, start_end):
    report = rank(load(f"examples/{name}.tn", d=d, n=n, r=r, C=1), BOTH, grid=n, samples=1)
    assert [result.ranks for result in report] == [(odd_even,), (start_end,)]


@pytest.mark.parametrize(("d", "n", "r"), [(5, 2, 2), (5, 3, 2), (5, 2, 3), (6, 2, 2), (6, 3, 2), (6, 2, 5)])
def test_uniform_trains_reach_the_minimum_cut_at_every_bipartition(d, n, r):
    assert all(result.exact for result in rank(load("examples/tensor_train.tn", d=d, n=n, r=r, C=1), "all"))


@pytest.mark.parametrize(
    ("d", "n", "r"),
    [(5, 2, 2), (5, 3, 2), *(pytest.param(*sizes, marks=pytest.mark.slow) for sizes in [(5, 2, 3), (6, 2, 2), (6, 3, 2), (6, 2, 3)])],
)  # fmt: skip
def test_equal_cores_too(d, n, r):
    net = load("examples/recurrent_tensor_train.tn", d=d, n=n, r=r, C=1)
    assert all(result.exact for result in rank(net, "all"))


# --- where the minimum cut is not reached ----------------------------------------------------------

TWO_VERTICES = """
network two_vertices
input a(3), b(5), c(5), e(3)
weight V(3, 5, 2), W(2, 5, 3)
output score() = V(i, j, q) * W(q, k, l) * a(i) * b(j) * c(k) * e(l)
"""


@pytest.mark.parametrize(
    ("text", "cut", "sizes", "lower", "upper"),
    [
        (UNEQUAL_TRAIN, "odd_even", {}, 14, 15),
        (TWO_VERTICES, "a, c", {}, 14, 15),
        (RING, "odd_even", {"d": 4, "n": 3, "r": 2}, 8, 9),
        ("examples/peps.tn", "x[1, 1], x[2, 2]", {"m": 2, "n": 3, "r": 2}, 8, 9),
    ],
)
def test_unequal_extents_and_cycles_can_have_ranks_below_the_minimum_cut(text, cut, sizes, lower, upper):
    (result,) = rank(load(text, **sizes), cut).results
    assert (result.lower, result.upper, result.verdict) == (lower, upper, "probable")


# --- trees ------------------------------------------------------------------------------------------

# Trees: d n r, odd_even, start_end, every prefix.
TREES = """
4 2 2 | 4 2 | 2 2 2            4 2 3 | 4 3 | 2 3 2            4 2 4 | 4 4 | 2 4 2
4 3 2 | 4 2 | 2 2 2            4 3 3 | 9 3 | 3 3 3            4 3 4 | 9 4 | 3 4 3
"""
TALL_TREES = """
8 2 2 | 16 2 | 2 2 4 2 4 2 2   8 2 4 | 16 4 | 2 4 8 4 8 4 2   8 3 2 | 16 2 | 2 2 4 2 4 2 2
8 3 3 | 81 3 | 3 3 9 3 9 3 3   8 3 4 | 81 4 | 3 4 12 4 12 4 3
"""
SHARED_TREE = """
network shared_tree
size d = 8, n = 3, r = 2
let L = log2(d)
input x[1..d](n)
weight leaf(n, r), node[1..L-1](r, r, r), top(r, r)
h[0, j](a) = leaf(i, a) * x[j](i) for j in 1..d
h[l, j](c) = node[l](a, b, c) * h[l-1, 2*j-1](a) * h[l-1, 2*j](b) for l in 1..L-1, j in 1..d/2^l
output score() = top(a, b) * h[L-1, 1](a) * h[L-1, 2](b)
"""


@pytest.mark.parametrize(
    ("d", "n", "r", "odd_even", "start_end", *(f"p{k}" for k in range(1, 4))), rows(TREES, 8)
)
def test_trees_of_four(d, n, r, odd_even, start_end, p1, p2, p3):
    found = example_ranks("hierarchical_tucker", [*BOTH, "contiguous"], d=d, n=n, r=r, C=1)
    assert found == [odd_even, start_end, p1, p2, p3]


@pytest.mark.parametrize("row", rows(TALL_TREES, 12))
def test_trees_of_eight(row):
    d, n, r, *expected = row
    assert example_ranks("hierarchical_tucker", [*BOTH, "contiguous"], d=d, n=n, r=r, C=1) == expected


@pytest.mark.parametrize("row", [*rows(TREES, 8), *rows(TALL_TREES, 12)])
def test_trees_with_shared_weights(row):
    d, n, r, odd_even, start_end, *_ = row
    assert ranks(SHARED_TREE, BOTH, d=d, n=n, r=r) == [odd_even, start_end]


def test_a_tree_as_a_train_needs_the_power_of_half_its_height_rounded_up():
    cuts = [f"x[1..{k}]" for k in range(1, 9)]
    assert example_ranks("hierarchical_tucker", cuts, d=16, n=2, r=2, C=1) == [2, 2, 4, 2, 4, 4, 4, 2]


@pytest.mark.parametrize(
    ("r", "expected"),
    [(2, {1: (2, 3, 3, 3, 3, 3, 3, 2), 2: (2, 4, 4, 2), 4: (2, 2)}), (3, {2: (3, 9, 9, 3)})],
)
def test_a_train_as_a_tree_needs_the_square(r, expected):
    for size, found in expected.items():
        blocks = [f"x[{first}..{first + size - 1}]" for first in range(1, 9, size)]
        assert tuple(example_ranks("tensor_train", blocks, d=8, n=3, r=r, C=1)) == found


# --- convolutional circuits -------------------------------------------------------------------------

SHARED_CIRCUIT = """
network shared_circuit
size d = 4, n = 2
let L = log2(d)
size r[0..L-1] = 4
input x[1..d](n)
weight leaf(r[0], n), mix[l in 1..L-1](r[l], r[l-1]), top(r[L-1])
h[0, j](g) = leaf(g, i) * x[j](i) for j in 1..d
h[l, j](g) = mix[l](g, a) * h[l-1, 2*j-1](a) * h[l-1, 2*j](a) for l in 1..L-1, j in 1..d/2^l
output score() = top(a) * h[L-1, 1](a) * h[L-1, 2](a)
"""


@pytest.mark.parametrize(("d", "n", "r", "odd_even", "start_end"), CIRCUITS)
def test_convolutional_circuits_free_and_shared(d, n, r, odd_even, start_end):
    assert example_ranks("conv_arithmetic_circuit", BOTH, d=d, n=n, r=r, C=1) == [odd_even, start_end]
    assert ranks(SHARED_CIRCUIT, BOTH, d=d, n=n, r=r) == [odd_even, start_end]


@pytest.mark.parametrize(
    ("d", "n", "r", "free", "shared"), [(4, 2, [4, 4], 4, 3), (8, 2, [4, 16, 16], 16, 6)]
)
def test_wide_circuits_with_shared_weights_remember_less(d, n, r, free, shared):
    assert example_ranks("conv_arithmetic_circuit", "start_end", d=d, n=n, r=r, C=1) == [free]
    assert ranks(SHARED_CIRCUIT, "start_end", d=d, n=n, r=r) == [shared]
    assert d > 4 or shared == min(*r, multichoose(n, 2))


# --- canonical and Tucker decompositions ------------------------------------------------------------

SHARED_CP = """
network shared_cp
size d = 4, n = 2, r = 3
input x[1..d](n)
weight A(n, r)
output score() = prod(A(i[k], q) * x[k](i[k]) for k in 1..d)
"""
# d n r, the rank with free factors, with shared ones (either cut).
CP = "4 2 3 3 3   4 2 5 4 3   4 3 5 5 5   4 3 10 9 6   6 2 5 5 4   6 2 9 8 4   6 3 20 20 10   6 3 30 27 10"


@pytest.mark.parametrize(("d", "n", "r", "free", "shared"), rows(CP, 5))
def test_shared_factors_of_a_canonical_decomposition_are_symmetric(d, n, r, free, shared):
    assert example_ranks("cp", BOTH, d=d, n=n, r=r, C=1) == [free, free]
    assert ranks(SHARED_CP, BOTH, d=d, n=n, r=r) == [shared, shared]
    assert (free, shared) == (min(r, n ** (d // 2)), min(r, multichoose(n, d // 2)))


@pytest.mark.parametrize(
    ("d", "n", "r", "expected"), rows("4 2 2 4   4 3 2 4   4 3 3 9   6 3 2 8   6 2 2 8", 4)
)
def test_tucker(d, n, r, expected):
    assert example_ranks("tucker", BOTH, d=d, n=n, r=r, C=1) == [expected, expected]
