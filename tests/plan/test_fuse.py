"""Batched steps in loops: where they are taken in, which arrays that shrinks, and that no value changes."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.helpers import difference, leaves
from tests.networks import networks
from tncompile.plan import Loop, fold, order, peak_elements
from tncompile.plan.folding import fuse
from tncompile.runtime.random_data import random_data
from tncompile.transform import batch, gradient

FOLDER = EXAMPLES[0].parent


def schedules(example, *, with_gradient=False, **sizes):
    """The schedule of an example without steps taken into loops, and with."""
    flat = order(batch(tn.load(FOLDER / f"{example}.tn", **sizes)))
    flat = gradient(flat) if with_gradient else flat
    return fold(flat), fold(flat, batch="batch")


def inside(schedule):
    """The buffers that steps in loops write."""
    return {s.result.buffer for node in schedule.body if isinstance(node, Loop) for s in node.body}


def same_values(net, **options):
    """Scores and gradients with all arrays large, and with none; how many loops differ."""
    dtype = "complex128" if net.field == "complex" else "float64"
    plain = tn.compile(net, dtype=dtype, **options)
    with patch.object(fuse, "LARGE", 0), patch.object(fuse, "ROUND", 0):
        model = tn.compile(net, dtype=dtype, **options)
        assert model.source
    inputs = random_data(net, np.random.default_rng(0), 3)
    w = plain.init(0).flat
    with np.errstate(all="ignore"):
        wanted, found = plain.score(w, inputs), model.score(w, inputs)
        pairs = [(wanted, found)]
        pairs += [(plain.score_and_gradient(w, inputs), model.score_and_gradient(w, inputs))]
    for one, other in pairs:
        for mine, theirs in zip(leaves(one), leaves(other), strict=True):
            if np.isfinite(np.asarray(mine)).all():
                assert difference(mine, theirs) < 1e-9
    return plain.source != model.source


def test_a_state_that_is_read_in_its_round_is_a_variable():
    before, after = schedules("linear_attention", T=12, D=8, E=16, V=16)
    assert not before.buffers["S"].rolling
    assert not before.buffers["k_v"].rolling
    assert after.buffers["S"].rolling == ("t",)
    assert after.buffers["k_v"].rolling == ("t",)
    assert {"S", "k_v", "q_S"} <= inside(after)
    assert not after.buffers["Z"].rolling  # small


def test_the_gradient_of_a_core_is_made_where_its_parts_are():
    before, after = schedules("tensor_train", with_gradient=True, d=64, n=4, r=32)
    assert not before.buffers["G_h_bar"].rolling
    assert after.buffers["G_h_bar"].rolling == ("k",)
    assert "G_bar" in inside(after)
    assert peak_elements(after)[0] < peak_elements(before)[0]


@pytest.mark.parametrize("sizes", [{"d": 64, "n": 2, "r": 8}, {"d": 6, "n": 4, "r": 32}])
def test_small_arrays_and_small_rounds_stay_batched(sizes):
    before, after = schedules("tensor_train", with_gradient=True, **sizes)
    assert before.buffers.keys() == after.buffers.keys()
    assert not after.buffers["G_h_bar"].rolling


def test_operations_are_counted_as_before():
    for example, sizes in (
        ("linear_attention", {"T": 12, "D": 8, "E": 16, "V": 16}),
        ("tensor_train", {"d": 64, "n": 4, "r": 32}),
    ):
        before, after = schedules(example, with_gradient=True, **sizes)
        counts = [sum(row.flops.value for row in tn.plan.plan_table(one)) for one in (before, after)]
        assert counts[0] == counts[1]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_keep_their_values(path):
    changed = same_values(tn.load(path))
    if path.stem in ("linear_attention", "tensor_train", "lstm", "mi_rnn"):
        assert changed


@pytest.mark.parametrize("example", ["linear_attention", "tensor_train", "lstm", "hidden_markov"])
def test_scaled_schedules_keep_their_values(example):
    net = tn.load(FOLDER / f"{example}.tn")
    plain = tn.compile(net, scaled=True)
    with patch.object(fuse, "LARGE", 0), patch.object(fuse, "ROUND", 0):
        model = tn.compile(net, scaled=True)
        assert model.source
    w, inputs = plain.init(0).flat, random_data(net, np.random.default_rng(0), 3)
    assert plain.source != model.source
    wanted, found = (np.ldexp(*one.score(w, inputs)) for one in (plain, model))
    assert difference(wanted, found) < 1e-12


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_random_networks_keep_their_values(text):
    same_values(tn.load(text))
