"""Examples that are recurrent networks: checked against their recurrences, by the oracle alone."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from tests.reference import evaluate
from tests.zoo.formulas import example, grid, one_hot, only, rank, weights


@pytest.mark.parametrize(("T", "M", "R"), [(4, 3, 2), (4, 2, 5), (6, 2, 3)])
def test_the_ranks_of_the_shallow_circuit_are_the_known_ones(T, M, R):
    net = example("shallow_rac", T=T, M=M, R=R, C=1)
    tensor = grid(net, weights(net), T, M)[..., 0]
    assert rank(tensor, list(range(T // 2))) == min(R, M ** (T // 2))
    assert rank(tensor, list(range(0, T, 2))) == min(M, R) ** (T // 2)


def test_the_deep_circuit_with_one_layer_is_the_shallow_one():
    deep, shallow = example("deep_rac", L=1, C=2), example("shallow_rac", C=2)
    arrays = weights(shallow)
    same = {**arrays, "WI": {(1,): arrays["WI"][()]}, "WH": {(1,): arrays["WH"][()]}}
    assert np.allclose(only(evaluate(deep, same)), only(evaluate(shallow, arrays)))


@pytest.mark.parametrize("L", [1, 2, 3])
def test_the_degree_of_the_deep_circuit_in_each_input_is_the_known_one(L):
    net = example("deep_rac", T=5, L=L)
    arrays = weights(net)
    score = only(evaluate(net, arrays))
    for t in range(1, 6):
        doubled = {**arrays, "x": {**arrays["x"], (t,): 2 * arrays["x"][(t,)]}}
        assert np.allclose(only(evaluate(net, doubled)), 2 ** comb(5 - t + L - 1, L - 1) * score)


def test_copying_memory_is_the_deep_circuit_read_at_every_step():
    net, deep = example("copying_memory"), example("deep_rac", T=11, M=6, R=7, C=5)
    arrays = weights(net)
    steps = evaluate(net, arrays)["y"]
    assert list(steps) == [(t,) for t in range(1, 12)]
    assert np.allclose(steps[(11,)], only(evaluate(deep, arrays)))


def test_the_generalized_shallow_network_takes_the_largest_and_zero():
    net = example("generalized_shallow")
    arrays = weights(net)
    f = [arrays["V"][(t,)].T @ arrays["x"][(t,)] for t in range(1, 7)]
    assert np.allclose(only(evaluate(net, arrays)), np.maximum(np.max(f, axis=0), 0) @ arrays["top"][()])


def test_a_rectifier_network_of_width_one_has_small_rank():
    net = example("generalized_shallow", T=4, M=4, R=1, C=1)
    for seed in range(5):
        assert rank(grid(net, weights(net, seed), 4, 4)[..., 0], [0, 2]) <= 4 * 4 // 2


def test_the_generalized_rnn_follows_its_recurrence():
    net = example("generalized_rnn")
    arrays = weights(net)
    state = np.zeros(1)
    for t in range(1, 7):
        seen = arrays["U"][(t,)] @ arrays["x"][(t,)]
        joined = np.maximum(np.maximum(seen[:, None], state[None, :]), 0)
        state = np.tensordot(joined, arrays["G"][(t,)], ((0, 1), (0, 1)))
    assert np.allclose(only(evaluate(net, arrays)), state)


def test_the_second_order_network_follows_its_recurrence():
    net = example("second_order_rnn")
    arrays = weights(net)
    state = arrays["start"][()]
    for t in range(1, 7):
        state = np.tanh(np.einsum("kij,i,j", arrays["W"][()], arrays["x"][(t,)], state) + arrays["b"][()])
    assert np.allclose(only(evaluate(net, arrays)), arrays["WO"][()] @ state)


def test_multiplicative_integration_follows_its_recurrence():
    net = example("mi_rnn")
    arrays = weights(net)
    w = {name: members[()] for name, members in arrays.items() if name != "x"}
    state = np.zeros(4)
    for t in range(1, 7):
        v, u = w["W"] @ arrays["x"][(t,)], w["U"] @ state
        state = np.tanh(w["alpha"] * v * u + w["beta_state"] * u + w["beta_input"] * v + w["b"])
    assert np.allclose(only(evaluate(net, arrays)), w["WO"] @ state)


def test_the_lstm_follows_its_recurrence():
    net = example("lstm")
    arrays = weights(net)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    h = c = np.zeros(5)
    for t in range(1, 7):
        drives = [
            arrays["W"][(g,)] @ arrays["x"][(t,)] + arrays["U"][(g,)] @ h + arrays["b"][(g,)]
            for g in range(1, 5)
        ]
        c = sigmoid(drives[1]) * c + sigmoid(drives[0]) * np.tanh(drives[3])
        h = sigmoid(drives[2]) * np.tanh(c)
    assert np.allclose(only(evaluate(net, arrays)), arrays["WO"][()] @ h)


def test_linear_attention_is_a_weighted_mean_of_the_past():
    net = example("linear_attention")
    arrays = weights(net)

    def feature(z):
        return np.where(z > 0, z + 1, np.exp(z))

    x = np.array([arrays["x"][(t,)] for t in range(1, 6)])
    q, k, v = (x @ arrays[name][()].T for name in ("WQ", "WK", "WV"))
    attention = np.tril(feature(q) @ feature(k).T)
    wanted = attention / attention.sum(axis=1, keepdims=True) @ v
    assert np.allclose([*evaluate(net, arrays)["y"].values()], wanted)


def test_the_language_model_scores_every_next_word():
    net = example("tt_language_model")
    arrays = weights(net)
    words = [3, 0, 6, 2, 2]
    embedding, edge, core = (arrays[name][()] for name in ("embedding", "edge", "G"))
    scores = evaluate(net, {**arrays, "x": one_hot(words, 7)})["score"]
    state = embedding[words[0]] @ edge
    for t, word in enumerate(words[1:], 2):
        assert np.allclose(scores[(t - 1,)], embedding @ edge @ state)
        state = np.einsum("aib,i,a", core, embedding[word], state)
    assert np.allclose(scores[(5,)], embedding @ edge @ state)
