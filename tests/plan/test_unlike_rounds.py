"""Loops inside loops whose rounds have nothing in common: some are empty, some are longer than others."""

from __future__ import annotations

import numpy as np
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
    "y(a) = sum(prod(A(a, i) * x[s](i) + 1 for s in t..min(T, t+1)) for t in 1..T)",
    # These loaded and found no order.
    "y(a) = sum(A(a, i) * x[t](i) * prod(A(a, i) * x[s](i) for s in t+1..T) for t in 1..T)",
    "y(a) = sum(x[t](i) * A(a, i) * prod(D(a) for s in 1..t) for t in 1..T)",
    "y(a) = sum(prod(D(a) for s in 1..t) for t in 1..T)",
    # A factor that leaves the inner loop is not there where that has no round: `order` failed.
    "y(a) = sum(sum(tanh(A(a, i) * x[s](i)) for t in s+1..T) for s in 1..T)",
    "y(a) = sum(sum(A(a, i) * x[s+1](i) for t in s+1..T) for s in 1..T)",
    "y(a) = sum(sum(tanh(A(a, i) * x[s+1](i)) * D(a) * A(a, j) * x[t](j) for t in s+1..T) for s in 1..T)",
    # Rounds whose inner loops touch different members of a family: those of the first round stood for all.
    "y() = prod(prod(D(b[t]) * (A(a, i) * x[t](i)) * D(a) for t in s..s) for s in 1..2) * prod(D(b[k]) for k in 1..2)",
    "y() = prod(sum(D(b[t]) * t for t in 1..s) for s in 1..T) * prod(D(b[k]) for k in 1..T)",
    "y[u]() = prod(sum(D(b[t]) * t for t in u..s) for s in u..T) * prod(D(b[k]) for k in u..T) for u in 1..T",
    # A loop inside a round that is written out has no variable of the loop around it any more.
    "y(a) = prod(sum(D(a) * x[t](i) * A(a, i) * prod(D(a) for u in 1..t) + prod(D(b[t]) for u in 1..t if u % 2 == 0) * D(a) for t in s..T)"
    " * prod(sum(D(a) for u in 1..t if u % 2 == 0) for t in 1..s-1) for s in 1..T)",
    # Only a `delta` carries the index of one term, or of all: `order` failed.
    "y() = delta(b, b) + D(b) * A(b, i) * x[1](i)",
    "y(a in 1..r) = prod(delta(a, b) for s in 1..T)",
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


OTHERS = {
    # An entry of a list where there is none to take it from.
    "lists": """size nb = [[2, 3], [1], [], [1, 2, 3]]
output y[t](a in 1..r) = sum(A(a, i) * x[j](i) * sum(A(a, k) * x[l](k) for l in nb[j]) for j in nb[t]) for t in 1..T
""",
    # An index that is longer in some rounds than in others.
    "extents": """size m[1..T] = [1, 2, 3, 2]
weight E[k in 1..T](m[k], n)
h[k](a) = E[k](a, i) * x[k](i) for k in 1..T
output y() = sum(sum(h[k](a) * h[k](a) over a) for k in 1..T)
""",
    # A definition that is used once and depends on the input only where its loop has a round.
    "silent": """f[t](a in 1..r) = D(a) + sum(A(a, i) * x[s](i) for s in t+1..T if t % s == 0) for t in 1..T
output y(a) = f[1](a) * f[2](a)
""",
    "constant": """f[t](a in 1..r) = (A(a, i) * x[t](i) if t == T else 1) for t in 1..T
h[t](a) = f[t](a) + D(a) for t in 1..T
output y(a) = A(a, i) * x[1](i)
""",
}


@pytest.mark.parametrize("name", OTHERS)
def test_loops_without_rounds_and_with_unlike_ones(name):
    net = tn.load(HEAD + OTHERS[name])
    comparison = Comparison(net, tn.compile(net))
    assert comparison.score_error() <= 1e-12
    assert comparison.gradient_error() <= 1e-8


def test_numbers_among_the_terms_can_be_measured():
    body = "y(a) = sum(sum(prod(A(a, i) * x[u](i) for u in s+1..t-1) for s in 1..t) for t in 1..T)"
    net = tn.load(f"{HEAD}output {body}\n")
    comparison = Comparison(net, tn.compile(net))
    mantissa, scale = tn.compile(net, scaled=True).score(*comparison.arguments)
    np.testing.assert_allclose(np.ldexp(mantissa, scale), comparison.model.score(*comparison.arguments))


def test_an_output_that_repeats_a_number_is_an_array():
    net = tn.load(HEAD + "c() = 3\noutput y() = c()\noutput z() = D(a) * c() * A(a, i) * x[1](i)\n")
    assert Comparison(net, tn.compile(net)).score_error() <= 1e-12
