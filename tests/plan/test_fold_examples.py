"""The networks of `examples/`, ordered and folded, score and gradient."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plan.folding import assert_folds, written
from tncompile.language.load import load
from tncompile.plan import fold, order
from tncompile.transform.adjoint.gradient import gradient

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.tn"))
# A chain or recurrence, and the size that makes it longer: its text must not grow.
CHAINS = {
    "born_machine": "d",
    "cp": "d",
    "deep_rac": "T",
    "exponential_machine": "d",
    "hidden_markov": "T",
    "linear_attention": "T",
    "locally_purified": "d",
    "lstm": "T",
    "mi_rnn": "T",
    "mps_classifier": "d",
    "second_order_rnn": "T",
    "shallow_rac": "T",
    "tensor_train": "d",
}
TREES = ["hierarchical_tucker", "conv_arithmetic_circuit"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_folded_example_and_its_gradient_compute_what_they_mean(path):
    flat = order(load(path))
    assert_folds(flat, scale=0.5)
    assert_folds(gradient(flat), scale=0.5)


def steps(name: str, **sizes: int) -> list[int]:
    """With how many steps the score and the gradient of an example are written."""
    (path,) = [path for path in EXAMPLES if path.stem == name]
    flat = order(load(path, **sizes))
    return [written(fold(net).body) for net in (flat, gradient(flat))]


@pytest.mark.parametrize("name", CHAINS)
def test_chains_and_recurrences_have_as_many_steps_however_long_they_are(name):
    assert steps(name, **{CHAINS[name]: 10}) == steps(name, **{CHAINS[name]: 16})


@pytest.mark.parametrize("name", TREES)
def test_trees_grow_by_the_same_text_for_each_level(name):
    small, middle, large = (steps(name, d=d) for d in (8, 16, 32))
    assert [b - a for a, b in zip(small, middle, strict=True)] == [
        b - a for a, b in zip(middle, large, strict=True)
    ]
