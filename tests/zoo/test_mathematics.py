"""Each example is the network its source describes: checked against formulas of the source, by the oracle alone."""

from __future__ import annotations

import itertools
from math import comb, prod

import numpy as np
import pytest

from tests.corpus import EXAMPLES
from tests.reference import evaluate, random_arrays
from tncompile.language import load


def example(name, /, **sizes):
    return load(next(path for path in EXAMPLES if path.stem == name), **sizes)


def only(outputs):
    """The one member of the one output."""
    (members,) = outputs.values()
    (array,) = members.values()
    return array


def one_hot(sequence, n, start=1):
    return {(k,): np.eye(n)[i] for k, i in enumerate(sequence, start)}


def grid(net, arrays, d, n):
    """The score at every combination of one-hot inputs: the weight tensor of a multilinear score."""
    entries = [
        only(evaluate(net, {**arrays, "x": one_hot(seq, n)})) for seq in itertools.product(range(n), repeat=d)
    ]
    return np.array(entries).reshape((n,) * d + entries[0].shape)


def rank(tensor, rows):
    """The rank of a matricization of a tensor, its axes counted from 0."""
    columns = [axis for axis in range(tensor.ndim) if axis not in rows]
    return np.linalg.matrix_rank(
        tensor.transpose([*rows, *columns]).reshape(prod(tensor.shape[a] for a in rows), -1)
    )


def weights(net, seed=0):
    return random_arrays(net, seed)


# --- tensor formats ---------------------------------------------------------------------------


def test_a_tensor_train_is_a_product_of_matrices():
    net = example("tensor_train", d=5)
    arrays = weights(net)
    state = np.ones(1)
    for k in range(1, 6):
        state = state @ np.tensordot(arrays["G"][(k,)], arrays["x"][(k,)], (1, 0))
    assert np.allclose(only(evaluate(net, arrays)), state)


def test_a_recurrent_tensor_train_shares_its_inner_core():
    net = example("recurrent_tensor_train", d=5)
    arrays = weights(net)
    state = arrays["x"][(1,)] @ arrays["first"][()]
    for k in range(2, 5):
        state = np.einsum("aib,a,i", arrays["G"][()], state, arrays["x"][(k,)])
    assert np.allclose(
        only(evaluate(net, arrays)), np.einsum("aiy,a,i", arrays["last"][()], state, arrays["x"][(5,)])
    )


