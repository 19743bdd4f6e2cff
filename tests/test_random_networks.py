"""Random networks: scores against the oracle, gradients against differences of it, printing and back.

`pytest --hypothesis-profile=explore` tries many more; `python -m benchmarks.exactness` records 500.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

import tncompile as tn
from tests.helpers import Comparison
from tests.networks import networks

QUIET = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}


def compared(text):
    """The model and the oracle. Values stay small: the cosine of 10^7 is known to 9 digits by neither."""
    net = tn.load(text)
    model = tn.compile(net)
    assert "def score_and_gradient" in model.source  # made now, one module serves scores and gradients
    with np.errstate(over="ignore", invalid="ignore"):
        comparison = Comparison(net, model)
    assume(all(np.all(np.abs(a) < 1e3) for members in comparison.wanted.values() for a in members))
    return comparison


@given(networks())
@settings(**QUIET)
def test_scores_and_gradients_are_those_of_the_definitions(text):
    comparison = compared(text)
    assert comparison.score_error() <= 1e-12
    error = comparison.gradient_error()
    assume(not np.isnan(error))
    assert error <= 1e-8


@given(networks(is_complex=True))
@settings(**QUIET)
def test_scores_and_gradients_of_complex_networks_are_those_of_the_definitions(text):
    comparison = compared(text)
    assert comparison.score_error() <= 1e-12
    assert comparison.gradient_error() <= 1e-8


@given(networks())
@settings(**QUIET)
def test_printed_text_loads_as_an_equal_network(text):
    net = tn.load(text)
    again = tn.load(str(net))
    assert again == net
    assert str(again) == str(net)


LINEAR = "network linear\nsize n = 3\ninput x(n)\nweight w(n)\noutput score() = w(i) * x(i)\n"


@pytest.mark.parametrize("factor", [1 + 1e-11, 1.0])
def test_the_comparison_notices_a_wrong_score(factor):
    wrong = tn.compile(tn.load(LINEAR.replace("w(i) * x(i)", f"{factor:.12f} * w(i) * x(i)")))
    comparison = Comparison(tn.load(LINEAR), wrong)
    assert (comparison.score_error() > 1e-12) == (factor > 1)


@pytest.mark.parametrize("factor", [1.0001, 1.0])
def test_the_comparison_notices_a_wrong_gradient(factor):
    wrong = tn.compile(tn.load(LINEAR.replace("w(i) * x(i)", f"{factor} * w(i) * x(i)")))
    comparison = Comparison(tn.load(LINEAR), wrong)
    assert (comparison.gradient_error() > 1e-8) == (factor > 1)
