"""Networks that join input and state by a rectifier or a root: no generic rank, but a distribution over random weights.

Khrulkov, Hrinchuk, Oseledets (2019), Generalized tensor models for recurrent neural networks: Theorems 5.2 and 5.3, figures 3 to 5.
Odd against even of 6 steps, each one of 6 unit vectors, so 216 at most.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.expressivity.tables import rows
from tncompile import load
from tncompile.expressivity.rank import rank

SAMPLES = 60
FREE = """
network generalized
size T = 6, M = 6, R = 2
let width[t in 0..T] = R if 0 < t < T else 1
input x[1..T](M)
weight C[1..T](M, M), G[t in 1..T](M, width[t-1], width[t])
g[t](i) = C[t](i, m) * x[t](m) for t in 1..T
h[0](j in 1..1) = 0
h[t](k) = SCALE * G[t](i, j, k) * JOINED for t in 1..T
output score() = sum(h[T](k) over k)
"""
SHARED = """
network generalized_with_equal_cores
size T = 6, M = 6, R = 2
input x[1..T](M)
weight C(M, M), first(M, 1, R), G(M, R, R), last(M, R, 1)
g[t](i) = C(i, m) * x[t](m) for t in 1..T
h[0](j in 1..1) = 0
h[t](k) = SCALE * first(i, j, k) * JOINED for t in 1..1
h[t](k) = SCALE * G(i, j, k) * JOINED for t in 2..T-1
h[t](k) = SCALE * last(i, j, k) * JOINED for t in T..T
output score() = sum(h[T](k) over k)
"""
RECTIFIER, ROOT = "max(g[t](i), h[t-1](j), 0)", "sqrt(g[t](i)^2 + h[t-1](j)^2)"
LEVEL = "1/sqrt(M)"  # keeps the states about as large as the inputs

# Text, operation, width; over 60 draws elsewhere the median, and the part of ranks up to 18.
DISTRIBUTIONS = [
    (FREE, RECTIFIER, 1, 10, 0.62),
    (FREE, RECTIFIER, 2, 96, 0.05),
    (FREE, RECTIFIER, 4, 192, 0),
    (FREE, RECTIFIER, 8, 216, 0),
    (SHARED, RECTIFIER, 1, 30, None),
    (SHARED, RECTIFIER, 2, 89, None),
    (SHARED, RECTIFIER, 4, 215, None),
    (SHARED, RECTIFIER, 8, 216, None),
    (FREE, ROOT, 1, 175, 0),
    (FREE, ROOT, 2, 216, 0),
    (FREE, ROOT, 4, 216, 0),
]


def distribution(text, operation, R, scale):
    """The ranks over normal weights of variance 1."""
    text = text.replace("SCALE", scale).replace("JOINED", operation)
    (result,) = rank(load(text, R=R), "x[1], x[3], x[5]", grid=6, samples=SAMPLES).results
    assert result.verdict == "numerical"
    return np.array(result.ranks)


@pytest.mark.parametrize(("text", "operation", "R", "median", "small"), DISTRIBUTIONS)
def test_the_distribution_of_ranks(text, operation, R, median, small):
    """Medians of two sets of 60 draws differ by up to 35 where the distribution is wide, by little at its ends."""
    found = distribution(text, operation, R, LEVEL)
    wide = 35 if 20 < median < 200 else 17
    assert abs(np.median(found) - median) <= wide
    assert found.max() <= 216
    assert small is None or abs(np.mean(found <= 18) - small) < 0.15


@pytest.mark.parametrize("R", [4, 8])
def test_states_that_grow_drown_their_inputs_and_have_smaller_ranks(R):
    """Without the scale each step multiplies the states by about sqrt(6 R), and the maximum is mostly the state."""
    growing, level = (distribution(FREE, RECTIFIER, R, scale) for scale in ("1", LEVEL))
    assert np.median(growing) < np.median(level) - 40


@pytest.mark.parametrize(("M", "T", "R"), rows("4 4 1   6 6 1   4 4 2   4 4 3", 3))
def test_the_width_of_a_rectified_shallow_network_limits_its_rank(M, T, R):
    """Each unit is the largest of numbers of which there are few on the grid: M T / 2 on each side."""
    sizes = {"M": M, "T": T, "R": R, "C": 1}
    (result,) = rank(
        load("examples/generalized_shallow.tn", **sizes), "odd_even", grid=M, samples=SAMPLES
    ).results
    assert R < max(result.ranks) <= R * M * T // 2


NEARLY_CONSTANT = """
network nearly_constant
size T = 6, M = 4, R = 3
let width[t in 0..T] = R if 0 < t < T else 1
input x[1..T](M)
weight C[1..T](M, M), G[t in 1..T](M, width[t-1], width[t])
g[t](i) = (1 + 0.1 * tanh(C[t](i, m))) * x[t](m) for t in 1..T
h[0](j in 1..1) = 0
h[t](k) = (1 + 0.1 * tanh(G[t](i, j, k))) * max(g[t](i), h[t-1](j), 0) for t in 1..T
output score() = sum(h[T](k) over k)
"""


def test_an_open_set_of_rectified_networks_has_rank_1():
    """Theorem 5.3: where all numbers are near 1 the states exceed every later input."""
    (result,) = rank(load(NEARLY_CONSTANT), "odd_even", grid=4, samples=SAMPLES).results
    assert set(result.ranks) == {1}
