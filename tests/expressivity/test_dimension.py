"""Dimensions of sets of functions, against values that were computed elsewhere."""

from __future__ import annotations

import pytest

from tests.expressivity.texts import GENERAL_CP, RING
from tncompile import TnError, load
from tncompile.expressivity.dimension import dimension

TRAINS = "3 2 2 8  4 2 2 12  4 3 2 24  4 3 3 45  5 2 2 16  5 2 3 24  6 2 2 20  6 2 3 33  6 2 4 48  6 3 2 40  4 2 5 16"
SHARED = "5 2 2 11  6 2 2 11  8 2 2 11  6 2 3 20  5 3 2 19  6 3 2 19  4 2 2 10"
TREES = "4 2 2 12  4 3 2 20  4 3 3 45  4 2 3 15  4 4 2 28  8 2 2 28  8 3 2 44  8 2 3 57"
TUCKER = "3 2 2 8  3 3 2 14  4 3 2 24  3 4 2 20  3 4 3 36  4 3 3 81  5 3 2 42"
RINGS = "3 3 2 25  3 4 2 37  3 5 2 49  3 5 3 109  4 3 2 33  4 4 2 49  5 2 2 21  6 2 2 25  8 2 2 33  6 2 3 55  4 3 3 73"
CIRCUITS = "1 4 2 2 7  1 4 3 2 9  1 4 2 3 14  1 4 3 3 17  1 8 2 4 23  2 4 2 2 12  2 4 3 2 14  2 4 2 3 28  2 4 3 3 31  3 4 2 2 17"


def rows(text, width):
    numbers = [int(word) for word in text.split()]
    return [tuple(numbers[i : i + width]) for i in range(0, len(numbers), width)]


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(TRAINS, 4))
def test_trains(d, n, r, expected):
    found = dimension(load("examples/tensor_train.tn", d=d, n=n, r=r, C=1))
    assert (found.dimension, found.expected, found.verdict) == (expected, expected, "exact")


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(SHARED, 4))
def test_trains_with_shared_cores(d, n, r, expected):
    found = dimension(load("examples/recurrent_tensor_train.tn", d=d, n=n, r=r, C=1))
    assert (found.dimension, found.expected, found.verdict) == (expected, None, "probable")
    assert found.failure < 1e-2


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(TREES, 4))
def test_hierarchical_tucker(d, n, r, expected):
    found = dimension(load("examples/hierarchical_tucker.tn", d=d, n=n, r=r, C=1))
    assert (found.dimension, found.expected) == (expected, expected)


@pytest.mark.parametrize(
    ("d", "n", "r", "expected"),
    [(4, 2, [2, 2], 12), (4, 3, [2, 2], 20), (4, 3, [3, 3], 33), (8, 2, [2, 2, 2], 28)],
)
def test_convolutional_circuits(d, n, r, expected):
    found = dimension(load("examples/conv_arithmetic_circuit.tn", d=d, n=n, r=r, C=1))
    assert found.dimension == expected
    assert found.expected >= expected


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(TUCKER, 4))
def test_tucker(d, n, r, expected):
    found = dimension(load("examples/tucker.tn", d=d, n=n, r=r, C=1))
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
        ((2, 2, 2, 2), 4, 16, 16),
        ((2,) * 5, 5, 30, 30),
        ((2,) * 6, 9, 63, 63),
        ((3, 3, 3), 3, 21, 21),
        ((3, 3, 3), 5, 27, 27),
        ((3,) * 4, 8, 72, 72),
        ((4, 4, 4), 7, 64, 64),
    ],
)
def test_canonical_decompositions_with_their_defects(n, r, found, expected):
    result = dimension(load(GENERAL_CP, d=len(n), n=n, r=r))
    assert (result.dimension, result.expected, result.defect) == (found, expected, expected - found)


@pytest.mark.parametrize(("d", "n", "r", "expected"), rows(RINGS, 4))
def test_rings(d, n, r, expected):
    found = dimension(load(RING, d=d, n=n, r=r))
    assert (found.dimension, found.expected) == (expected, expected)


def test_a_ring_smaller_than_its_ambient_space():
    found = dimension(load(RING, d=4, n=2, r=2))
    assert (found.dimension, found.expected, found.verdict) == (15, 16, "probable")


def test_lattices():
    assert dimension(load("examples/peps.tn", m=3, n=2, r=2)).dimension == 84


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
