"""Calls that cannot be meant are told so: what is wrong, and what is taken instead."""

from __future__ import annotations

import pytest

import tncompile as tn
from tests.corpus import EXAMPLES

TRAIN = next(path for path in EXAMPLES if path.stem == "tensor_train")


def test_the_gradient_of_a_loaded_network_is_ordered_first():
    net = tn.load(TRAIN)
    assert str(tn.gradient(net)) == str(tn.gradient(tn.order(net)))
    assert tn.gradient(net, wrt=["G"]).outputs == ("score", "G_bar")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: tn.compile("tensor_train.tn"), "`compile` takes a network"),
        (lambda _: tn.load(None), "`load` takes the path of a file"),
        (lambda _: tn.load(""), "`load` takes the path of a file"),
        (lambda _: tn.check("tensor_train.tn"), "`check` takes a `Source`, not 'tensor_train.tn'"),
        (lambda net: tn.grid(net, 0), "a grid has at least 1 template, not 0"),
        (lambda net: tn.batch(net, value=0), "a batch has at least 1 sample, not 0"),
        (tn.fold, "bring the network into order first"),
        (lambda net: tn.compile(net).init(seed=-1), "a seed is an integer of 0 or more, not -1"),
        (lambda net: tn.compile(net).init(seed="a"), "a seed is an integer of 0 or more, not 'a'"),
    ],
)
def test_what_is_no_such_argument_is_a_fault_of_the_call(call, message):
    with pytest.raises(tn.UsageError, match=message):
        call(tn.load(TRAIN))


def test_weights_are_found_by_name():
    with pytest.raises(KeyError, match="weights are found by name"):
        tn.compile(tn.load(TRAIN)).init()[3]
