"""Sums in fewer operations: factors taken out, what a recurrence need not wait for added up before, and that no value changes."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.helpers import difference, leaves
from tests.networks import networks
from tncompile.plan import Loop, cost, fold, order
from tncompile.plan.flatten import lower
from tncompile.plan.folding.liveness import steps_of
from tncompile.runtime.random_data import random_data

FOLDER = EXAMPLES[0].parent
RECURRENT = """network recurrent
size T = 4, n = 3
input x[1..T](n)
weight a(n)
weight b(n)
weight c(n)
h[0](k in 1..n) = 0
u[t](k) = a(k) * h[t-1](k)    for t in 1..T
v[t](k) = b(k) * x[t](k)      for t in 1..T
"""


def as_written():
    """Sums as the file says them."""
    return patch.object(lower, "rearranged", lambda terms, _late: terms)


def flops(text, **sizes):
    """The operations of a network, as its sums are written and in fewer."""
    net = tn.load(text, **sizes)
    with as_written():
        before = cost(order(net)).flops.value
    return before, cost(order(net)).flops.value


def vectors(body, rest=""):
    """A network of some vectors of 10 numbers and a number."""
    return f"network sums\nsize n = 10\ninput x(n)\ninput y(n)\ninput z(n)\ninput p()\n{rest}output o(i) = {body}\n"


@pytest.mark.parametrize(
    ("body", "before", "after"),
    [
        ("x(i)*y(i) + x(i)*z(i)", 30, 20),
        ("x(i)*y(i) - 2*x(i)*z(i) + x(i)", 50, 40),
        ("x(i)*y(i)*z(i) + x(i)*z(i)*p()", 50, 30),
        ("x(i)*y(i) + y(i)*z(i)", 30, 20),
        ("p()*x(i) + p()*y(i)", 30, 30),  # would be as many: the sum is no shorter than its terms
        ("x(i)/y(i) + x(i)*z(i)", 30, 30),
    ],
)
def test_a_factor_with_all_indices_of_the_terms_is_taken_out(body, before, after):
    assert flops(vectors(body)) == (before, after)


def test_a_factor_and_its_conjugate_are_two():
    text = vectors("x(i)*y(i) + conj(x(i))*z(i)", "field complex\n")
    before, after = flops(text)
    assert before == after


def body_of(text):
    """The steps before the loop, and those in it."""
    schedule = fold(order(tn.load(text)))
    (loop,) = [node for node in schedule.body if isinstance(node, Loop)]
    before = list(schedule.body[: schedule.body.index(loop)])
    return before, list(steps_of(loop.body))


def test_of_two_factors_the_one_that_the_recurrence_makes_is_taken_out():
    text = (
        RECURRENT
        + "h[t](k) = v[t](k) * c(k) + v[t](k) * u[t](k) * c(k) + u[t](k)  for t in 1..T\noutput y(k) = h[T](k)\n"
    )
    _, inside = body_of(text)
    assert len(inside) == 3  # u, its product with what is known before, the sum with what is known before
    assert [len(step.operands) for step in inside] == [2, 2, 2]


def test_a_factor_that_is_known_before_is_taken_out_of_what_is_not_if_it_stands_alone():
    text = RECURRENT + "g[t](k) = tanh(u[t](k))  for t in 1..T\noutput y(k) = h[T](k)\n"
    alone = text + "h[t](k) = v[t](k) * u[t](k) + v[t](k) * g[t](k)  for t in 1..T\n"
    _, inside = body_of(alone)
    assert len(inside) == 4  # u, g, their sum, its product with v
    net = tn.load(text + "h[t](k) = v[t](k) * c(k) * u[t](k) + v[t](k) * b(k) * g[t](k)  for t in 1..T\n")
    with as_written():
        before = order(net)
    assert order(net) == before


def test_terms_that_are_known_before_are_added_up_before():
    text = RECURRENT + "h[t](k) = v[t](k) + u[t](k) + c(k)  for t in 1..T\noutput y(k) = h[T](k)\n"
    before, inside = body_of(text)
    assert [len(step.operands) for step in inside] == [2, 2]
    assert any(step.op == "combine" and len(step.operands) == 2 for step in before)


def test_sums_outside_of_recurrences_stay_as_they_are():
    text = vectors("x(i) + y(i) + z(i)")
    (step,) = fold(order(tn.load(text))).body
    assert len(step.operands) == 3


def same_values(net):
    """Scores and gradients of sums as they are written, and rearranged; whether the texts differ."""
    dtype = "complex128" if net.field == "complex" else "float64"
    with as_written():
        plain = tn.compile(net, dtype=dtype)
        assert plain.source
    model = tn.compile(net, dtype=dtype)
    inputs = random_data(net, np.random.default_rng(0), 3)
    w = plain.init(0).flat
    with np.errstate(all="ignore"):
        wanted, found = plain.score_and_gradient(w, inputs), model.score_and_gradient(w, inputs)
    for mine, theirs in zip(leaves(wanted), leaves(found), strict=True):
        if np.isfinite(np.asarray(mine)).all() and np.isfinite(np.asarray(theirs)).all():
            assert difference(mine, theirs) < 1e-9
    return plain.source != model.source


@pytest.mark.parametrize("body", ["x(i)*y(i) - 2*x(i)*z(i) + x(i)", "z(i)*p() - x(i)*y(i) - x(i)*y(i)*z(i)"])
def test_signs_and_numbers_stay_with_their_terms(body):
    assert same_values(tn.load(vectors(body).replace("input y", "weight y")))


def test_signs_stay_with_the_terms_that_are_known_before():
    text = RECURRENT + "h[t](k) = v[t](k)*u[t](k) - c(k)*u[t](k) - v[t](k) - c(k)  for t in 1..T\n"
    assert same_values(tn.load(text + "output y(k) = h[T](k)\n"))


@pytest.mark.parametrize("example", ["mi_rnn", "lstm"])
def test_examples_keep_their_values(example):
    assert same_values(tn.load(FOLDER / f"{example}.tn"))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_random_networks_keep_their_values(text):
    same_values(tn.load(text))
