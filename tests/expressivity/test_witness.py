"""Lower bounds by flows that carry digits, one cut at a time and all cuts at once."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tests.expressivity.modular import bipartition, example, half, members_of, odd, rank_at_points
from tests.expressivity.test_coloring import random_cut, random_network
from tncompile.expressivity.evaluation.witness import digits, witness
from tncompile.expressivity.upper.bounds import upper_bound
from tncompile.expressivity.upper.trees import bounds_of_cuts
from tncompile.language import load

FREE = ["tensor_train", "hierarchical_tucker", "conv_arithmetic_circuit", "cp", "tucker", "tensor_ring"]


@pytest.mark.parametrize("kind", FREE)
def test_a_witness_is_never_above_the_rank(kind):
    random = Random(kind)
    for _ in range(12):
        net = random_network(kind, random)
        cut = random_cut(net, random)
        value, base, exponent = witness(net, cut)
        bound = upper_bound(net, cut).value
        assert value == base**exponent <= bound
        if bound <= 60:
            assert value <= rank_at_points(net, cut, bound + 2, seed=random.randrange(10**6))


@pytest.mark.parametrize(
    ("name", "sizes", "certified"),
    [
        ("tensor_train", {"d": 1000, "n": 3, "r": 5}, (3, 500)),
        ("hierarchical_tucker", {"d": 256, "n": 3, "r": 4}, (3, 128)),
        ("peps", {"m": 10, "n": 2, "r": 2}, (2, 50)),
    ],
)
def test_huge_ranks_are_certified_exactly(name, sizes, certified):
    net = example(name, **sizes)
    value, base, exponent = witness(net, odd(net))
    assert (base, exponent) == certified
    assert value == upper_bound(net, odd(net)).value


@pytest.mark.parametrize(
    "name", ["recurrent_tensor_train", "deep_rac", "born_machine", "gnn", "circuit", "exponential_machine"]
)
def test_shared_weights_reused_states_constants_and_sums_have_no_witness(name):
    net = example(name)
    assert witness(net, half(net)) is None


def test_a_scalar_factor_and_a_chosen_feature_do_not_matter():
    net = load(
        "network n\ninput x[1..2](3)\nweight A(3, 3), c()\noutput s() = 2 * c() * A(i, j) * x[1](i) * x[2](j)\n"
    )
    assert witness(net, half(net)) == (3, 3, 1)


def test_digits_are_counted_without_rounding():
    assert [digits(3, extent) for extent in (1, 2, 3, 8, 9, 3**50 - 1, 3**50)] == [0, 0, 1, 1, 2, 49, 50]


def all_rows(count):
    return np.array(
        [[number >> place & 1 for place in range(count)] for number in range(1, 2 ** (count - 1))], bool
    )


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("tensor_train", {"d": 6, "n": 3, "r": 2}),
        ("tensor_train", {"d": 5, "n": 1000, "r": 5000}),  # products beyond 2^53
        ("recurrent_tensor_train", {"d": 6}),
        ("hierarchical_tucker", {"d": 8, "r": [2, 3, 5]}),
        ("conv_arithmetic_circuit", {"d": 8, "r": [5, 3, 2]}),
        ("cp", {"d": 5, "r": 7}),
        ("tucker", {"d": 4}),
    ],
)
def test_the_bounds_of_all_cuts_of_a_tree_are_those_of_each_cut(name, sizes):
    net = example(name, **sizes)
    members = members_of(net)
    rows = all_rows(len(members))
    many = bounds_of_cuts(net, members, rows)
    assert many is not None
    for cut in Random(0).sample(range(len(rows)), min(12, len(rows))):
        sides = bipartition(net, [place for place, row in enumerate(rows[cut], 1) if row])
        assert many.upper[cut] == upper_bound(net, sides).value
        single = witness(net, sides)
        assert (many.witnesses is None) == (single is None)
        if many.witnesses is not None:
            assert many.witnesses[cut][0] == single[0]


@pytest.mark.parametrize("name", ["tensor_ring", "peps", "deep_rac", "exponential_machine"])
def test_cycles_states_and_sums_need_a_flow_for_each_cut(name):
    net = example(name)
    members = members_of(net)
    assert bounds_of_cuts(net, members, all_rows(len(members))[:3]) is None


def test_all_8191_cuts_of_a_train_are_certified():
    net = example("tensor_train", d=14, n=2, r=2)
    many = bounds_of_cuts(net, members_of(net), all_rows(14))
    assert len(many.upper) == 8191
    assert many.upper == [value for value, _, _ in many.witnesses]
