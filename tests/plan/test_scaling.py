"""Scaled schedules: they mean what the schedules mean that they were made from, and bring states back when they must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.networks import networks
from tests.plan.folding import members
from tests.plan.interpret import interpret
from tests.plan.interpret_scaled import interpret_scaled
from tests.plan.recurrences import recurrences
from tests.reference import evaluate, random_arrays
from tncompile.language.load import load
from tncompile.plan.flatten.order import order
from tncompile.plan.folding.fold import fold
from tncompile.plan.folding.liveness import steps_of
from tncompile.plan.scaling import scaled
from tncompile.plan.schedule import Loop, Span
from tncompile.transform.adjoint.gradient import gradient
from tncompile.transform.batch import batch

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SLOW = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}


def rounds_of(schedule):
    """The most rounds of a loop that go by until a state is brought to size."""
    return max((step.turn[1] for step in steps_of(schedule.body) if step.turn is not None), default=1)


def assert_the_same_scaled(net, limit, scale=0.7, trial=0):
    """A flat network's schedule and the scaled one compute the same, to rounding."""
    schedule = fold(net)
    inputs = {name for name in net.tensors if name.endswith("_bar")}
    size = "batch" if "batch" in net.sizes else None
    found = scaled(schedule, size, limit, inputs, net.outputs, trial=trial)
    values = members(net, random_arrays(net, 1, scale))
    with np.errstate(all="ignore"):
        expected = interpret(schedule, values)
        computed = interpret_scaled(found, values)
    for name, wanted in expected.items():
        size = max((float(np.max(np.abs(value), initial=0.0)) for value in wanted), default=0.0)
        for ours, theirs in zip(computed[name], wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12 * max(size, 1))
    return found


@pytest.mark.parametrize("limit", [6, 20])
@pytest.mark.parametrize(
    "name", ["tensor_train", "cp", "hierarchical_tucker", "deep_rac", "hidden_markov", "ising"]
)
def test_scores_and_gradients_are_the_same_scaled(name, limit):
    flat = order(batch(load(EXAMPLES / f"{name}.tn")))
    found = assert_the_same_scaled(flat, limit)
    tried = assert_the_same_scaled(flat, limit, trial=200)
    if limit == 20:  # a round of the deep circuit passes the other one
        assert (rounds_of(tried) > rounds_of(found)) == (
            name in ("tensor_train", "deep_rac", "hidden_markov")
        )
    assert_the_same_scaled(gradient(flat), limit)


@given(recurrences())
@settings(max_examples=25, **SLOW)
def test_recurrences_are_the_same_scaled(text):
    assert_the_same_scaled(load(text), 6)


@given(recurrences())
@settings(max_examples=25, **SLOW)
def test_recurrences_are_the_same_scaled_seldom(text):
    assert_the_same_scaled(batch(load(text)), 20, trial=200)


@given(networks())
@settings(max_examples=15, **SLOW)
def test_random_networks_are_the_same_scaled(text):
    flat = order(load(text))
    values = [v for output in evaluate(flat, random_arrays(flat, 1, 0.5)).values() for v in output.values()]
    assume(all(np.all(np.abs(value) < 1e6) for value in values))
    assert_the_same_scaled(flat, 6, 0.5)
    assert_the_same_scaled(gradient(flat), 6, 0.5)


def in_turn(net, limit, trial=0):
    found = scaled(fold(net), "batch", limit, (), net.outputs, trial=trial)
    return [step for step in steps_of(found.body) if step.op == "rescale" and step.turn is not None]


def turns(net, limit, trial=0):
    return [step.turn for step in in_turn(net, limit, trial)]


def test_a_chain_is_brought_back_as_rarely_as_its_depth_allows():
    flat = order(batch(load(EXAMPLES / "tensor_train.tn", d=50)))
    assert [rounds for _, rounds in turns(flat, 13)] == [4]  # a core is 1, data are 2: 1 + 4 * 3 = 13
    assert [rounds for _, rounds in turns(flat, 12)] == [3]
    assert [rounds for _, rounds in turns(flat, 21)] == [6]
    assert [rounds for _, rounds in turns(flat, 25)] == [8]


def test_what_is_looked_at_afterwards_is_brought_back_more_rarely():
    flat = order(batch(load(EXAMPLES / "tensor_train.tn", d=50)))
    assert [rounds for _, rounds in turns(flat, 21, trial=128)] == [16]  # at least a depth of 8 for each
    assert [rounds for _, rounds in turns(flat, 21, trial=127)] == [12]
    assert [rounds for _, rounds in turns(flat, 170, trial=1024)] == [64]
    deep = order(batch(load(EXAMPLES / "deep_rac.tn", L=2)))
    assert [rounds for _, rounds in turns(deep, 21, trial=128)] == [6]  # 1 + 3 * 6 + 2 * 6 * 7 = 103
    assert [rounds for _, rounds in turns(deep, 21, trial=102)] == [5]
    assert [
        rounds for _, rounds in turns(flat, 3, trial=200)
    ] == []  # a round without it would pass the limit


def test_layers_that_lie_side_by_side_are_brought_to_size_at_once():
    flat = order(batch(load(EXAMPLES / "deep_rac.tn", L=2)))
    assert [len(step.result.subscripts) for step in in_turn(flat, 21)] == [1, 1]
    (both,) = in_turn(flat, 21, trial=128)
    (side,) = both.result.subscripts
    assert isinstance(side, Span)
    assert side.count.value == 2
    loop = next(
        n for n in scaled(fold(flat), "batch", 21, (), flat.outputs, trial=128).body if isinstance(n, Loop)
    )
    assert loop.body[-1].op == "rescale"


def test_what_is_shallow_is_brought_to_size_at_its_end_only():
    flat = order(batch(load(EXAMPLES / "hierarchical_tucker.tn", d=4)))
    found = scaled(fold(flat), "batch", 100, (), flat.outputs)
    assert [step.function for step in steps_of(found.body) if step.op == "rescale"] == ["last"]
