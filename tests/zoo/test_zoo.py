"""Every example goes the whole way: checked, formatted, printed, compiled, scored, differentiated, drawn."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import CORPUS, EXAMPLES
from tests.helpers import (
    assert_scores_agree,
    direction,
    draw,
    expected,
    inputs_of,
    slope,
    unbatched,
    weights_of,
)
from tncompile.language import check, format_text
from tncompile.source import read_source

ZOO = set(
    """
tensor_train recurrent_tensor_train cp hierarchical_tucker conv_arithmetic_circuit
overlapping_conv_arithmetic_circuit tucker tensor_ring shallow_rac deep_rac copying_memory mera peps born_machine
locally_purified hidden_markov exponential_machine generalized_shallow generalized_rnn second_order_rnn mi_rnn lstm
gnn linear_attention tt_language_model mps_classifier tt_matrix ising circuit digits_tensor_train digits_cp
""".split()
)

every_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
every_network = pytest.mark.parametrize(
    "text", [text for _, text in CORPUS], ids=[name for name, _ in CORPUS]
)


def compiled(net):
    return tn.compile(net, dtype="complex128" if net.field == "complex" else "float64")


def test_the_zoo_is_complete():
    assert {path.stem for path in EXAMPLES} == ZOO


@every_example
def test_an_example_is_checked_without_a_word(path):
    assert check(read_source(path), {}) == []


@every_example
def test_an_example_is_laid_out_as_the_formatter_does(path):
    source = read_source(path)
    assert format_text(source) == source.text


@every_example
def test_an_example_says_what_it_is_and_where_it_comes_from(path):
    net = tn.load(path)
    assert net.name == path.stem
    assert re.search(r"\((19|20)\d\d\)", net.doc)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 50


@every_example
def test_the_sizes_of_an_example_are_distinct(path):
    numbers = [value for value in tn.load(path).sizes.values() if isinstance(value, int)]
    assert len(set(numbers)) == len(numbers)


@every_network
def test_a_network_prints_as_text_that_loads_as_the_same(text):
    net = tn.load(text)
    again = tn.load(str(net))
    assert again == net
    assert str(again) == str(net)


@every_network
def test_scores_are_those_of_the_definitions(text):
    net = tn.load(text)
    assert_scores_agree(net, compiled(net), draw(net, 3))


@every_network
def test_gradients_are_those_of_the_definitions(text):
    net = tn.load(text)
    samples = draw(net, 2)
    model = compiled(net)
    scores, gradient = model.score_and_gradient(weights_of(model, net, samples[0]), *inputs_of(net, samples))
    once = unbatched(net, scores, expected(net, samples))
    for seed in range(3):
        along = direction(net, seed)
        wanted = slope(net, samples, along, 1e-3, once).real
        unit = weights_of(model, net, along)
        size = np.linalg.norm(gradient.flat) * np.linalg.norm(unit.flat)
        # Of complex weights the gradient is dL/d(Re w) + i dL/d(Im w), L the real part of the sum.
        assert abs(np.vdot(gradient.flat, unit.flat).real - wanted) <= 1e-8 * size


@every_example
def test_the_initial_weights_of_an_example_give_finite_scores(path):
    net = tn.load(path)
    model = compiled(net)
    samples = draw(net, 2)
    scores = model.score(model.init(seed=1), *inputs_of(net, samples))
    for value in scores.values() if isinstance(scores, dict) else [scores]:
        assert np.all(np.isfinite(np.asarray(value)))
