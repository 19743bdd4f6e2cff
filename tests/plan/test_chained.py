"""Loops or trees: what the clock of a device decides."""

from __future__ import annotations

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.helpers import Comparison
from tests.transform.test_chain import same_values
from tncompile.language import load
from tncompile.network import Network
from tncompile.plan import Device, Numbers, Objective, account, fold, order, order_for, time_of
from tncompile.plan.check import check_flat
from tncompile.plan.clock import CUDA_GRAPH, NUMPY
from tncompile.source import UsageError
from tncompile.transform import batch, gradient

FOLDER = EXAMPLES[0].parent
GPU, CPU = Device(CUDA_GRAPH, Numbers()), Device(NUMPY, Numbers())
LOOP, TREE, AUTO = (Objective(chain=chain) for chain in ("loop", "tree", "auto"))


def example(name: str, samples: int = 256, **sizes: object) -> Network:
    return batch(load(FOLDER / f"{name}.tn", **sizes), value=samples)


def train(d: int, r: int, samples: int = 256) -> Network:
    return example("tensor_train", samples, d=d, r=r, n=2, C=2)


def trees(flat: Network) -> set[str]:
    """The definitions whose chains are trees."""
    return {rule.name.split("_step")[0] for rule in flat.definitions if "_step" in rule.name}


def test_a_gpu_takes_trees_for_narrow_and_long_chains_and_loops_for_wide_ones():
    for d in (32, 200, 784):
        chosen = [bool(trees(order_for(train(d, r), AUTO, GPU))) for r in (2, 4, 8, 16, 32, 64, 128)]
        assert chosen == sorted(chosen, reverse=True)
        assert chosen[0]
        assert not chosen[-1]
    chosen = [bool(trees(order_for(train(d, 4), AUTO, GPU))) for d in (3, 5, 20, 100)]
    assert chosen == [False, False, True, True]


def test_many_samples_are_for_loops():
    chosen = [bool(trees(order_for(train(100, 16, samples), AUTO, GPU))) for samples in (1, 64, 4096, 65536)]
    assert chosen == sorted(chosen, reverse=True)
    assert chosen[0]
    assert not chosen[-1]


def test_numpy_takes_loops_for_many_samples_and_trees_where_there_are_none():
    for r in (2, 8, 32):
        assert not trees(order_for(train(100, r), AUTO, CPU))
    assert trees(order_for(train(500, 4, samples=1), AUTO, CPU)) == {"h"}
    assert trees(order_for(example("born_machine", d=60, r=2), AUTO, CPU)) == {"E"}


def test_chains_are_decided_one_by_one():
    net = example("born_machine", d=100, r=16)
    assert trees(order_for(net, AUTO, GPU)) == {"h"}
    assert trees(order_for(net, TREE, GPU)) == {"h", "E"}


@pytest.mark.parametrize("device", [GPU, CPU], ids=["gpu", "cpu"])
@pytest.mark.parametrize(
    "name", ["tensor_train", "born_machine", "mps_classifier", "hidden_markov", "tensor_ring"]
)
def test_what_is_chosen_is_never_slower_by_the_clock(name, device):
    size = {"hidden_markov": "T"}.get(name, "d")
    net = example(name, **{size: 41})

    def spent(objective: Objective) -> float:
        flat = order_for(net, objective, device)
        check_flat(flat)
        both = (fold(flat), fold(gradient(flat)))
        return sum(time_of(one, device.clock, device.numbers).whole for one in both)

    assert spent(AUTO) <= min(spent(LOOP), 1.0)
    assert spent(AUTO) <= 1.3 * spent(TREE)


def test_without_a_device_chains_are_loops_unless_trees_are_asked_for():
    net = train(100, 4)
    assert order_for(net) == order(net) == order_for(net, LOOP, GPU)
    assert trees(order_for(net, TREE)) == {"h"}


def test_networks_without_chains_are_as_ever():
    for name in ("cp", "hierarchical_tucker", "deep_rac", "lstm", "gnn"):
        net = example(name)
        assert order_for(net, AUTO, GPU) == order_for(net, TREE, GPU) == order(net)


def test_a_tree_that_memory_has_no_room_for_is_not_taken():
    net = train(100, 8)
    assert trees(order_for(net, AUTO, GPU)) == {"h"}
    assert not trees(order_for(net, AUTO, Device(CUDA_GRAPH, Numbers(), 1_000_000)))


def test_trees_are_not_merged_again():
    """Each of their parts is used once, so an order across definitions could undo them."""
    net = train(14, 32, samples=2)  # an order across all of it would cost a tenth
    flat = order_for(net, TREE)
    assert {rule.name for rule in flat.definitions if "_span" in rule.name} == {"h_span2", "h_span4"}
    same_values(order(net), flat)


@pytest.mark.parametrize("name", ["tensor_train", "born_machine", "tensor_ring", "exponential_machine"])
def test_models_with_trees_are_right(name):
    net = load(FOLDER / f"{name}.tn", d=11)
    comparison = Comparison(net, tn.compile(net, objective=TREE))
    assert comparison.score_error() < 1e-12
    assert comparison.gradient_error() < 1e-8


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scaled_trees_are_right(dtype):
    net = load(FOLDER / "tensor_train.tn", d=300, n=2, r=4)
    loop, tree = (tn.compile(net, dtype=dtype, scaled=True, objective=one) for one in (LOOP, TREE))
    assert "h_span2" in tree.source
    assert tn.compile(net, "cupy", dtype, scaled=True).source.count("h_span2") == 0
    w, x = loop.init(0).flat, np.random.default_rng(0).random((3, 300, 2)).astype(dtype)
    (one, scale), (other, same) = loop.score(w, x), tree.score(w, x)
    np.testing.assert_array_equal(scale, same)
    np.testing.assert_allclose(one, other, rtol=1e-3 if dtype == "float32" else 1e-11)


def test_a_tree_within_a_limit_of_memory_computes_what_it_should():
    net = load(FOLDER / "tensor_train.tn", d=40, n=2, r=4)
    free, tight = (tn.compile(net, memory=memory, objective=TREE) for memory in (None, 60_000))
    w, x = free.init(0).flat, np.random.default_rng(0).random((50, 40, 2))
    np.testing.assert_allclose(tight.score(w, x), free.score(w, x), rtol=1e-12)


def test_costs_are_those_of_trees_where_they_are_asked_for():
    net = load(FOLDER / "tensor_train.tn", d=100)
    assert account(net, AUTO) == account(net, LOOP)
    assert account(net, TREE).score.flops.value > account(net, LOOP).score.flops.value


def test_another_word_is_refused():
    with pytest.raises(UsageError, match="auto, loop, tree, not as `trees`"):
        Objective(chain="trees")
