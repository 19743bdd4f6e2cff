"""Loops inside loops whose rounds have nothing in common: some are empty, some are longer than others."""

from __future__ import annotations

import pytest

import tncompile as tn
from tests.helpers import Comparison

HEAD = "network unlike\nsize T = 4, n = 2, r = 2\ninput x[1..T](n)\nweight A(r, n), B(r, r), D(r)\n"
BODIES = (
    # No round of the inner loop says that `i` is summed: these did not load.
    "y(a) = sum(prod(A(a, i) * x[s](i) for s in t+1..T) for t in 1..T)",
    "y(a) = sum(A(a, i) * x[t](i) * prod(B(a, b) * A(b, j) * x[s](j) for s in t+1..T) for t in 1..T)",
    "y(a) = sum(prod(A(a, i) * x[s](i) for s in 1..t if s % 2 == 0) for t in 1..T)",
    "y(a) = sum(tanh(prod(A(a, i) * x[s](i) for s in t+1..T)) for t in 1..T)",
    "y[u](a in 1..r) = sum(prod(A(a, i) * x[s](i) for s in t+1..u) for t in 1..T) for u in 1..T",
    # These loaded and found no order.
    "y(a) = sum(A(a, i) * x[t](i) * prod(A(a, i) * x[s](i) for s in t+1..T) for t in 1..T)",
    "y(a) = sum(x[t](i) * A(a, i) * prod(D(a) for s in 1..t) for t in 1..T)",
    "y(a) = sum(prod(D(a) for s in 1..t) for t in 1..T)",
)
RANKED = {
    "y(a) = prod(1 + sum(A(a, i) * x[s](i) for s in t+1..T) for t in 1..T)": 3,
    "y(a) = sum(sum(A(a, i) * x[s](i) for s in 2..t if abs(s - t) <= 1) for t in 1..T-1 if gcd(t, T) == 1)": 2,
}


@pytest.mark.parametrize("body", BODIES)
def test_scores_and_gradients_are_those_of_the_definitions(body):
    net = tn.load(f"{HEAD}output {body}\n")
    comparison = Comparison(net, tn.compile(net))
    assert comparison.score_error() <= 1e-12
    assert comparison.gradient_error() <= 1e-8


@pytest.mark.parametrize("body", RANKED)
def test_ranks_of_sums_of_sums(body):
    report = tn.rank(tn.load(f"{HEAD}output {body}\n"), "x[1..2]")
    assert report.lower >= RANKED[body] >= 2
    assert report.upper >= report.lower
