"""Balanced gradients: what they mean, where there is one, and how rarely states are brought to size."""

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
from tests.reference import random_arrays
from tncompile.language.load import load
from tncompile.plan.flatten.order import order
from tncompile.plan.folding.fold import fold
from tncompile.plan.folding.liveness import steps_of
from tncompile.plan.scaling import balanced_gradient
from tncompile.transform import batch, gradient

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SLOW = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}


def assert_the_same_balanced(flat, limit, scale=0.7, trial=0):
    """The balanced gradient of a flat network is its gradient; returns its schedule, None if there is none."""
    found = balanced_gradient(flat, "batch" if "batch" in flat.sizes else None, limit, False, trial)
    if found is None:
        return None
    differentiated = gradient(flat)
    values = members(differentiated, random_arrays(differentiated, 1, scale))
    with np.errstate(all="ignore"):
        expected = interpret(fold(differentiated), values)
        computed = interpret_scaled(found, values)
    for name, wanted in expected.items():
        size = max((float(np.max(np.abs(value), initial=0.0)) for value in wanted), default=0.0)
        if not size < 1e100:
            return found  # this tells nothing of rounding
        for ours, theirs in zip(computed[name], wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12 * size)
    return found


def example(name, **sizes):
    return order(batch(load(EXAMPLES / f"{name}.tn", **sizes)))


@pytest.mark.parametrize("limit", [6, 9, 20])
@pytest.mark.parametrize(
    "name", ["tensor_train", "cp", "hierarchical_tucker", "deep_rac", "mera", "tensor_ring", "mps_classifier"]
)
def test_gradients_are_the_same_balanced(name, limit):
    assert assert_the_same_balanced(example(name), limit) is not None


@pytest.mark.parametrize(
    ("name", "size", "limits"),
    [
        ("tensor_train", "d", (8, 21, 40)),
        ("cp", "d", (8, 21, 40)),
        ("deep_rac", "T", (8, 21, 40)),
        ("hidden_markov", "T", (21,)),
    ],
)
def test_long_chains_are_the_same_balanced(name, size, limits):
    for limit in limits:
        assert assert_the_same_balanced(example(name, **{size: 23}), limit) is not None
    assert assert_the_same_balanced(example(name, **{size: 23}), 21, trial=60) is not None


@given(recurrences())
@settings(max_examples=15, **SLOW)
def test_recurrences_are_the_same_balanced(text):
    assume(assert_the_same_balanced(order(load(text)), 6) is not None)


@given(networks())
@settings(max_examples=8, **SLOW)
def test_random_networks_are_the_same_balanced(text):
    assume(assert_the_same_balanced(order(load(text)), 6, 0.5) is not None)


@pytest.mark.parametrize("name", ["lstm", "linear_attention", "generalized_rnn"])
def test_sums_of_scaled_states_and_functions_of_them_are_measured(name):
    assert balanced_gradient(example(name), "batch", 6, True) is None


def test_products_whose_entries_drift_apart_are_measured():
    assert balanced_gradient(example("cp", d=600), "batch", 21, True) is None
    assert balanced_gradient(example("cp", d=600), "batch", 170, False) is not None


def turns(found, op):
    return [(step.turn, step.offset) for step in steps_of(found.body) if step.op == op]


def test_adjoints_follow_in_the_rounds_in_which_states_were_brought_to_size():
    found = balanced_gradient(example("tensor_train", d=50), "batch", 21, True)
    assert turns(found, "balance") == [(("k", 6), 0)]
    assert turns(found, "follow") == [(("k", 6), 0)]
    found = balanced_gradient(example("tensor_train", d=50), "batch", 21, True, 128)
    assert turns(found, "balance") == turns(found, "follow") == [(("k", 16), 0)]


def test_exponents_and_products_with_powers_take_no_arrays_of_their_own():
    found = balanced_gradient(example("tensor_train", d=50), "batch", 21, True)
    plain = fold(gradient(example("tensor_train", d=50)), batch="batch")
    added = {name for name, b in found.buffers.items() if not b.exponents} - set(plain.buffers)
    assert added == {"h_power", "h_power_sizes", "score_bar_lifted"}
    assert all(not b.family for b in found.buffers.values() if b.exponents)
