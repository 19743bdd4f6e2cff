"""Families of indices that loops bind: each round has its own, and loops further in say them with their variables."""

from __future__ import annotations

import pytest

import tncompile as tn
from tests.helpers import Comparison

HEAD = """network families
size r = 2
input x[1..4](r)
weight V[t in 2..3](r for k in 1..t), W[2..3](r, r), U[2..3](r, r, r)
"""
TERM = "prod(x[k](a[k]) for k in 1..t) * V[t](a[k] for k in 1..t)"
PAIR = "prod(x[k](a[k]) for k in t-1..t) * W[t](a[t-1], a[t])"
BODIES = (
    # A polynomial in which each degree has its own tensor.
    f"s() = sum({TERM} for t in 2..3)",
    f"s() = sum(sum({TERM} for t in 2..u) for u in 2..3)",
    f"s() = prod(sum({TERM} for t in 2..u) for u in 2..3)",
    f"s() = prod({TERM} for t in 2..3)",
    f"s() = prod(1 + {TERM} for t in 2..3)",
    f"s() = prod(sum({TERM} over a[k] for k in 1..t) for t in 2..3)",
    # The same indices, or others, in each round.
    "s() = prod(1 + sum(prod(x[k](a[k]) for k in 1..2) * W[t](a[1], a[2]) over a[k] for k in 1..2) for t in 2..3)",
    f"s() = prod(tanh(sum({PAIR} over a[k] for k in t-1..t)) for t in 2..3)",
    # In rows that differ.
    f"s[u]() = prod(sum({PAIR} * x[t+u](b) over a[k] for k in t-1..t)^t for t in 2..3) for u in 0..1",
    "s[u]() = sum(prod(x[k+u](a[k]) for k in t-1..t) * W[t](a[t-1], a[t])^t for t in 2..3) for u in 0..1",
    "s[u](c) = prod(sum(prod(x[k+u](a[k]) for k in t-1..t) * U[t](a[t-1], a[t], c) over a[k] for k in t-1..t)"
    " for t in 2..3) for u in 0..1",
)


@pytest.mark.parametrize("body", BODIES)
def test_scores_and_gradients_are_those_of_the_definitions(body):
    net = tn.load(f"{HEAD}output {body}\n")
    comparison = Comparison(net, tn.compile(net))
    assert comparison.score_error() <= 1e-12
    assert comparison.gradient_error() <= 1e-8
