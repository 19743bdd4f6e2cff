"""Functions of one side's inputs are vectors of that side, but no free ones: nothing from below may rest on them."""

from __future__ import annotations

import pytest

from tests.corpus import EXAMPLES
from tncompile import load
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.dimension import dimension
from tncompile.expressivity.evaluation.witness import witness
from tncompile.expressivity.rank import rank

QUOTIENT = """
network quotient
size n = 4
input x[1..2](n)
weight W(n, n)
output y() = x[1](i) / x[1](i) * W(i, j) * x[2](j)
"""
TANH = """
network f
size d = 7
input x[1..d](2)
weight A[1..d](3, 2)
f[k](a) = tanh(A[k](a, i) * x[k](i)) for k in 1..d
output y() = prod(f[k](a) for k in 1..d)
"""
SMALL = dict.fromkeys("DHCMRnrNVEmPpLqK", 2) | {"T": 3, "d": 4, "B": 1}


def test_a_quotient_that_is_constant_carries_no_digits():
    net = load(QUOTIENT)
    (study,) = studies(net, "x[1]")
    assert witness(study.net, study.sides) is None
    for points in (1, 20):
        (result,) = rank(net, "x[1]", points=points).results
        assert (result.lower, result.verdict) == (1, "at_least")


def test_all_cuts_of_a_network_with_functions_are_found_one_by_one():
    report = rank(load(TANH), "all")
    assert {(result.lower, result.upper, result.verdict) for result in report} == {(3, 3, "numerical")}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_expected_dimension_is_an_upper_bound(path):
    sizes = load(path).sizes
    small = {name: value for name, value in SMALL.items() if isinstance(sizes.get(name), int)}
    found = dimension(load(path, **small))
    assert found.dimension <= found.weights
    assert found.expected is None or found.dimension <= found.expected
    if found.verdict == "numerical":
        assert found.expected is None
