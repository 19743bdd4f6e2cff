"""Recurrent arithmetic circuits: every number of the tables, of the function and on a grid of templates.

Levine, Sharir, Ziv, Shashua (2017), On the long-term memory of deep recurrent networks: Theorem 1 with its conjecture, the duplicated
inputs of deep circuits, and the ranks of all small sizes, which were computed elsewhere modulo primes.
"""

from __future__ import annotations

from math import comb, prod

import numpy as np
import pytest

from tests.expressivity.modular import half
from tests.expressivity.tables import example_ranks, headed, multichoose, ranks, rows
from tncompile import load
from tncompile.expressivity.degree import score_degree
from tncompile.expressivity.outputs import find_output, single_score
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import Leaf
from tncompile.expressivity.rank import rank

slow = pytest.mark.slow

# The separation rank, start against end. L T: M R rank.
FUNCTION = """
2 4: 2 2 6, 2 3 6, 3 3 18, 2 4 6, 3 4 18, 4 4 40, 5 5 75
2 6: 2 2 8, 2 3 24, 3 3 30, 2 4 24, 3 4 76, 4 4 80, 3 5 155, 5 5 175
2 8: 2 2 10, 2 3 42, 3 3 45, 2 4 120, 3 4 136, 4 4 140, 3 5 325, 5 5 350
2 10: 2 2 12, 2 3 60, 3 3 63, 2 4 200, 3 4 220, 4 4 224, 2 5 525, 3 5 600, 5 5 630
2 12: 2 2 14, 2 3 81, 3 3 84, 2 4 308, 3 4 332, 4 4 336, 2 5 910, 3 5 1015, 5 5 1050
3 4: 2 2 8, 2 3 8, 2 4 8, 2 5 8, 3 3 30, 3 4 30, 4 4 80, 5 5 175
3 6: 2 2 52, 2 3 56, 2 4 56, 3 3 759, 3 4 840
3 8: 2 2 106, 2 3 616, 2 4 616
3 10: 2 2 188
3 12: 2 2 304
4 4: 2 2 10, 2 3 10, 2 4 10, 3 3 45, 4 4 140, 5 5 350
4 6: 2 2 106, 2 3 110
5 4: 2 2 12, 2 3 12, 2 4 12, 3 3 63, 4 4 224, 5 5 630
5 6: 2 2 188, 2 3 192
"""
EXPENSIVE = {
    (2, 12, 2, 4), (2, 12, 3, 4), (2, 12, 2, 5), (2, 12, 3, 5), (2, 12, 5, 5), (2, 8, 3, 5), (2, 10, 2, 5), (2, 10, 3, 5),
    (2, 10, 5, 5), (3, 6, 3, 3), (3, 8, 2, 4), (3, 12, 2, 2), (5, 4, 5, 5),
}  # fmt: skip

# The same on a grid of M templates.
GRID = """
2 2: 2 1 1, 2 2 2, 3 2 2, 2 3 2
2 4: 2 1 1, 2 2 4, 2 3 4, 3 2 6, 3 3 9, 3 4 9, 4 2 6, 4 3 12, 4 4 16, 5 2 6, 5 3 15, 6 3 18, 8 3 18, 8 4 32, 11 4 40
2 6: 2 1 1, 2 2 8, 2 3 8, 3 2 8, 3 3 27, 3 4 27, 4 2 8, 4 3 30, 4 4 64, 5 2 8, 5 3 30, 5 4 80, 6 3 30
2 8: 2 1 1, 2 2 10, 2 3 16, 2 4 16, 3 2 10, 3 3 45, 4 2 10, 4 3 45
2 10: 2 2 12, 2 3 32, 3 2 12, 3 3 63
3 2: 2 1 1, 2 2 2, 3 2 2, 2 3 2
3 4: 2 2 4, 3 2 6, 3 3 9, 4 2 8, 4 3 12, 4 4 16, 5 2 8, 5 3 15, 6 2 8, 10 2 8, 14 2 8, 8 3 24, 6 4 24, 6 5 30
3 6: 2 2 8, 3 2 18, 3 3 27, 4 2 32, 4 3 48, 4 4 64, 5 2 40, 6 2 48
3 8: 2 2 16, 3 2 54, 3 3 81, 4 2 106, 4 4 256
3 10: 2 2 32
4 4: 3 2 6, 4 2 8, 6 2 10, 12 2 10, 4 3 12
4 6: 3 2 18, 4 3 48
"""


