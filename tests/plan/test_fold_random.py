"""Random networks, folded: recurrences of all kinds, and whatever the stages before make of a text."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, assume, given, settings

from tests.networks import networks
from tests.plan.folding import assert_folds
from tests.plan.recurrences import recurrences
from tests.reference import evaluate, random_arrays
from tncompile.language.load import load
from tncompile.plan.flatten.order import order
from tncompile.transform.adjoint.gradient import gradient

SLOW = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}


@given(recurrences(choices=True))
@settings(max_examples=80, **SLOW)
def test_recurrences_that_begin_elsewhere_fold_to_what_they_mean(text):
    assert_folds(load(text))


@given(recurrences())
@settings(max_examples=80, **SLOW)
def test_recurrences_fold_to_what_they_mean(text):
    assert_folds(load(text))


@given(recurrences())
@settings(max_examples=40, **SLOW)
def test_gradients_of_recurrences_fold_to_what_they_mean(text):
    assert_folds(gradient(load(text)), scale=0.4)


@given(networks())
@settings(max_examples=40, **SLOW)
def test_ordered_networks_and_their_gradients_fold_to_what_they_mean(text):
    flat = order(load(text))
    values = [
        value for output in evaluate(flat, random_arrays(flat, 1, 0.5)).values() for value in output.values()
    ]
    assume(all(np.all(np.abs(value) < 1e6) for value in values))
    assert_folds(flat, scale=0.5)
    assert_folds(gradient(flat), scale=0.5)
