"""How often a rank modulo a small prime is too small, against the bound of Schwartz and Zippel and what was counted elsewhere."""

from __future__ import annotations

from math import sqrt

import pytest

from tncompile import load
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.degree import score_degree
from tncompile.expressivity.evaluation.evaluate import Probe
from tncompile.expressivity.evaluation.matrix import rank_modulo
from tncompile.expressivity.verdict import failure_bound

TRAIN = ("examples/tensor_train.tn", "odd_even", {"d": 6, "n": 3, "r": 2, "C": 1})
CIRCUIT = ("examples/deep_rac.tn", "start_end", {"T": 6, "L": 2, "M": 3, "R": 3, "C": 1})
DEEPER = ("examples/deep_rac.tn", "start_end", {"T": 8, "L": 3, "M": 2, "R": 2, "C": 1})
DRAWS = 300


def only_study(text, cut, sizes):
    (found,) = studies(load(text, **sizes), cut)
    return found


@pytest.mark.parametrize(
    ("case", "rank", "prime", "tight", "spare"),
    [
        (TRAIN, 18, 101, 0.083, 0.055),
        (TRAIN, 18, 1009, 0.003, 0.003),
        (CIRCUIT, 30, 101, 0.143, 0.128),
        (CIRCUIT, 30, 1009, 0.022, 0.018),
        pytest.param(DEEPER, 106, 101, 0.488, 0.167, marks=pytest.mark.slow),
        pytest.param(DEEPER, 106, 1009, 0.027, 0.025, marks=pytest.mark.slow),
    ],
)
def test_ranks_modulo_small_primes_fail_seldom_and_never_upwards(case, rank, prime, tight, spare):
    """With as many points as the rank, and with three more; rates within four standard errors."""
    study = only_study(*case)
    probe = Probe(study.net, study.sides)
    for points, rate in ((rank, tight), (rank + 3, spare)):
        found = [rank_modulo(probe.matrix(points, seed, prime), prime) for seed in range(DRAWS)]
        assert max(found) == rank
        failures = sum(one < rank for one in found) / DRAWS
        assert abs(failures - rate) < 4 * sqrt(rate / DRAWS) + 1 / DRAWS
        assert failures <= rank * score_degree(study.net).value / prime


@pytest.mark.parametrize(
    ("case", "rank", "expected"), [(TRAIN, 18, 0.022), (CIRCUIT, 30, 0.21), (DEEPER, 106, None)]
)
def test_the_bound_of_the_failures(case, rank, expected):
    """Above 1 nothing is claimed. The random number that stands for the label adds 1 to the degree."""
    found = failure_bound(score_degree(only_study(*case).net), rank, (10007,))
    assert found is None if expected is None else float(found) == pytest.approx(expected, rel=0.1)


POWER = """
network fifth_power
input u(3), v(3)
weight A(3, 3)
p() = u(i) * A(i, j) * v(j)
output score() = p() * p() * p() * p() * p()
"""


@pytest.mark.parametrize(("prime", "expected"), [(5, 3), (7, 21), (101, 21)])
def test_a_prime_up_to_the_degree_can_hide_most_of_a_rank(prime, expected):
    """The fifth power of a bilinear form has rank 21; modulo 5 it is a bilinear form in fifth powers."""
    study = only_study(POWER, "u", {})
    probe = Probe(study.net, study.sides)
    found = {rank_modulo(probe.matrix(100, seed, prime), prime) for seed in range(12)}
    assert max(found) == expected
