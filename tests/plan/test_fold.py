"""Flat networks written by hand, folded: the values are right and the structure is what was promised."""

from __future__ import annotations

import numpy as np
import pytest

from tests.plan.flat_networks import (
    ALTERNATING,
    BIDIRECTIONAL,
    BOUNDARIES,
    CHAIN,
    COPIES,
    CP,
    DEEP_RAC,
    DOWNWARDS,
    HEAP,
    LAGS,
    LSTM,
    SHIFTED_NAMES,
    SNAKE,
    TEXTS,
    TREE,
    WIRES,
)
from tests.plan.folding import assert_folds, executed, outline, steps_within, written
from tncompile.language.load import load
from tncompile.plan import fold, order
from tncompile.transform.adjoint.gradient import gradient


@pytest.mark.parametrize("name", TEXTS)
def test_a_folded_network_computes_what_the_network_means(name):
    assert_folds(load(TEXTS[name]))


def test_a_chain_has_as_many_steps_however_long_it_is():
    for text in (CHAIN, BOUNDARIES, LSTM, DOWNWARDS, LAGS, SHIFTED_NAMES, SNAKE):
        size = "m" if text is SNAKE else "T" if "size T" in text else "d"
        few, many = (written(assert_folds(load(text, **{size: value})).body) for value in (5, 9))
        assert few == many, text


def test_what_does_not_need_the_state_is_computed_before_the_loop():
    assert outline(assert_folds(load(CHAIN)).body) == ["P", "h", ("k", ["h"]), "s"]
    assert executed(assert_folds(load(CHAIN, d=20)).body) == 22


def test_a_tree_has_a_step_for_each_level_and_rule():
    for levels in (3, 5):
        schedule = assert_folds(load(TREE, d=2**levels))
        assert written(schedule.body) == 2 + 2 * levels


def test_waves_serve_where_dependences_have_no_constant_step():
    assert executed(assert_folds(load(HEAP)).body) == 2 * 4 + 2


def test_a_recurrence_that_runs_downwards_is_a_loop_that_runs_downwards():
    schedule = assert_folds(load(DOWNWARDS))
    (loop,) = [node for node in schedule.body if hasattr(node, "body")]
    assert (loop.first.constant, loop.last.constant, loop.step) == (4, 1, -1)


def test_layers_and_time_are_loops_within_loops_with_the_input_contraction_batched():
    few, many = (assert_folds(load(DEEP_RAC, T=value, L=value)) for value in (4, 7))
    assert written(few.body) == written(many.body)
    assert ("t", ["Q", "h", ("l", ["P", "h"])]) in outline(many.body)


def test_widths_that_alternate_give_a_loop_over_pairs():
    few, many = (written(assert_folds(load(ALTERNATING, d=value)).body) for value in (9, 15))
    assert few == many


@pytest.mark.parametrize("name", TEXTS)
def test_a_folded_gradient_computes_what_the_gradient_means(name):
    assert_folds(gradient(load(TEXTS[name])))


@pytest.mark.parametrize(
    "text", [CHAIN, BOUNDARIES, LSTM, DOWNWARDS, LAGS, SHIFTED_NAMES, SNAKE, DEEP_RAC, CP]
)
def test_the_gradient_of_a_recurrence_has_as_many_steps_however_long_it_is(text):
    size = "m" if text is SNAKE else "T" if "size T" in text else "d"
    few, many = (written(fold(gradient(load(text, **{size: value}))).body) for value in (8, 12))
    assert few == many


def test_the_gradient_of_a_tree_grows_by_the_same_text_for_each_level():
    sizes = [written(fold(gradient(load(TREE, d=2**levels))).body) for levels in (3, 4, 5)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] <= 8


def test_the_gradient_of_an_lstm_is_one_loop_forwards_and_one_backwards():
    schedule = fold(gradient(load(LSTM)))
    loops = [node for node in schedule.body if hasattr(node, "body")]
    assert [(loop.first.constant, loop.last.constant, loop.step) for loop in loops] == [(1, 5, 1), (4, 1, -1)]


def test_a_bidirectional_recurrence_is_two_loops_one_of_them_downwards():
    loops = [node for node in fold(load(BIDIRECTIONAL)).body if hasattr(node, "body")]
    assert [loop.step for loop in loops] == [1, -1]


def test_a_state_of_which_only_the_newest_value_is_read_has_no_axis_for_time():
    schedule = assert_folds(load(LSTM))
    assert {schedule.buffers[name].family for name in ("h", "c", "qf")} == {()}
    assert schedule.buffers["h"].rolling == ("t",)
    assert len(schedule.buffers["pf"].family) == 1
    everything = fold(load(LSTM), keep=["h"])
    assert [extent.value for extent in everything.buffers["h"].family] == [6]


def test_a_value_read_again_later_keeps_its_axis():
    assert [len(fold(load(text)).buffers["h"].family) for text in (LAGS, DEEP_RAC, HEAP)] == [1, 2, 1]


def test_definitions_that_repeat_others_are_not_computed():
    schedule = assert_folds(load(COPIES))
    assert "y" not in schedule.buffers
    assert "z" not in schedule.buffers
    computed = {step.result.buffer for step, _ in steps_within(schedule.body)}
    assert computed == {"h", "m", "n", "u", "v"}


def test_names_of_buffers_are_identifiers_that_hide_nothing():
    text = """network names
    size d = 4, n = 2
    input x[1..d](n)
    weight class[k in 1..d](n if k > 1 else 3, n), np(n), a(n)
    sum_[k](i) = class[k](i, j) * x[k](j)  for k in 1..d
    t(i) = np(i) * a(i)
    output print(i) = t(i) * sum_[2](i)
    output q() = sum_[1](i) * sum_[1](i)
    output w[k]() = sum_[k](i) * t(i)      for k in 3..4
    """.replace("\n    ", "\n")
    buffers = assert_folds(load(text)).buffers
    assert {"class_1", "class_", "np_", "print_", "sum_", "sum__1"} <= set(buffers)


def test_formulas_say_positions_and_counts_in_the_sizes():
    schedule = fold(load(BOUNDARIES))
    assert str(schedule.buffers["G"].family[0].formula) == "d - 2"
    (loop,) = [node for node in schedule.body if hasattr(node, "body")]
    assert str(loop.last.formula) == "d - 1"
    assert loop.first.formula is None
    for buffer in schedule.buffers.values():
        for extent in (*buffer.family, *buffer.shape):
            assert extent.formula.value({"d": 6, "n": 3, "r": 2, "C": 4}) == extent.value


def test_dead_buffers_are_named_after_their_last_use_and_outputs_never():
    schedule = fold(load(CHAIN))
    assert schedule.dead == ((), (), ("P",), ("h",))


def test_folding_twice_gives_the_same_schedule():
    net = gradient(load(DEEP_RAC))
    first, second = fold(net), fold(net)
    assert list(first.buffers) == list(second.buffers)
    assert [s.comment for s, _ in steps_within(first.body)] == [
        s.comment for s, _ in steps_within(second.body)
    ]
    assert outline(first.body) == outline(second.body)


def test_the_gradient_of_a_long_chain_is_folded_in_time_linear_in_its_length():
    net = gradient(load(BOUNDARIES, d=10_000))
    _ = net.tables
    schedule = fold(net)
    assert written(schedule.body) < 30
    assert max(int(np.max(buffer.members, initial=0)) for buffer in schedule.buffers.values()) == 9_999


def test_loops_over_the_indices_of_a_definition_are_written_out():
    assert_folds(load(WIRES))
    assert_folds(gradient(order(load(WIRES))))
