"""Every example goes the whole way: checked, formatted, printed, compiled, scored, differentiated, drawn."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import CORPUS, EXAMPLES
from tests.helpers import Comparison, draw, inputs_of
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
    assert Comparison(net, tn.compile(net), count=3).score_error() <= 1e-12


@every_network
def test_gradients_are_those_of_the_definitions(text):
    net = tn.load(text)
    comparison = Comparison(net, tn.compile(net))
    for seed in range(2):
        assert comparison.gradient_error(seed) <= 1e-8


@every_example
def test_the_initial_weights_of_an_example_give_finite_scores(path):
    net = tn.load(path)
    model = tn.compile(net)
    samples = draw(net, 2)
    scores = model.score(model.init(seed=1), *inputs_of(net, samples))
    for value in scores.values() if isinstance(scores, dict) else [scores]:
        assert np.all(np.isfinite(np.asarray(value)))