def marked(table, expensive):
    """The rows of a table, those that take seconds marked."""
    return [pytest.param(*row, marks=slow) if row[:4] in expensive else row for row in table]


@pytest.mark.parametrize(("L", "T", "M", "R", "expected"), marked(headed(FUNCTION), EXPENSIVE))
def test_the_separation_rank_of_deep_circuits(L, T, M, R, expected):
    found = ranks(
        "examples/deep_rac.tn", "start_end", options={"points": max(1024, expected + 10)}, T=T, L=L, M=M, R=R
    )
    assert found == [expected]


@pytest.mark.parametrize(("L", "T", "M", "R", "expected"), headed(GRID))
def test_deep_circuits_on_a_grid(L, T, M, R, expected):
    assert example_ranks("deep_rac", "start_end", grid=M, T=T, L=L, M=M, R=R) == [expected]


@pytest.mark.parametrize(
    ("T", "M", "R"),
    [
        pytest.param(T, M, R, marks=[] if (T + M + R) % 7 == 0 else slow)
        for T in (2, 4, 6, 8)
        for M in (2, 3, 4, 5)
        for R in (1, 2, 3, 4, 5)
    ],
)
def test_one_layer_remembers_its_width_in_the_function_and_on_a_grid(T, M, R):
    expected = [min(R, M ** (T // 2))]
    assert example_ranks("shallow_rac", "start_end", T=T, M=M, R=R) == expected
    assert example_ranks("shallow_rac", "start_end", grid=M, T=T, M=M, R=R) == expected


@pytest.mark.parametrize("T", [4, 6, 8])
@pytest.mark.parametrize("M", [2, 3])
@pytest.mark.parametrize("R", [1, 2, 3, 4])
def test_one_layer_odd_against_even(T, M, R):
    assert example_ranks("shallow_rac", "odd_even", T=T, M=M, R=R) == [min(M, R) ** (T // 2)]


@pytest.mark.parametrize(
    ("T", "M", "R", "expected"), [(4, 3, 2, 6), (6, 3, 2, 18), (6, 3, 3, 27), (8, 2, 2, 16)]
)
def test_two_layers_odd_against_even_on_a_grid(T, M, R, expected):
    assert example_ranks("deep_rac", "odd_even", grid=M, T=T, L=2, M=M, R=R) == [expected]


@pytest.mark.parametrize(
    ("L", "T", "M", "R"),
    [(1, 4, 2, 1), (2, 6, 3, 1), (3, 4, 3, 1), (4, 4, 2, 1), (2, 4, 1, 3), (3, 6, 1, 2), (4, 4, 1, 2)],
)
def test_width_1_or_a_single_feature_separates(L, T, M, R):
    assert example_ranks("deep_rac", "start_end", T=T, L=L, M=M, R=R) == [1]


@pytest.mark.parametrize(
    ("L", "T", "M", "R", "expected"),
    [(2, 4, 5, 3, 18), (2, 6, 4, 2, 8), (3, 4, 4, 2, 8), (3, 6, 3, 2, 52), (4, 4, 3, 2, 10)],
)
def test_features_beyond_the_width_change_nothing(L, T, M, R, expected):
    assert example_ranks("deep_rac", "start_end", T=T, L=L, M=M, R=R) == [expected]


@pytest.mark.parametrize(
    ("T", "L", "M", "R", "grid", "expected"),
    [
        (4, 2, 2, 2, None, (5, 6, 2)),
        (6, 2, 2, 2, None, (7, 10, 8, 6, 2)),
        (6, 2, 3, 3, None, (28, 45, 30, 18, 3)),
        (8, 2, 2, 2, None, (9, 14, 12, 10, 8, 6, 2)),
        (6, 1, 2, 3, None, (2, 3, 3, 3, 2)),
        (6, 1, 2, 3, 2, (2, 3, 3, 3, 2)),
        (4, 2, 2, 2, 2, (2, 4, 2)),
        (4, 2, 3, 2, 3, (3, 6, 2)),
        (6, 2, 2, 2, 2, (2, 4, 8, 4, 2)),
        (6, 2, 3, 2, 3, (3, 9, 8, 6, 2)),
        (6, 2, 3, 3, 3, (3, 9, 27, 9, 3)),
    ],
)
def test_circuits_at_every_prefix(T, L, M, R, grid, expected):
    assert tuple(example_ranks("deep_rac", "contiguous", grid=grid, T=T, L=L, M=M, R=R)) == expected


# --- closed forms ----------------------------------------------------------------------------------


def two_layers(k, M, R):
    """Two layers, 2k steps: the products of k linear forms of the lower state whose first factor has min(M, R) dimensions."""
    q = min(M, R)
    states = R * (multichoose(R, k) - multichoose(R - q, k))
    return min(states, prod(multichoose(q, j + 1) for j in range(k)))


def three_layers(k, R):
    """Three layers with M >= R: the monomials of both lower states, less those that the first factor excludes."""
    D = multichoose(k, 2)
    disjoint = sum(comb(R, i) * comb(D - 1, i - 1) * multichoose(R - i, k) for i in range(1, R + 1))
    states = R * (multichoose(R, D) * multichoose(R, k) - disjoint)
    return min(states, prod(multichoose(R, multichoose(j + 1, 2)) for j in range(k)))


@pytest.mark.parametrize(
    ("k", "M", "R"),
    [
        pytest.param(k, M, R, marks=[] if (k + M + R) % 4 == 0 else slow)
        for k in (1, 2, 3, 4)
        for M in (1, 2, 3, 4, 5)
        for R in (1, 2, 3, 4)
        if k < 4 or M < 5
    ],
)
def test_two_layers_start_against_end(k, M, R):
    assert example_ranks("deep_rac", "start_end", T=2 * k, L=2, M=M, R=R) == [two_layers(k, M, R)]


@pytest.mark.parametrize(
    ("k", "R"),
    [(2, 1), (4, 1), (6, 1), (2, 2), (3, 2), (4, 2), (5, 2), pytest.param(6, 2, marks=slow), (1, 3), (2, 3), pytest.param(3, 3, marks=slow), (2, 4), (2, 5), (2, 6)],
)  # fmt: skip
def test_three_layers_start_against_end_where_there_are_enough_features(k, R):
    assert example_ranks("deep_rac", "start_end", T=2 * k, L=3, M=R, R=R) == [three_layers(k, R)]


@pytest.mark.parametrize(
    ("k", "M", "R"),
    [
        (1, 3, 2),
        (2, 2, 4),
        (2, 5, 2),
        (2, 4, 3),
        (3, 2, 3),
        (3, 3, 2),
        (3, 4, 2),
        (4, 2, 3),
        (5, 2, 3),
        (6, 2, 2),
    ],
)
def test_two_layers_on_a_grid(k, M, R):
    assert example_ranks("deep_rac", "start_end", grid=M, T=2 * k, L=2, M=M, R=R) == [
        min(M**k, M ** (k - 1) * R, R * multichoose(R, k))
    ]


def on_a_grid(T, L, M, R, Q):
    """What passes through the states in the middle, through the end and through the start."""
    k, q = T // 2, min(M, R)
    states = prod(multichoose(R, multichoose(k, j)) for j in range(L))
    end = prod(min(Q, multichoose(q, multichoose(j + 1, L - 1))) for j in range(k))
    start = prod(min(Q, multichoose(q, multichoose(T - t + 1, L - 1))) for t in range(1, k + 1))
    return min(states, end, start)


@pytest.mark.parametrize(
    ("T", "L", "M", "R", "Q"),
    [(4, 2, 2, 2, 4), (4, 2, 2, 3, 4), (4, 3, 2, 2, 4), (6, 2, 2, 2, 4), (6, 3, 2, 2, 4), (4, 4, 2, 3, 4), (4, 5, 3, 2, 3), (6, 4, 2, 2, 2), (4, 2, 3, 3, 5), (4, 3, 6, 5, 6)],
)  # fmt: skip
def test_more_templates_than_features(T, L, M, R, Q):
    assert example_ranks("deep_rac", "start_end", grid=Q, T=T, L=L, M=M, R=R) == [on_a_grid(T, L, M, R, Q)]


@pytest.mark.parametrize(("T", "L", "M", "R"), [
    (4, 1, 3, 2), (4, 2, 2, 2), (4, 2, 3, 2), (4, 2, 2, 3), (6, 2, 2, 2), (4, 3, 2, 2), (4, 3, 2, 3), (4, 4, 2, 2), (6, 1, 2, 3),
    (2, 2, 3, 3), (4, 2, 3, 3), (4, 1, 5, 4), (6, 2, 1, 3), (8, 1, 2, 2), (4, 5, 2, 2),
])  # fmt: skip
def test_odd_against_even_steps_of_deep_circuits(T, L, M, R):
    q = min(M, R)
    expected = prod(multichoose(q, multichoose(T - t + 1, L - 1)) for t in range(2, T + 1, 2))
    assert example_ranks("deep_rac", "odd_even", T=T, L=L, M=M, R=R) == [expected]


# --- duplicated inputs and first states ------------------------------------------------------------


@pytest.mark.parametrize(
    ("L", "expected"),
    [(1, (1, 1, 1, 1, 1)), (2, (5, 4, 3, 2, 1)), (3, (15, 10, 6, 3, 1)), (4, (35, 20, 10, 4, 1))],
)
def test_early_inputs_occur_many_times(L, expected):
    net = load("examples/deep_rac.tn", T=5, L=L, M=2, R=2)
    graph = expand(net, half(net))
    found = {
        node.name: graph.degrees[place] for place, node in enumerate(graph.nodes) if isinstance(node, Leaf)
    }
    assert tuple(found[f"x[{t}]"] for t in range(1, 6)) == expected
    assert expected == tuple(multichoose(5 - t + 1, L - 1) for t in range(1, 6))


def degree_of(name, **sizes):
    net = load(f"examples/{name}.tn", **sizes)
    return score_degree(single_score(net, find_output(net, "score(1)"))[0]).value


@pytest.mark.parametrize(("T", "L", "expected"), [(6, 2, 69), (8, 3, 404)])
def test_the_degree_of_a_score_counts_every_use(T, L, expected):
    assert degree_of("deep_rac", T=T, L=L) == expected


def test_the_degree_of_a_train_is_twice_its_length():
    assert [degree_of("tensor_train", d=d) for d in (2, 6, 400)] == [4, 12, 800]


FIRST_STATE = """
network rac_with_a_first_state
size T = 4, M = 2, R = 2, L = 2
let width[l in 0..L] = M if l == 0 else R
input x[1..T](M)
weight WI[l in 1..L](width[l], width[l-1]), WH[1..L](R, R), top(R)
FIRST
h[t, 0](m) = x[t](m) for t in 1..T
h[t, l](i) = WI[l](i, m) * h[t, l-1](m) * WH[l](i, j) * (h[t-1, l](j) if t > 1 else s[l](j)) for t in 1..T, l in 1..L
output score() = top(i) * h[T, L](i)
"""


@pytest.mark.parametrize(
    ("L", "T", "M", "R", "function", "grid"),
    rows("1 6 2 3 3 3  2 4 3 3 18 9  2 6 2 2 8 8  3 4 2 2 8 4  3 6 2 2 52 8", 6),
)
def test_a_random_first_state_changes_no_rank(L, T, M, R, function, grid):
    text = FIRST_STATE.replace("FIRST", "weight s[1..L](R)")
    assert ranks(text, "start_end", T=T, L=L, M=M, R=R) == [function]
    assert ranks(text, "start_end", options={"grid": M}, T=T, L=L, M=M, R=R) == [grid]


def test_a_first_state_of_zeros_leaves_nothing():
    assert ranks(FIRST_STATE.replace("FIRST", "constant s[1..L](R) = 0"), "start_end") == [0]


# --- floating point --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("T", "L", "M", "R", "expected"), [(8, 2, 3, 2, 10), (6, 3, 3, 2, 18), (8, 3, 2, 2, 16)]
)
def test_an_svd_misses_ranks_of_deep_circuits(T, L, M, R, expected):
    net = load("examples/deep_rac.tn", T=T, L=L, M=M, R=R)
    (measured,) = rank(net, "start_end", grid=M, samples=10).results
    assert measured.verdict == "numerical"
    assert min(measured.ranks) < expected
    assert L == 2 or np.median(measured.ranks) < expected


def test_an_svd_finds_those_of_small_circuits():
    net = load("examples/deep_rac.tn", T=4, L=2, M=3, R=2)
    (measured,) = rank(net, "start_end", grid=3, samples=10).results
    assert set(measured.ranks) == {6}
