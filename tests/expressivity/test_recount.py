"""Bounds counted again from their coloured graph, where the terms are too many to be told one by one."""

from __future__ import annotations

from dataclasses import asdict
from math import inf

import pytest

from tests.expressivity.texts import GNN, SUM_OF_TRAINS
from tncompile import load
from tncompile.expressivity.certificates import check_bound as recount
from tncompile.expressivity.certificates.check_certificate import verify_certificate
from tncompile.expressivity.certificates.proof import proof_of
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.rank import rank
from tncompile.expressivity.upper.bounds import colored, refinements, upper_bound
from tncompile.expressivity.upper.capacities import Logarithms
from tncompile.expressivity.upper.coloring import Count

MANY = """
network many
size d = {d}, n = 2
input x[1..d](n)
weight A[1..d](n)
s() = prod(1 + A[k](i) * x[k](i) * A[k+1](j) * x[k+1](j) for k in 1..d-1)
output y() = s() + s()^2
"""

POWER = """
network power
size e = 2
input x(2), y(2)
weight a(2), b(2)
z() = a(i) * x(i) + b(i) * y(i)
output s() = z()^e
"""


def test_a_bound_with_too_many_terms_is_counted_again_by_intervals():
    text = MANY.format(d=16)
    report = rank(load(text), "odd_even", points=16)
    assert report.upper > 10**9
    said = verify_certificate(report.certificate, text)
    assert said[-1] == f"the rank is at most {report.upper}: the colouring of the graph counts {report.upper}"


@pytest.mark.parametrize("text", [MANY.format(d=4), SUM_OF_TRAINS, GNN])
@pytest.mark.parametrize("grid", [None, 2])
def test_both_ways_to_count_again_are_those_of_the_bound(text, grid, monkeypatch):
    (study,) = studies(load(text), "x[1], x[3]")
    for graph in refinements(expand(study.net, study.sides)):
        _, coloring, _ = colored(graph, Logarithms(), grid)
        count = Count(graph, coloring, grid)
        nodes = asdict(proof_of(graph, coloring))["nodes"]
        limit = inf if grid is None else grid**2  # the smaller side of the matrix
        monkeypatch.setattr(recount, "MOST_TERMS", 20_000)
        exact = recount._Count(nodes, grid).value()
        monkeypatch.setattr(recount, "MOST_TERMS", 0)
        rough = recount._Count(nodes, grid).value()
        assert (exact, rough) == (min(count.value, limit), min(count.by_intervals(), limit))
        assert exact <= rough


@pytest.mark.parametrize("exponent", [7, 1000, 20_000_000])
def test_powers_of_sums_are_bounded_whatever_the_exponent(exponent):
    net = load(POWER, e=exponent)
    (study,) = studies(net, "x")
    bound = upper_bound(study.net, study.sides)
    assert bound.value == exponent + 1
    assert recount.check_bound(study, None, asdict(bound.proof)) == exponent + 1
