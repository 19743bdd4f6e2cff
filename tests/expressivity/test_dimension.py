"""Dimensions of sets of functions, against values that were computed elsewhere."""

from __future__ import annotations

from random import Random

import pytest

from tests.expressivity.tables import rows
from tests.expressivity.texts import GENERAL_CP, RING
from tncompile import TnError, load
from tncompile.expressivity.dimension import dimension

TRAINS = "3 2 2 8  4 2 2 12  4 3 2 24  4 3 3 45  5 2 2 16  5 2 3 24  6 2 2 20  6 2 3 33  6 2 4 48  6 3 2 40  4 2 5 16"
SHARED = "5 2 2 11  6 2 2 11  8 2 2 11  6 2 3 20  5 3 2 19  6 3 2 19  4 2 2 10"
TREES = "4 2 2 12  4 3 2 20  4 3 3 45  4 2 3 15  4 4 2 28  8 2 2 28  8 3 2 44  8 2 3 57"
TUCKER = "3 2 2 8  3 3 2 14  4 3 2 24  3 4 2 20  3 4 3 36  4 3 3 81  5 3 2 42"
RINGS = "3 3 2 25  3 4 2 37  3 5 2 49  3 5 3 109  3 9 3 217  4 3 2 33  4 4 2 49  5 2 2 21  6 2 2 25  8 2 2 33  6 2 3 55  4 3 3 73"
CIRCUITS = """
1 5 2 2 7  1 6 3 2 9  1 5 2 3 14  1 6 3 3 17  2 5 2 2 12  2 6 3 2 14  2 5 2 3 28  2 5 3 3 31  3 5 2 2 17
1 4 2 2 7  1 4 3 2 9  1 4 2 3 14  1 4 3 3 17  1 8 2 4 23  2 4 2 2 12  2 4 3 2 14  2 4 2 3 28  2 4 3 3 31  3 4 2 2 17
"""


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(TRAINS, 4))
def test_trains(d, n, r, expected):
    found = dimension(load("examples/tensor_train.tn", d=d, n=n, r=r, C=1))
    assert found.weights == 2 * n * r + (d - 2) * n * r**2
    assert (found.dimension, found.expected, found.verdict) == (expected, expected, "exact")


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(SHARED, 4))
def test_trains_with_shared_cores(d, n, r, expected):
    found = dimension(load("examples/recurrent_tensor_train.tn", d=d, n=n, r=r, C=1))
    assert (found.dimension, found.expected, found.verdict) == (expected, None, "probable")
    assert d < 5 or found.gauge == r**2 + 1
    assert found.failure < 1e-2


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(TREES, 4))
def test_hierarchical_tucker(d, n, r, expected):
    found = dimension(load("examples/hierarchical_tucker.tn", d=d, n=n, r=r, C=1))
    assert found.weights == d * n * r + (d - 2) * r**3 + r**2
    assert (found.dimension, found.expected) == (expected, expected)


@pytest.mark.parametrize(
    ("d", "n", "r", "expected"),
    [(4, 2, [2, 2], 12), (4, 3, [2, 2], 20), (4, 3, [3, 3], 33), (8, 2, [2, 2, 2], 28)],
)
def test_convolutional_circuits(d, n, r, expected):
    found = dimension(load("examples/conv_arithmetic_circuit.tn", d=d, n=n, r=r, C=1))
    below = zip([n, *r], r, strict=False)
    assert found.weights == sum(d // 2**level * a * b for level, (a, b) in enumerate(below)) + r[-1]
    assert found.dimension == expected
    assert found.expected >= expected


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(TUCKER, 4))
def test_tucker(d, n, r, expected):
    found = dimension(load("examples/tucker.tn", d=d, n=n, r=r, C=1))
    assert found.weights == r**d + d * n * r
    assert (found.dimension, found.expected) == (expected, expected)


