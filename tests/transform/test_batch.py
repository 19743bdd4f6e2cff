"""`batch`: the scores of several samples are the scores of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.corpus import CORPUS, NAMES
from tests.networks import networks
from tests.reference import evaluate, random_arrays
from tncompile.language import load
from tncompile.network import Network
from tncompile.transform import batch
from tncompile.transform.batch import dependents

TEXTS = dict(CORPUS)
COUNT = 2


def assert_scores_are_those_of_each_sample(net: Network) -> None:
    many = batch(net, value=COUNT)
    inputs = [name for name, tensor in net.tensors.items() if tensor.role == "input"]
    depending = dependents(net, inputs)
    arrays = random_arrays(many, 0, 0.7)
    found = evaluate(many, arrays)
    for number in range(COUNT if inputs else 1):
        single = {
            name: {member: a[number] if name in inputs else a for member, a in members.items()}
            for name, members in arrays.items()
        }
        for name, members in evaluate(net, single).items():
            for member, array in members.items():
                mine = found[name][member][number] if name in depending else found[name][member]
                np.testing.assert_allclose(mine, array, rtol=1e-10, atol=1e-10)
    assert load(str(many)).statements == many.statements


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_scores_each_sample_by_itself(name: str) -> None:
    assert_scores_are_those_of_each_sample(load(TEXTS[name]))


@given(networks())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_random_networks_score_each_sample_by_itself(text: str) -> None:
    assert_scores_are_those_of_each_sample(load(text))


def test_a_network_without_inputs_is_returned_as_it_is() -> None:
    net = load(TEXTS["no_input"])
    assert batch(net) is net


def test_the_size_is_called_batch_unless_that_is_taken() -> None:
    assert batch(load(TEXTS["cp"]), value=7).sizes["batch"] == 7
    taken = load(TEXTS["cp"].replace("size d", "size batch = 1\nsize d", 1))
    assert batch(taken, value=7).sizes == {**taken.sizes, "batch2": 7}


def test_rules_stay_rules_and_what_depends_on_no_input_stays_as_it_was() -> None:
    many = batch(load(TEXTS["born_machine"]))
    before = load(TEXTS["born_machine"])
    assert [d for d in many.definitions if d.name in ("E", "Z")] == [
        d for d in before.definitions if d.name in ("E", "Z")
    ]
    assert len(many.definitions) == len(before.definitions)


def test_a_member_that_carries_no_input_says_the_number_of_samples() -> None:
    assert "h[0](s in 1..batch, k in 1..H) = 0" in str(batch(load(TEXTS["lstm"])))
