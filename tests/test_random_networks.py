"""Random networks: scores against the oracle, gradients against differences of it, printing and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

import tncompile as tn
from tests.helpers import (
    assert_scores_agree,
    direction,
    draw,
    expected,
    found,
    inputs_of,
    slope,
    unbatched,
    weights_of,
)
from tests.networks import networks
from tests.reference import evaluate

SLOW = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}


def finite(net, samples):
    """Whether the values stay in a range where rounding is all that a comparison can find."""
    values = [a for sample in samples for out in evaluate(net, sample).values() for a in out.values()]
    return all(np.all(np.abs(a) < 1e8) for a in values)


@given(networks())
@settings(max_examples=400, **SLOW)
def test_scores_and_gradients_are_those_of_the_definitions(text):
    net = tn.load(text)
    samples = draw(net, 2)
    assume(finite(net, samples))
    model = tn.compile(net)
    assert_scores_agree(net, model, samples)
    scores, gradient = model.score_and_gradient(weights_of(model, net, samples[0]), *inputs_of(net, samples))
    wanted = expected(net, samples)
    once, along = unbatched(net, scores, wanted), direction(net)
    fine, coarse = slope(net, samples, along, 5e-4, once), slope(net, samples, along, 1e-3, once)
    unit = weights_of(model, net, along)
    values = found(net, scores, wanted).values()
    size = np.linalg.norm(gradient.flat) * np.linalg.norm(unit.flat) + sum(
        np.abs(a).sum() for v in values for a in v
    )
    # Where the two steps differ there is a kink between them (relu, max, abs): no derivative to compare.
    assume(abs(fine - coarse) <= 1e-7 * size)
    assert abs(np.vdot(gradient.flat, unit.flat) - fine) <= 1e-8 * size


@given(networks(is_complex=True))
@settings(max_examples=100, **SLOW)
def test_scores_of_complex_networks_are_those_of_the_definitions(text):
    net = tn.load(text)
    samples = draw(net, 2)
    assume(finite(net, samples))
    assert_scores_agree(net, tn.compile(net, dtype="complex128"), samples)


@given(networks())
@settings(max_examples=100, **SLOW)
def test_printed_text_loads_as_an_equal_network(text):
    net = tn.load(text)
    again = tn.load(str(net))
    assert again == net
    assert str(again) == str(net)


def test_the_comparison_notices_a_wrong_score():
    net = tn.load("network wrong\nsize n = 3\ninput x(n)\nweight w(n)\noutput score() = w(i) * x(i)\n")
    samples = draw(net, 2)
    model = tn.compile(net)
    samples[1]["x"] = {(): samples[1]["x"][()] * (1 + 1e-9)}
    assert_scores_agree(net, model, samples)
    with pytest.raises(AssertionError):
        assert_scores_agree(
            tn.load(str(net).replace("w(i) * x(i)", "w(i) * x(i) * 1.000001")), model, samples
        )
