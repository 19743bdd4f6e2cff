"""Ranks of functions that are no polynomials, over random weights."""

from __future__ import annotations

import numpy as np
import pytest

from tncompile import load
from tncompile.expressivity.rank import rank


def generalized(R: int):
    """A recurrent network that joins input and state by a product."""
    return load(f"""
network generalized
size T = 6, M = 6, R = {R}
let width[t in 0..T] = R if 0 < t < T else 1
input x[1..T](M)
weight G[t in 1..T](M, width[t-1], width[t])
h[1](k) = G[1](i, j, k) * x[1](i) * one(j)
h[t](k) = G[t](i, j, k) * x[t](i) * h[t-1](j) for t in 2..T
output score() = h[T](k) * one(k)
""")


def test_rectified_networks_have_ranks_between_none_and_all():
    sizes = {"T": 6, "M": 6, "N": 6, "C": 1}
    (few,) = rank(load("examples/generalized_rnn.tn", R=1, **sizes), "odd_even", grid=6, samples=20).results
    (many,) = rank(load("examples/generalized_rnn.tn", R=4, **sizes), "odd_even", grid=6, samples=8).results
    assert few.verdict == many.verdict == "numerical"
    assert len(few.ranks) == len(few.seeds) == 20
    # At most 18 for a shallow network of width 1; these numbers were .62 and 0 of the draws.
    assert 0.3 < np.mean(np.array(few.ranks) <= 18) < 0.9
    assert np.mean(np.array(many.ranks) <= 18) < 0.1
    assert np.median(many.ranks) > 4 * np.median(few.ranks)


@pytest.mark.parametrize(("R", "expected"), [(1, 1), (2, 32), (4, 144), (8, 216)])
def test_a_product_has_the_same_rank_at_all_weights(R, expected):
    (result,) = rank(generalized(R), "odd_even", grid=6, samples=3).results
    assert set(result.ranks) == {expected}
    (exact,) = rank(generalized(R), "odd_even", grid=6).results
    assert exact.lower == expected


def test_singular_values_fall_at_the_rank():
    text = "network f\ninput x[1..4](2)\nweight A[1..4](3, 2)\nf[k](a) = tanh(A[k](a, i) * x[k](i)) for k in 1..4\noutput y() = prod(f[k](a) for k in 1..4)\n"
    (result,) = rank(load(text), "start_end").results
    assert (result.lower, result.verdict, result.failure) == (3, "numerical", None)
    assert result.singular_values[2] > 1e6 * result.singular_values[3]
    assert result.upper == 3


def test_features_can_stand_for_the_inputs():
    text = "network f\ninput x[1..4](2)\nweight A[1..4](3, 2)\nf[k](a) = tanh(A[k](a, i) * x[k](i)) for k in 1..4\noutput y() = prod(f[k](a) for k in 1..4)\n"
    (result,) = rank(load(text), "f[1..2]").results
    assert (result.lower, result.upper, result.exact) == (3, 3, True)
    assert result.cut.columns.texts() == ["f[3]", "f[4]"]
