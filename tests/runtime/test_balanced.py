"""Scaled gradients whose adjoints follow their states, and where they cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tncompile as tn
from tests.helpers import Comparison
from tests.runtime.scaled import Plainly
from tests.runtime.test_sizes import HOMOGENEOUS

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples").glob("*.tn"))

BRANCHES = """network branches
size d = 100
input x[1..d](2)
weight S(2), A[1..d](2, 2), O(2, 2)
h[0](a) = S(a)
h[k](a) = A[k](a, b) * h[k-1](b) * x[k](b) for k in 1..d
output y(c) = O(c, a) * h[d](a)
"""


class Counted:
    """A scaled model that counts how often its adjoints have to be measured."""

    def __init__(self, net, dtype):
        self.model = tn.compile(net, dtype=dtype, scaled=True)
        self.module = self.model._whole
        self.careful, self.calls = self.module.careful_gradient, 0
        self.module.careful_gradient = self.call

    def call(self, *arguments):
        self.calls += 1
        return self.careful(*arguments)


@pytest.fixture(scope="module")
def branches():
    return Counted(tn.load(BRANCHES), "float32")


def along_branches(counted, growth, x, cotangent):
    """Two states that never mix: the logarithms of the gradient of the second one's start, for each cotangent."""
    before = counted.calls
    w = {"S": [1, 0], "A": np.tile(np.diag([1.0, growth]), (100, 1, 1)), "O": [[1, 1], [1, -1]]}
    _, (gradient, scale) = counted.model.score_and_gradient(w, x, cotangent)
    with np.errstate(divide="ignore"):
        found = np.log2(abs(gradient["S"].astype(float))) + scale["S"]
    return found, counted.calls - before


ONES = np.ones((3, 100, 2), np.float32)


def test_adjoints_of_ordinary_size_are_not_measured(branches):
    found, calls = along_branches(branches, 1.0, ONES, None)
    assert calls == 0
    assert np.allclose(found[0], np.log2(6))  # twice 3 samples; the branches cancel for the second


@pytest.mark.parametrize("growth", [2.0**10, 2.0**-10])
def test_adjoints_that_leave_the_range_are_measured(branches, growth):
    """The state that begins with 0 grows or shrinks unseen: its adjoint does so by 2^1000."""
    found, calls = along_branches(branches, growth, ONES, np.array([[1, -1]] * 3))
    assert calls == 1
    assert np.allclose(found[1], 100 * np.log2(growth) + np.log2(6))


def test_scores_that_are_zero_have_gradients(branches):
    x = ONES.copy()
    x[1, 40, 0] = 0  # with it the whole first branch
    found, calls = along_branches(branches, 1.0, x, np.array([[1, -1]] * 3))
    assert calls == 1
    assert np.allclose(found, np.log2([4, 6])) or np.allclose(found[1], np.log2(6))


def test_cotangents_that_are_zero_need_no_measuring(branches):
    found, calls = along_branches(branches, 1.0, ONES, np.array([[1, 0], [0, 0], [0, 1]]))
    assert calls == 0
    assert np.allclose(found[0], 1)


def test_nothing_warns_where_adjoints_overflow():
    net = tn.load(BRANCHES, d=400)
    counted = Counted(net, "float32")
    w = {"S": [1, 0], "A": np.tile(np.diag([1.0, 2.0**20]), (400, 1, 1)), "O": np.eye(2)}
    counted.model.score_and_gradient(w, np.ones((2, 400, 2)))
    assert counted.calls == 1


# Functions of scaled states and sums of them. Other networks with such are too short to have exponents on the way.
MEASURED = ("generalized_rnn", "lstm")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_measured_gradients_of_examples_are_the_same(path):
    """What stands behind a balanced gradient computes the same."""
    net = tn.load(path)
    model = tn.compile(net, scaled=True)
    assert (model._plans.gradient.balance is None) == (path.stem in MEASURED)
    if path.stem in HOMOGENEOUS:
        return  # with large weights it is careful gradients that are compared (`test_sizes.py`)
    model._whole.in_range = lambda *_: False
    plainly = Plainly(net)
    plainly.model = model
    assert Comparison(net, plainly).gradient_error() <= 1e-7