@pytest.mark.parametrize(
    ("n", "r", "found", "expected"),
    [
        ((2, 2, 2, 2), 3, 14, 15),
        ((3, 3, 3), 4, 26, 27),
        ((3, 4, 4), 5, 44, 45),
        ((2, 2, 3, 3), 5, 34, 35),
        ((3, 5, 5), 7, 74, 75),
        ((2, 2, 4), 3, 15, 16),
        ((2, 2, 5), 3, 18, 20),
        ((2, 3, 6), 5, 35, 36),
        ((3, 3, 7), 6, 60, 63),
        ((2, 2, 2), 2, 8, 8),
        ((2, 2, 2), 3, 8, 8),
        ((2, 2, 2, 2), 2, 10, 10),
        ((2, 2, 2, 2), 4, 16, 16),
        ((2,) * 5, 5, 30, 30),
        ((2,) * 5, 6, 32, 32),
        ((2,) * 6, 5, 35, 35),
        ((2,) * 6, 9, 63, 63),
        ((3, 3, 3), 3, 21, 21),
        ((3, 3, 3), 5, 27, 27),
        ((3,) * 4, 8, 72, 72),
        ((3, 3, 4), 5, 36, 36),
        ((4, 4, 4), 6, 60, 60),
        ((4, 4, 4), 7, 64, 64),
        ((2, 3, 4), 4, 24, 24),
    ],
)
def test_canonical_decompositions_with_their_defects(n, r, found, expected):
    result = dimension(load(GENERAL_CP, d=len(n), n=n, r=r))
    assert result.weights == sum(n) * r
    assert (result.dimension, result.expected, result.defect) == (found, expected, expected - found)


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(RINGS, 4))
def test_rings(d, n, r, expected):
    found = dimension(load(RING, d=d, n=n, r=r))
    assert (found.dimension, found.expected) == (expected, expected)
    assert found.weights == d * n * r**2


UNEQUAL_RING = """
network unequal_ring
size d = 3, r = 2
size n[1..d] = [2, 2, 2]
input x[k in 1..d](n[k])
weight G[k in 1..d](r, n[k], r)
output score() = prod(G[k](a[(k - 2) % d + 1], i[k], a[k]) * x[k](i[k]) for k in 1..d)
"""


@pytest.mark.parametrize(
    ("n", "found", "expected"),
    [((2, 2, 2, 2), 15, 16), ((2, 2, 2, 3), 20, 21), ((3, 2, 3, 2), 24, 25), ((4, 4, 2), 26, 29)],
)
def test_rings_short_of_what_is_expected(n, found, expected):
    result = dimension(load(UNEQUAL_RING, d=len(n), n=list(n), r=2))
    assert (result.dimension, result.expected) == (found, expected)


@pytest.mark.parametrize(
    ("m", "n", "r", "expected"), rows("2 2 2 15  2 3 2 33  2 4 2 49  2 3 3 73  3 2 2 84", 4)
)
def test_lattices(m, n, r, expected):
    """A square of four is a ring of four."""
    assert dimension(load("examples/peps.tn", m=m, n=n, r=r)).dimension == expected


GENERAL_TRAIN = """
network general_train
size d = 4
size n[1..d] = [2, 2, 2, 2]
size r[0..d] = [1, 2, 2, 2, 1]
input x[k in 1..d](n[k])
weight G[k in 1..d](r[k-1], n[k], r[k])
h[k](b) = G[k](a, i, b) * x[k](i) * (h[k-1](a) if k > 1 else one(a)) for k in 1..d
output score() = sum(h[d](b) over b)
"""


@pytest.mark.parametrize("seed", range(12))
def test_trains_of_unequal_sizes_fill_their_trimmed_formula(seed):
    draw = Random(seed).randint
    d = draw(2, 4)
    n, r = [draw(1, 4) for _ in range(d)], [1, *(draw(1, 6) for _ in range(d - 1)), 1]
    result = dimension(load(GENERAL_TRAIN, d=d, n=n, r=r))
    for k in [*range(1, d), *range(d - 1, 0, -1)]:
        r[k] = min(r[k], r[k - 1] * n[k - 1], r[k + 1] * n[k])
    trimmed = sum(r[k] * n[k] * r[k + 1] for k in range(d)) - sum(bond**2 for bond in r[1:-1])
    assert (result.dimension, result.expected, result.verdict) == (trimmed, trimmed, "exact")


@pytest.mark.parametrize(("L", "T", "M", "R", "expected"), rows(CIRCUITS, 5))
def test_recurrent_circuits(L, T, M, R, expected):
    found = dimension(load("examples/deep_rac.tn", L=L, T=T, M=M, R=R, C=1))
    assert found.dimension == expected
    assert found.gauge == found.weights - expected == L * (R + 1)


def test_complex_networks_count_conjugates_as_weights():
    text = "network f\nfield complex\ninput x(3)\nweight a(3)\noutput y() = sum(a(i) * x(i) over i) * conj(sum(a(i) * x(i) over i))\n"
    found = dimension(load(text))
    # |<a, x>|^2 for real x: a and its conjugate, less one common scale.
    assert (found.weights, found.dimension) == (6, 5)


def test_functions_that_are_no_polynomials_are_measured_numerically():
    text = "network f\ninput x(2)\nweight A(3, 2), b(3)\noutput y() = tanh(A(i, j) * x(j)) * b(i)\n"
    found = dimension(load(text))
    assert (found.dimension, found.verdict, found.prime) == (9, "numerical", 0)


def test_a_network_without_weights_has_no_dimension():
    with pytest.raises(TnError, match="has no weights"):
        dimension(load("network f\ninput x(2)\noutput y() = sum(x(i) over i)\n"))
