"""The oracle itself, held to answers worked out by hand from the language page."""

from __future__ import annotations

import numpy as np
import pytest

from tests.corpus import AWKWARD
from tests.reference import evaluate, random_arrays
from tncompile.language import load


def outputs(name, seed=0):
    """The outputs of a corpus network at random arrays, and those arrays where they are single tensors."""
    net = load(AWKWARD[name].lstrip())
    arrays = random_arrays(net, seed)
    results = {key: next(iter(members.values())) for key, members in evaluate(net, arrays).items()}
    return results, {key: members[()] for key, members in arrays.items() if () in members}


def test_an_index_in_every_factor_is_summed_once():
    net = load(AWKWARD["hyperindex_in_every_factor"].lstrip())
    arrays = random_arrays(net, 0)
    wanted = np.sum(np.prod([arrays["A"][(k,)] * arrays["x"][(k,)] for k in range(1, 5)], axis=0))
    assert np.isclose(evaluate(net, arrays)["score"][()], wanted)


def test_an_index_may_stand_twice_in_one_tensor():
    found, a = outputs("diagonal_and_trace")
    assert np.allclose(found["score"], np.trace(a["A"]) * np.einsum("kkj,j->k", a["B"], a["x"]))


def test_each_term_is_summed_by_itself_and_a_lone_term_added_once():
    found, a = outputs("terms_lack_indices")
    z = 1 - a["W"] @ a["x"] + a["b"] - 2 * a["c"] + 3
    assert np.allclose(found["sums"], a["u"] @ a["x"] + a["b"] @ z + a["c"])
    assert np.allclose(found["score"], z[:, None] ** 2 - a["x"] / 2 + a["c"])


def test_a_factor_outside_keeps_the_index_of_a_sum_open():
    found, a = outputs("sum_under_a_factor")
    A, B, C, x = a["A"], a["B"], a["C"], a["x"]
    assert np.isclose(found["score"], A @ (B * x + C) - 2 * (A @ x - (B @ x - C @ x)))


def test_a_function_sees_finished_sums():
    found, a = outputs("functions_of_finished_sums")
    h = np.tanh(a["A"] @ a["x"] + a["B"])
    f = np.maximum(np.maximum(h[:, None], a["C"]), 0) + np.minimum(h[:, None], a["C"])
    sigmoid = 1 / (1 + np.exp(-h))
    wanted = sigmoid * np.log1p(np.exp(a["B"])) / (1 + np.exp(-a["x"] @ a["C"])) + np.maximum(
        np.abs(f) @ a["x"], 0
    )
    assert np.allclose(found["score"], wanted)
    assert np.isclose(found["largest"], np.max(f * np.sqrt(a["x"] ** 2 + 1)))


def test_delta_joins_indices_and_spreads_them():
    found, a = outputs("delta_joins_and_spreads")
    assert np.allclose(found["score"], np.outer((a["x"] * a["z"]) ** 2, a["A"]))
    assert np.allclose(found["matrix"], np.diag(a["z"]))


def test_inline_definitions_have_wires_of_their_own_at_each_use():
    net = load(AWKWARD["inline_is_put_in_anew"].lstrip())
    arrays = random_arrays(net, 0)
    psi = np.einsum("apb,bqc,cra->pqr", *(arrays["A"][(k,)] for k in (1, 2, 3)))
    found = evaluate(net, arrays)
    x = arrays["x"][()]
    assert np.allclose(found["density"][()], np.einsum("pab,qab,p,q->pq", psi, psi.conj(), x, x))
    assert np.isclose(found["twice"][()], np.einsum("pab,p->", psi**2, x))


def test_constants_follow_their_formulas():
    net = load(AWKWARD["constants_by_formula"].lstrip())
    arrays = random_arrays(net, 0)
    A, x = arrays["A"][()], arrays["x"][()]
    found = evaluate(net, arrays)
    shifted = np.append((x + 2 * 0.25)[1:], 0)
    assert np.allclose(found["score"][()], np.array([1.5, -2, 0.3]) * (A @ shifted))


@pytest.mark.parametrize("k", [1, 2])
def test_constants_of_a_family_know_their_member(k):
    net = load(AWKWARD["constants_by_formula"].lstrip())
    arrays = random_arrays(net, 0)
    wave = np.cos(np.pi * k * (np.arange(1, 5) - 0.5) / 4) / 3
    wanted = [0.5, -1.5][k - 1] * wave @ arrays["x"][()] / 4 + 4 / 3
    assert np.isclose(evaluate(net, arrays)["waves"][(k,)], wanted)
