"""Gradients of every example: values, text, and what they cost."""

from __future__ import annotations

import pytest

from tests.corpus import EXAMPLES
from tests.transform.slopes import assert_slopes
from tncompile.language.load import load
from tncompile.plan import cost, order
from tncompile.transform import batch, gradient

SMALL = [path for path in EXAMPLES if not path.stem.startswith("digits")]
# Networks in which every weight occurs once in each term: the score is linear in each.
LINEAR = {
    "tensor_train": [{}, {"d": 40}],
    "cp": [{}, {"d": 128}],
    "tensor_ring": [{}, {"d": 32}],
    "peps": [{}, {"m": 4}],
    "hierarchical_tucker": [{}],
    "conv_arithmetic_circuit": [{}],
    "tucker": [{}],
    "tt_matrix": [{}],
    "mps_classifier": [{}],
    "exponential_machine": [{}],
}


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_the_gradient_of_an_example_equals_central_differences(path):
    assert_slopes(order(load(path)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_gradient_of_an_example_reads_back_as_itself(path):
    derived = gradient(order(batch(load(path), value=3)))
    assert load(str(derived)) == derived


@pytest.mark.parametrize("name", LINEAR)
def test_score_and_gradient_cost_at_most_three_scores_where_each_weight_is_linear(name):
    path = next(path for path in EXAMPLES if path.stem == name)
    for sizes in LINEAR[name]:
        for net in (load(path, **sizes), batch(load(path, **sizes), value=16)):
            flat = order(net)
            assert cost(gradient(flat)).flops.value <= 3 * cost(flat).flops.value
