"""`open_legs` on networks that nobody would write: scores are linear in what was opened, at any arrays."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tests.networks import Builder
from tests.reference import evaluate, random_arrays
from tncompile import load
from tncompile.expressivity.evaluation.evaluate import input_members, items
from tncompile.expressivity.result import Member
from tncompile.network import Network
from tncompile.plan import Objective, fold, order
from tncompile.transform import open_legs
from tncompile.transform.dependence import carried_legs

# Each once made a network in which nothing said the extent of a leg.
EXOTIC = [
    *((seed, False) for seed in (1, 23, 35, 57, 64)),
    *((seed, True) for seed in (1, 9, 36, 44, 48, 58)),
]


def drawn(seed: int, is_complex: bool):
    """A random network and some of its inputs."""
    net = load(Builder(Random(seed), is_complex).build())
    members, random = input_members(net), Random(seed + 1000)
    return net, random.sample(members, random.randint(1, len(members)))


def legs_of(net: Network, chosen: list[Member]) -> dict[str, list[list[Member]]]:
    """The opened inputs that each member of each output depends on, in the order of its legs."""
    ordered = [member for member in input_members(net) if member in chosen]
    own = {
        name: [
            (ordered.index(key) + 1,) if (key := (name, tuple(member))) in ordered else ()
            for member in net.tables.tensors[name].members.tolist()
        ]
        for name, tensor in net.tensors.items()
        if tensor.role == "input"
    }
    found = carried_legs(net, own)
    return {name: [[ordered[leg - 1] for leg in legs] for legs in found[name]] for name in net.outputs}


def leg_value(arrays, leg: Member) -> np.ndarray:
    return np.asarray(arrays[leg[0]][leg[1]])


@pytest.mark.parametrize(("seed", "is_complex"), EXOTIC)
def test_weight_tensors_of_random_networks_are_made_and_planned(seed, is_complex):
    net, chosen = drawn(seed, is_complex)
    flat = order(open_legs(net, items(chosen)), Objective(thorough=False))
    fold(flat)
    arrays = random_arrays(net, 0, 0.7)
    tensors = evaluate(flat, arrays)
    legs = legs_of(net, chosen)
    for output, members in evaluate(net, arrays).items():
        for number, (member, value) in enumerate(members.items()):
            tensor = tensors[output][member]
            for leg in legs[output][number]:
                tensor = np.tensordot(leg_value(arrays, leg), tensor, axes=leg_value(arrays, leg).ndim)
            np.testing.assert_allclose(tensor, value, rtol=1e-9, atol=1e-9)


def test_an_extent_that_is_said_stays_said_where_only_a_delta_carries_its_index():
    flat = order(load("network f\nsize n = 3\nweight W()\noutput y(b, a in 1..n) = W() * delta(b, a)\n"))
    assert [extent.value for extent in flat.tables.tensors["y"].blocks[0].shape] == [3, 3]


def test_extents_are_said_by_ones_only_where_nothing_else_says_them():
    text = "network f\nsize n = 3\ninput x(n)\nweight W(n)\noutput y() = {}\n"
    assert "ones" not in str(open_legs(load(text.format("W(i) * x(i)"))))
    opened = open_legs(load(text.format("sum(x(i) over i)")))
    assert "constant x_ones(n) = 1" in str(opened)
    assert [extent.value for extent in opened.tables.tensors["y"].blocks[0].shape] == [3]