@pytest.mark.parametrize(
    ("d", "n", "r", "odd_even", "half"), [(4, 3, 2, 6, 2), (4, 2, 3, 4, 3), (6, 2, 2, 8, 2)]
)
@pytest.mark.parametrize("name", ["tensor_train", "recurrent_tensor_train"])
def test_the_ranks_of_tensor_trains_are_the_known_ones(name, d, n, r, odd_even, half):
    net = example(name, d=d, n=n, r=r, C=1)
    tensor = grid(net, weights(net), d, n)[..., 0]
    assert rank(tensor, list(range(0, d, 2))) == odd_even
    assert rank(tensor, list(range(d // 2))) == half


@pytest.mark.parametrize(("d", "n", "r"), [(4, 2, 3), (4, 3, 5), (6, 2, 5)])
def test_the_rank_of_cp_is_its_width(d, n, r):
    net = example("cp", d=d, n=n, r=r, C=1)
    tensor = grid(net, weights(net), d, n)[..., 0]
    assert rank(tensor, list(range(0, d, 2))) == rank(tensor, list(range(d // 2))) == min(r, n ** (d // 2))


@pytest.mark.parametrize(("n", "r"), [(2, 2), (3, 2), (2, 4)])
def test_the_ranks_of_hierarchical_tucker_are_the_known_ones(n, r):
    net = example("hierarchical_tucker", d=4, n=n, r=r, C=1)
    tensor = grid(net, weights(net), 4, n)[..., 0]
    assert rank(tensor, [0, 2]) == min(n, r) ** 2
    assert rank(tensor, [0, 1]) == min(r, n**2)


@pytest.mark.parametrize(
    ("n", "r", "odd_even", "half"), [(3, [3, 1], 9, 1), (3, [2, 2], 4, 2), (3, [5, 4], 9, 4)]
)
def test_the_ranks_of_the_arithmetic_circuit_are_the_known_ones(n, r, odd_even, half):
    net = example("conv_arithmetic_circuit", d=4, n=n, r=r, C=1)
    tensor = grid(net, weights(net), 4, n)[..., 0]
    assert rank(tensor, [0, 2]) == odd_even
    assert rank(tensor, [0, 1]) == half


def test_the_witness_of_the_arithmetic_circuit_has_the_identity_as_matrix():
    net = example("conv_arithmetic_circuit", d=4, n=3, r=3, C=1)
    arrays = weights(net)
    arrays["leaf"] = {member: np.eye(3) for member in arrays["leaf"]}
    first = np.zeros((3, 3))
    first[0] = 1
    arrays["mix"] = dict.fromkeys(arrays["mix"], first)
    arrays["top"] = {(): np.eye(1, 3)}
    tensor = grid(net, arrays, 4, 3)[..., 0]
    assert np.array_equal(tensor.transpose(0, 2, 1, 3).reshape(9, 9), np.eye(9))


def test_tucker_contracts_the_core_with_every_factor():
    net = example("tucker")
    arrays = weights(net)
    f = [arrays["factor"][(k,)].T @ arrays["x"][(k,)] for k in range(1, 5)]
    assert np.allclose(only(evaluate(net, arrays)), np.einsum("abcdy,a,b,c,d", arrays["core"][()], *f))


def test_a_tensor_ring_is_a_trace():
    net = example("tensor_ring")
    arrays = weights(net)
    train = np.eye(4)
    for k in range(1, 7):
        train = train @ np.tensordot(arrays["G"][(k,)], arrays["x"][(k,)], (1, 0))
    wanted = [np.trace(arrays["top"][()][:, :, y] @ train) for y in range(2)]
    assert np.allclose(only(evaluate(net, arrays)), wanted)


def test_windows_of_the_overlapping_circuit_multiply_their_linear_maps():
    net = example("overlapping_conv_arithmetic_circuit")
    arrays = weights(net)
    layer = [arrays["x"][(j,)] for j in range(1, 8)]
    for number in range(1, 4):
        maps = [arrays["W"][number, w] for w in (1, 2)]
        layer = [(maps[0] @ left) * (maps[1] @ right) for left, right in itertools.pairwise(layer)]
    assert np.allclose(only(evaluate(net, arrays)), arrays["top"][()] @ np.prod(layer, axis=0))


def test_peps_contracts_the_lattice():
    net = example("peps", m=2, n=2, r=3)
    arrays = weights(net)
    site = {ij: np.einsum("abcds,s", core, arrays["x"][ij]) for ij, core in arrays["A"].items()}
    wanted = np.einsum(
        "vh,hw,vk,wk->", site[1, 1][0, 0], site[1, 2][0, :, :, 0], site[2, 1][:, 0, 0], site[2, 2][:, :, 0, 0]
    )
    assert np.allclose(only(evaluate(net, arrays)), wanted)


def isometry(array, rows):
    """An array whose columns are orthonormal when its first ``rows`` axes are taken as rows."""
    shape = array.shape
    return np.linalg.qr(array.reshape(prod(shape[:rows]), -1))[0].reshape(shape)


def test_mera_of_isometries_keeps_the_norm_of_its_top():
    net = example("mera", d=8, n=2, r=2, C=1)
    arrays = weights(net)
    for name in ("u", "w"):
        arrays[name] = {member: isometry(array, 2) for member, array in arrays[name].items()}
    tensor = grid(net, arrays, 8, 2)[..., 0]
    assert np.isclose(np.linalg.norm(tensor), np.linalg.norm(arrays["top"][()]))


def test_disentanglers_of_mera_stand_across_the_pairs():
    net = example("mera", d=4, n=2, r=3, C=2)
    arrays = weights(net)
    u, w, x = arrays["u"], arrays["w"], [arrays["x"][(k,)] for k in range(1, 5)]
    wanted = np.einsum(
        "a,b,c,d,bcfg,dahe,efp,ghq,pqy->y",
        *x,
        u[1, 1],
        u[1, 2],
        w[1, 1],
        w[1, 2],
        arrays["top"][()],
        optimize=True,
    )
    assert np.allclose(only(evaluate(net, arrays)), wanted)


def test_a_tt_matrix_is_a_matrix():
    net = example("tt_matrix")
    arrays = weights(net)
    cores = [arrays["G"][(k,)] for k in (1, 2, 3)]
    matrix = np.einsum("apib,bqjc,crkd->pqrijk", *cores)
    assert np.allclose(only(evaluate(net, arrays)).ravel(), matrix.reshape(8, 64) @ arrays["x"][()].ravel())


# --- recurrent networks -------------------------------------------------------------------------


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


# --- probabilities and physics --------------------------------------------------------------------


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


# --- features -------------------------------------------------------------------------------------


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
