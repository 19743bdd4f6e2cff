"""Memory that large arrays use again: values, results that stay as they are, threads, batches, what is kept."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.helpers import Comparison, draw, inputs_of, leaves, same, weights_of
from tests.networks import networks
from tncompile.codegen.body import memory

QUIET = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
CP = EXAMPLES[0].parent / "cp.tn"
TREE = EXAMPLES[0].parent / "hierarchical_tucker.tn"

# A result that is a part of a large array, and another one that is the same numbers under another name.
SHARED = """network shared
size n = 3, r = 60
input x(n)
weight A(r, n), B(r, n)
a(q) = A(q, i) * x(i)
b(q) = tanh(a(q))
c(q) = b(q) * (B(q, i) * x(i))
output again(q) = b(q)
output y(q) = c(q) + b(q)
output z() = sum(c(q) * exp(a(q)) over q)
"""
CLASH = """network clash
size n = 3
input memory(n)
weight room(n, n), keep(n)
SPARE(j) = room(i, j) * memory(i)
output y(j) = SPARE(j) * keep(j) * tanh(SPARE(j))
"""


def compiled(net, large=0, **options):
    """A model in which arrays of ``large`` bytes count as large: all of them."""
    return written(tn.compile(net, **options), large)


def written(model, large):
    """A model with the same plans, whose module is written anew."""
    model = copy.copy(model)
    model.__dict__.pop("source", None)
    with patch.object(memory, "LARGE", large):
        assert "def score" in model.source  # written now
    return model


def close(one, other):
    for mine, theirs in zip(leaves(one), leaves(other), strict=True):
        scale = np.abs(theirs).max(initial=1e-300)
        np.testing.assert_allclose(mine / scale, theirs / scale, rtol=0, atol=1e-9)


def calls_of(net, model, samples, seed=0):
    """Everything that a model computes of random weights and data, as calls without arguments."""
    arrays = draw(net, samples, seed)
    w, x = weights_of(model, net, arrays[0]), inputs_of(net, arrays)
    calls = [lambda: model.score(w, *x), lambda: model.score_and_gradient(w, *x)]
    if x:
        scorer = model.bind(w)
        calls.append(lambda: scorer(*x))
    return calls


def arrays_kept(model):
    spare = getattr(model._whole, "SPARE", {})  # a network of sums alone may need none
    return [array for slots in spare.values() for array in slots.values()]


def check(net, model):
    """Results lie in no memory that is kept, stay as they are whatever is computed after them, and come out again."""
    found, copies = [], []
    for samples, seed in ((3, 0), (3, 1), (5, 2), (2, 3), (3, 0)):
        for call in calls_of(net, model, samples, seed):
            found.append(call())
            for leaf in leaves(found[-1]):
                assert not any(np.may_share_memory(leaf, array) for array in arrays_kept(model))
            copies.append([leaf.copy() for leaf in leaves(found[-1])])
    for value, wanted in zip(found, copies, strict=True):
        same(value, wanted)
    each = len(found) // 5
    for value, again in zip(found[:each], found[-each:], strict=True):
        same(value, again)


@given(networks())
@settings(max_examples=12, **QUIET)
def test_random_networks_keep_their_values(text):
    net = tn.load(text)
    model = compiled(net)
    with np.errstate(over="ignore", invalid="ignore"):
        comparison = Comparison(net, model)
    assume(all(np.all(np.abs(a) < 1e3) for members in comparison.wanted.values() for a in members))
    assert comparison.score_error() <= 1e-12
    error = comparison.gradient_error()
    assert np.isnan(error) or error <= 1e-8
    check(net, model)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "scaled"])
def test_examples_compute_what_they_do_with_fresh_arrays(path, scaled):
    net = tn.load(path)
    model = compiled(net, scaled=scaled)
    fresh = written(model, np.inf)
    assert "SPARE" in model.source
    assert "SPARE" not in fresh.source
    if not scaled:
        for mine, theirs in zip(calls_of(net, model, 3), calls_of(net, fresh, 3), strict=True):
            close(mine(), theirs())
    check(net, model)


def test_two_calls_use_the_same_memory():
    net = tn.load(CP)
    model = compiled(net)
    _, slope, _ = calls_of(net, model, 3)
    slope()
    before = {id(array) for array in arrays_kept(model)}
    slope()
    assert before
    assert {id(array) for array in arrays_kept(model)} == before


def test_threads_do_not_disturb_each_other():
    net = tn.load(TREE)
    model = compiled(net)
    calls = [call for seed in range(6) for call in calls_of(net, model, 200 + seed % 2, seed)] * 4
    wanted = [[leaf.copy() for leaf in leaves(call())] for call in calls]
    with ThreadPoolExecutor(6) as pool:
        for value, right in zip(pool.map(lambda call: call(), calls), wanted, strict=True):
            same(value, right)


def test_a_call_that_fails_leaves_nothing_behind():
    net = tn.load(CP)
    model = compiled(net)
    module, w = model._whole, model.init(0).flat
    x = np.random.default_rng(0).standard_normal((3, net.sizes["d"], net.sizes["n"]))
    wanted = module.score_and_gradient(w, x)
    with pytest.raises(ValueError, match=r"`cotangent` has the shape"):
        module.score_and_gradient(w, x, np.ones((3, 17)))
    with pytest.raises(ValueError, match=r"`x` has the shape"):
        module.score_and_gradient(w, x[:, :-1])
    assert module.SPARE == {}
    same(module.score_and_gradient(w, x), wanted)


def test_no_more_is_kept_than_a_call_has_used():
    net = tn.load(CP)
    model = compiled(net)
    sizes = []
    for samples in (4, 400, 4, 40):
        for call in calls_of(net, model, samples):
            call()
        sizes.append(sum(array.nbytes for array in arrays_kept(model)))
        assert list(model._whole.SPARE) == [samples]
    assert sizes[0] == sizes[2] == sizes[1] // 100 == sizes[3] // 10


def test_very_much_is_not_kept():
    net = tn.load(CP)
    with patch.object(memory, "KEPT", 4):
        model = compiled(net)
    for call in calls_of(net, model, 3):
        call()
    assert model._whole.SPARE == {}


@pytest.mark.parametrize("text", [SHARED, CLASH], ids=["shared", "clash"])
def test_results_that_share_numbers_and_names_that_a_module_needs_itself(text):
    net = tn.load(text)
    model = compiled(net)
    check(net, model)
    assert Comparison(net, model).score_error() <= 1e-12
    assert Comparison(net, model).gradient_error() <= 1e-8
