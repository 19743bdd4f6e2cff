"""Examples that are tensor formats: checked against formulas and known ranks, by the oracle alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.reference import evaluate
from tests.zoo.formulas import example, grid, isometry, only, rank, weights


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
