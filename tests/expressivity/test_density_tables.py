"""Squares, mixtures and sums of networks, and roots of tables: ranks of the function.

Glasser, Sweke, Pancotti, Eisert, Cirac (2019), Expressive power of tensor-network factorizations for probabilistic modeling: squares of
trains, locally purified states, small tables. Khrulkov, Hrinchuk, Oseledets (2019), Generalized tensor models for recurrent neural
networks: other operations than the product.
"""

from __future__ import annotations

from itertools import product

import pytest

from tests.expressivity.tables import multichoose, ranks, rows
from tests.expressivity.texts import SQUARED_TRAIN, SUM_OF_TRAINS
from tncompile import load
from tncompile.expressivity.rank import rank

PURIFIED = """
network purified
field FIELD
size d = 4, n = 2, r = 2, P = 2
let bond[k in 0..d] = r if 0 < k < d else 1
input x[1..d](n)
weight A[k in 1..d](bond[k-1], n, P, bond[k])
inline B[k](a, q, b) = A[k](a, i, q, b) * x[k](i) for k in 1..d
R[k](b, b') = B[k](a, q, b) * conj(B[k](a', q, b')) * (R[k-1](a, a') if k > 1 else one(a, a')) for k in 1..d
output probability() = sum(R[d](a, a') over a, a')
"""


@pytest.mark.parametrize(
    ("field", "d", "n", "r", "start_end", "odd_even"),
    [
        ("real", 4, 3, 2, 3, 18),
        ("real", 6, 3, 2, 3, 108),
        ("real", 4, 3, 3, 6, 36),
        ("complex", 4, 3, 2, 4, 24),
        ("complex", 6, 3, 2, 4, 144),
        ("complex", 4, 3, 3, 9, 36),
    ],
)
def test_squared_trains(field, d, n, r, start_end, odd_even):
    text = SQUARED_TRAIN.replace("FIELD", field)
    assert ranks(text, ["start_end", "odd_even"], d=d, n=n, r=r) == [start_end, odd_even]
    assert start_end == (multichoose(r, 2) if field == "real" else r * r)


@pytest.mark.parametrize("r", [1, 2, 3])
def test_purified_states_count_pairs_of_states(r):
    assert ranks(PURIFIED.replace("FIELD", "real"), "start_end", r=r, n=3) == [multichoose(r, 2)]
    assert ranks(PURIFIED.replace("FIELD", "complex"), "start_end", r=r, n=3) == [r * r]


@pytest.mark.parametrize("r", [2, 3])
def test_a_normalised_born_machine_has_the_rank_of_its_numerator(r):
    assert ranks("examples/born_machine.tn", "start_end", d=4, r=r, n=3) == [r * r]


@pytest.mark.parametrize(
    ("r", "n", "odd_even", "start_end"), rows("1 3 2 2   2 3 9 4   1 2 2 2   2 2 4 4   3 2 4 4", 4)
)
def test_ranks_of_a_sum_of_trains_add_until_the_inputs_limit_them(r, n, odd_even, start_end):
    assert ranks(SUM_OF_TRAINS, ["odd_even", "start_end"], r=r, n=n) == [odd_even, start_end]


def test_the_classes_on_a_side_change_the_rank():
    cuts = ["x[1..3]", "x[1..3] | x[4], score"]
    assert ranks("examples/tensor_train.tn", cuts, d=4, n=2, r=8, C=5) == [2, 8]


GENERALIZED = """
network generalized
size T = 6, M = 3, R = 2
let width[t in 0..T] = R if 0 < t < T else 1
input x[1..T](M)
weight U[1..T](M, M), G[t in 1..T](M, width[t-1], width[t])
g[t](i) = U[t](i, m) * x[t](m) for t in 1..T
h[1](k) = G[1](i, j, k) * g[1](i) * one(j)
h[t](k) = G[t](i, j, k) * (JOINED) for t in 2..T
output score() = h[T](k) * one(k)
"""
JOINED = {
    "x + y": "g[t](i) + h[t-1](j)",
    "x + y + x*y": "g[t](i) + h[t-1](j) + g[t](i) * h[t-1](j)",
    "x*y": "g[t](i) * h[t-1](j)",
}


@pytest.mark.parametrize(
    ("operation", "start_end", "odd_even"), [("x + y", 2, 2), ("x + y + x*y", 3, 27), ("x*y", 2, 18)]
)
def test_generalized_networks_with_polynomial_operations(operation, start_end, odd_even):
    text = GENERALIZED.replace("JOINED", JOINED[operation])
    assert ranks(text, ["x[1..3]", "x[1], x[3], x[5]"]) == [start_end, odd_even]


# --- tables of probabilities ------------------------------------------------------------------------


def table(entries):
    """A network whose score on one-hot inputs is an entry of a table."""
    size = len(entries)
    return f"network table\ninput x({size}), y({size})\nconstant A({size}, {size}) = {entries}\noutput p() = x(i) * A(i, j) * y(j)\n"


def odd_sums(n):
    """Sums of two of the numbers, less 1: each is the square of a root of rank 2 that is complex."""
    return [[a + b - 1 for b in n] for a in n]


def distances(size):
    return [[i - j for j in range(size)] for i in range(size)]


def squares(entries):
    return [[entry**2 for entry in row] for row in entries]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (odd_sums((2, 3, 4)), 2),
        (odd_sums((2, 3, 4, 6)), 2),
        (squares(distances(3)), 3),
        (squares(distances(5)), 3),
        (distances(3), 2),
        (distances(5), 2),
        ([[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1]], 3),
    ],
)
def test_tables_and_a_root_of_small_rank(entries, expected):
    assert ranks(table(entries), "x") == [expected]


@pytest.mark.parametrize(
    ("n", "smallest"), [((2, 3, 4), 3.2e-4), pytest.param((2, 3, 4, 6), 1.7e-5, marks=pytest.mark.slow)]
)
def test_no_signs_make_a_real_root_of_small_rank(n, smallest):
    """The entrywise real roots, up to signs of rows and columns: the last singular value is never zero."""
    found = []
    size = len(n)
    for signs in product((1, -1), repeat=(size - 1) ** 2):
        sign = [[1] * size] + [
            [1, *signs[row * (size - 1) : (row + 1) * (size - 1)]] for row in range(size - 1)
        ]
        text = table(odd_sums(n)).replace("A(i, j)", "S(i, j) * sqrt(A(i, j))")
        text += f"constant S({size}, {size}) = {sign}\n"
        (result,) = rank(load(text), "x", grid=size).results
        assert (result.verdict, result.lower) == ("numerical", size)
        found.append(result.singular_values[-1])
    assert min(found) == pytest.approx(smallest, rel=0.05)
