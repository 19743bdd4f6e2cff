"""Examples that are probabilities, circuits or read features: checked by the oracle alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.reference import evaluate
from tests.zoo.formulas import example, grid, isometry, one_hot, only, weights


@pytest.mark.parametrize(
    ("name", "sizes", "d", "n"),
    [
        ("born_machine", {"d": 4}, 4, 2),
        ("locally_purified", {"d": 3}, 3, 2),
        ("hidden_markov", {"T": 3}, 3, 4),
    ],
)
def test_probabilities_are_not_negative_and_add_up_to_one(name, sizes, d, n):
    net = example(name, **sizes)
    table = grid(net, weights(net), d, n)
    assert np.allclose(np.imag(table), 0)
    assert np.min(np.real(table)) >= 0
    assert np.isclose(table.sum(), 1)


def test_the_hidden_markov_model_sums_over_all_paths():
    net = example("hidden_markov", T=3)
    arrays = weights(net)

    def softmax(z):
        return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)

    start, step, emit = (softmax(arrays[name][()]) for name in ("start", "transition", "emission"))
    seen = [2, 0, 3]
    wanted = sum(
        start[a] * emit[a, seen[0]] * step[a, b] * emit[b, seen[1]] * step[b, c] * emit[c, seen[2]]
        for a, b, c in itertools.product(range(3), repeat=3)
    )
    assert np.isclose(only(evaluate(net, {**arrays, "x": one_hot(seen, 4)})), wanted)


def test_the_ising_model_sums_over_all_spins():
    net = example("ising", m=2, n=3)
    arrays = {"J": {(): np.array(0.7)}, "B": {(): np.array(-0.3)}}
    total = 0.0
    for spins in itertools.product((1, -1), repeat=6):
        s = np.array(spins).reshape(2, 3)
        pairs = (s[1:] * s[:-1]).sum() + (s[:, 1:] * s[:, :-1]).sum()
        total += np.exp(0.44 * (0.7 * pairs - 0.3 * s.sum()))
    assert np.isclose(only(evaluate(net, arrays)), np.log(total))


def test_amplitudes_of_a_circuit_of_unitary_gates_have_norm_one():
    net = example("circuit", d=4, D=3)
    arrays = weights(net)
    arrays["U"] = {member: isometry(array, 2) for member, array in arrays["U"].items()}
    assert np.isclose(np.linalg.norm(grid(net, arrays, 4, 2)), 1)


def test_gates_of_a_circuit_act_one_layer_after_the_other():
    net = example("circuit", d=3, D=2)
    arrays = weights(net)
    first, second = (arrays["U"][t, q].reshape(4, 4) for t, q in ((1, 1), (2, 2)))
    state = np.kron(np.eye(2), second) @ np.kron(first, np.eye(2)) @ np.eye(8)[0]
    assert np.allclose(grid(net, arrays, 3, 2).ravel(), state)


def test_a_linear_model_is_an_exponential_machine_of_rank_two():
    net = example("exponential_machine", r=2)
    w, b = np.array([0.3, -1.2, 0.7, 2.0, -0.4, 0.9]), 0.6
    cores = {(1,): np.array([[[1, b], [0, w[0]]]]), (6,): np.array([[[0], [w[5]]], [[1], [0]]])}
    for k in range(2, 6):
        cores[(k,)] = np.array([[[1, 0], [0, w[k - 1]]], [[0, 1], [0, 0]]])
    x = np.array([0.5, -0.1, 2.0, 1.0, -3.0, 0.25])
    arrays = {"G": cores, "x": {(k,): x[k - 1] for k in range(1, 7)}}
    assert np.isclose(only(evaluate(net, arrays)), w @ x + b)


def test_the_classifier_meets_at_its_centre():
    net = example("mps_classifier", d=3)
    arrays = weights(net)
    f = [
        np.array([np.cos(np.pi / 2 * p), np.sin(np.pi / 2 * p)])
        for p in (arrays["x"][(k,)] for k in (1, 2, 3))
    ]
    wanted = np.einsum(
        "ib,bjcy,ck,i,j,k->y", arrays["G"][(1,)][0], arrays["label"][()], arrays["G"][(3,)][:, :, 0], *f
    )
    assert sorted(arrays["G"]) == [(1,), (3,)]
    assert np.allclose(only(evaluate(net, arrays)), wanted)


def test_the_graph_network_multiplies_over_neighbours():
    net = example("gnn")
    arrays = weights(net)
    adjacent = [[0, 1], [0, 1, 2], [1, 2, 3], [2, 3]]
    layer = [arrays["x"][(j,)] for j in range(1, 5)]
    for number in (1, 2):
        mapped = [arrays["W"][(number,)] @ state for state in layer]
        layer = [np.prod([mapped[j] for j in near], axis=0) for near in adjacent]
    assert np.isclose(only(evaluate(net, arrays)), arrays["top"][()] @ np.prod(layer, axis=0))


def test_the_digits_networks_read_sigmoid_features():
    train, cp = example("digits_tensor_train", d=3), example("digits_cp", d=3)
    arrays = {**weights(cp), **weights(train)}
    f = [1 / (1 + np.exp(-(arrays["A"][()] @ arrays["x"][(k,)] + arrays["b"][()]))) for k in (1, 2, 3)]
    state = np.ones(1)
    for k in (1, 2, 3):
        state = np.einsum("aic,i,a", arrays["G"][(k,)], f[k - 1], state)
    assert np.allclose(only(evaluate(train, arrays)), state)
    units = np.prod([f[k - 1] @ arrays["factor"][(k,)] for k in (1, 2, 3)], axis=0)
    assert np.allclose(only(evaluate(cp, arrays)), units @ arrays["top"][()])
