"""Sums with the parts of one side gathered: bounds that alternating inputs do not spoil, and never below the rank."""

from __future__ import annotations

import time

import pytest

from tncompile import load
from tncompile.expressivity.certificates.check_certificate import verify_certificate
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.gather import gathered
from tncompile.expressivity.polynomials.polynomial import Leaf
from tncompile.expressivity.rank import rank
from tncompile.expressivity.upper.bounds import upper_bound

LINEAR = """
network linear_rnn
size T = 6, D = 3, H = 4
input x[1..T](D)
weight W(H, D), U(H, H), b(H), top(H)
h[0](k in 1..H) = 0
h[t](k) = W(k, i) * x[t](i) + U(k, j) * h[t-1](j) + b(k) for t in 1..T
output score() = top(k) * h[T](k)
"""
HEAD = "network f\nsize n = 3\ninput x[1..6](n)\nweight A[1..6](2, n), B(2), C(2, 2), D(2, 2, 2)\n"
F = "f[k](a) = A[k](a, i) * x[k](i) for k in 1..6\n"
BODIES = {
    # A linear map that makes five of one keeps its place: the sum crosses as one number.
    "s() = f[1](a) * B(a) + f[2](a) * B(a)\nw(a) = B(a) * s()\noutput y() = w(a) * f[3](a) * f[4](b) * B(b)": 4,
    # Parts of both sides stay beside those of one.
    "s(a) = f[1](a) + f[2](a) + f[3](a) * f[4](a)\noutput y() = C(a, b) * s(b) * B(a)": 4,
    # A sum in a sum, and one that is used twice.
    "s(a) = f[1](a) + f[2](a)\nt(a) = s(a) + f[3](a) + 1\noutput y() = t(a) * B(a) + s(a) * B(a)": 2,
    "s(a) = f[1](a) + f[2](a) + B(a)\noutput y() = D(a, b, c) * s(a) * s(b) * f[3](c)": 6,
}


@pytest.mark.parametrize("T", [4, 60])
def test_a_linear_network_is_a_function_of_each_side(T):
    net = load(LINEAR, T=T)
    report = rank(net, "odd_even")
    assert (report.lower, report.upper, report.exact) == (2, 2, True)
    assert verify_certificate(report.certificate, LINEAR)[-1] == "so the rank is exactly 2"


def test_each_side_of_a_linear_network_is_one_vector():
    (study,) = studies(load(LINEAR), "odd_even")
    graph = gathered(expand(study.net, study.sides))
    leaves = [node for node in graph.nodes if isinstance(node, Leaf)]
    assert [node.inputs.bit_count() for node in leaves] == [3, 3]
    assert len(graph.nodes) <= 5


@pytest.mark.parametrize("body", BODIES)
def test_the_bound_of_a_sum_is_above_the_rank_and_no_worse_than_before(body):
    (result,) = rank(load(HEAD + F + body + "\n"), "x[1], x[3], x[5]").results
    assert result.lower <= result.upper <= BODIES[body]


def test_long_linear_chains_are_bounded_in_linear_time():
    (study,) = studies(load(LINEAR, T=1000), "odd_even")
    start = time.perf_counter()
    assert upper_bound(study.net, study.sides).value == 2
    assert time.perf_counter() - start < 20


# Parts of parts: a sum in a factor of a term carries the wires of the sum that it stands in.
PARTS_OF_PARTS = {
    "output y(a) = (f[1](a) + 1) * (f[2](a) + 1) + B(a) * f[1](a)": (3, 3),
    "output y() = ((f[1](a) + 1) * (f[2](a) + 1) + 1) * B(a)": (3, 3),
    "output y() = (f[2](a) * (f[2](a) + (f[1](a) + 1)^2)) * B(a)": (3, 3),
}


@pytest.mark.parametrize("body", PARTS_OF_PARTS)
def test_sums_in_factors_of_terms_keep_their_wires(body):
    (result,) = rank(load(HEAD + F + body + "\n"), "x[1]").results
    assert (result.lower, result.upper) == PARTS_OF_PARTS[body]
