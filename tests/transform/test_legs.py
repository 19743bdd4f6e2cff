"""Networks on all combinations of inputs: `grid`, `probe`, `open_legs`."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.reference import evaluate
from tests.transform.slopes import random_arrays
from tncompile.language.load import load
from tncompile.network import CutItem, Name, Network, Number
from tncompile.source import TnError
from tncompile.transform import grid, open_legs, probe

CHAIN = """
network chain
size d = 4, n = 3, r = 2, C = 2
let bond[k in 0..d] = 1 if k == 0 else C if k == d else r
input  x[1..d](n)
weight G[k in 1..d](bond[k-1], n, bond[k])
h[k](b) = G[k](a, i, b) * x[k](i) * (h[k-1](a) if k > 1 else one(a))   for k in 1..d
output score(y) = h[d](y)
cut odd_even = x[k] for k in 1..d if k % 2 == 1
cut ends     = x[1] | x[3..d]
"""
RECURRENT = """
network recurrent
size T = 3, n = 2, R = 3
input  x[1..T](n)
weight WI(R, n), WH(R, R), WO(R)
h[1](i) = relu(WI(i, m) * x[1](m))
h[t](i) = WI(i, m) * x[t](m) * WH(i, j) * h[t-1](j)     for t in 2..T
output y[t]() = WO(i) * h[t](i)                         for t in 1..T
"""
FEATURES = """
network features
size d = 4, n = 3, r = 5, C = 2
input  x[1..d](n), w(n, n), s()
weight factor[1..d](n, r), top(r, C), B(n, n)
f[k](q) = tanh(factor[k](i, q) * x[k](i))                   for k in 1..d
output score(y) = top(q, y) * prod(f[k](q) for k in 1..d) * B(i, j) * w(i, j) * s()
cut halves = f[1..2] | f[3..4]
cut side   = f[1..2], w
cut some   = w | s
"""
TREE = """
network tree
size n = 2, r = 3
input  x[l in 0..1, k in 1..2](n)
weight A[l in 0..1](n, n, r), top(r, r)
h[l](c) = A[l](i, j, c) * x[l, 1](i) * x[l, 2](j)   for l in 0..1
output score() = top(a, b) * h[0](a) * h[1](b)
"""


def weights(net: Network) -> dict[str, dict[tuple[int, ...], np.ndarray]]:
    return random_arrays(net, [name for name, tensor in net.tensors.items() if tensor.role == "weight"], 3)


def inputs(net: Network, seed: int) -> dict[str, dict[tuple[int, ...], np.ndarray]]:
    return random_arrays(net, [name for name, tensor in net.tensors.items() if tensor.role == "input"], seed)


def members(net: Network) -> list[tuple[str, tuple[int, ...]]]:
    """The input members in order."""
    return [(name, member) for name, found in inputs(net, 0).items() for member in found]


@pytest.mark.parametrize("text", [CHAIN, RECURRENT, FEATURES, TREE])
def test_a_grid_holds_the_score_of_every_combination_of_templates(text):
    net = load(text)
    samples = [inputs(net, 10), inputs(net, 11)]
    templates = {
        name: {member: np.stack([sample[name][member] for sample in samples]) for member in found}
        for name, found in samples[0].items()
    }
    derived = grid(net, 2)
    found = evaluate(derived, {**weights(net), **templates})
    assert load(str(derived)) == derived
    order = members(net)
    for choice in product(range(2), repeat=len(order)):
        chosen = {name: {} for name in templates}
        for (name, member), which in zip(order, choice, strict=True):
            chosen[name][member] = templates[name][member][which]
        for output, results in evaluate(net, {**weights(net), **chosen}).items():
            for member, value in results.items():
                # Step t of a recurrence depends on its first t inputs.
                place = choice[: found[output][member].ndim - value.ndim]
                np.testing.assert_allclose(found[output][member][place], value)


def test_a_grid_reads_like_the_network_it_is_made_of():
    text = str(grid(load(CHAIN), 5))
    assert "h[k](g[j] for j in 1..k, b)" in text
    assert "x[k](g[k], i)" in text
    assert "input x[1..d](grid, n)" in text
    assert "cut" not in text


@pytest.mark.parametrize("cut", ["odd_even", "ends"])
def test_a_probe_holds_the_score_of_every_row_with_every_column(cut):
    net = load(CHAIN)
    rows, columns = {"odd_even": ([1, 3], [2, 4]), "ends": ([1], [3, 4])}[cut]
    samples = [inputs(net, seed)["x"] for seed in range(5)]
    probes = {}
    for k in range(1, 5):
        side = samples[:3] if k in rows else samples[3:] if k in columns else None
        probes[k,] = samples[0][k,] if side is None else np.stack([sample[k,] for sample in side])
    derived = probe(net, cut, counts=(3, 2))
    found = evaluate(derived, {**weights(net), "x": probes})["score"][()]
    assert found.shape == (3, 2, 2)
    assert load(str(derived)) == derived
    for u, v in product(range(3), range(2)):
        mixed = {}
        for k in range(1, 5):
            mixed[k,] = probes[k,][u] if k in rows else probes[k,][v] if k in columns else probes[k,]
        np.testing.assert_allclose(found[u, v], evaluate(net, {**weights(net), "x": mixed})["score"][()])


def test_a_probe_of_a_cut_has_the_rank_of_the_cut():
    net = load(CHAIN, d=6, n=3, r=2, C=1)
    derived = probe(net, "odd_even", counts=(24, 24))
    found = evaluate(derived, {**weights(net), **inputs(derived, 1)})["score"][()]
    # FACTS of the tensor train: the odd-even rank of d = 6, n = 3, r = 2 is 18, its start-end rank 2.
    assert np.linalg.matrix_rank(found[:, :, 0]) == 18
    halves = [CutItem("x", (Name("d"),)), CutItem("x", (Name("C"),))]
    found = evaluate(
        probe(net, halves, counts=(9, 9)), {**weights(net), **inputs(probe(net, halves, counts=(9, 9)), 1)}
    )
    assert np.linalg.matrix_rank(found["score"][()][:, :, 0]) <= 4


def test_features_of_a_cut_count_as_the_inputs():
    net = load(FEATURES)
    derived = probe(net, "halves", counts=(3, 4))
    assert {name for name, tensor in derived.tensors.items() if tensor.role == "input"} == {"f", "w", "s"}
    assert "factor" not in derived.tensors
    shapes = [block.shape for block in derived.tables.tensors["f"].blocks]
    assert sorted(tuple(extent.value for extent in shape) for shape in shapes) == [(3, 5), (4, 5)]
    # With items on one side only the other inputs are the columns.
    derived = probe(net, "side", counts=(3, 4))
    assert [b.shape[0].value for b in derived.tables.tensors["s"].blocks] == [4]
    assert [b.shape[0].value for b in derived.tables.tensors["w"].blocks] == [3]


@pytest.mark.parametrize("text", [CHAIN, TREE, FEATURES.replace("tanh", "2 * ")])
def test_contracting_open_legs_with_the_inputs_gives_the_score(text):
    net = load(text)
    derived = open_legs(net)
    assert not any(tensor.role == "input" for tensor in derived.tensors.values())
    assert load(str(derived)) == derived
    tensor = evaluate(derived, weights(net))["score"][()]
    sample = inputs(net, 5)
    for name, member in members(net):
        value = sample[name][member]
        tensor = np.tensordot(value, tensor, axes=value.ndim)
    np.testing.assert_allclose(tensor, evaluate(net, {**weights(net), **sample})["score"][()])


def test_only_the_legs_a_cut_names_are_opened():
    net = load(CHAIN)
    derived = open_legs(net, "ends")
    sample = inputs(net, 5)
    found = evaluate(derived, {**weights(net), "x": {(2,): sample["x"][2,]}})["score"][()]
    for k in (1, 3, 4):
        found = np.tensordot(sample["x"][k,], found, axes=1)
    np.testing.assert_allclose(found, evaluate(net, {**weights(net), **sample})["score"][()])
    assert derived.tables.tensors["x"].members.tolist() == [[2]]


def test_features_can_be_opened():
    derived = open_legs(load(FEATURES), [CutItem("f")])
    assert [extent.value for extent in derived.tables.tensors["score"].blocks[0].shape] == [5, 5, 5, 5, 2]
    assert "w" in derived.tensors
    assert "tanh" not in str(derived)
    derived = open_legs(load(FEATURES), "some")
    assert {name for name, tensor in derived.tensors.items() if tensor.role == "input"} == {"x"}
    assert [extent.value for extent in derived.tables.tensors["score"].blocks[0].shape] == [3, 3, 2]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("h[2](i) * h[1](i)", r"`score` is of degree 2 in `x\[1\]`"),
        ("relu(h[2](i)) * w(i)", r"`score` is not a polynomial of one degree in `x\[1\]`"),
        ("h[2](i) * w(i) + 1", r"`score` is not a polynomial of one degree in `x\[1\]`"),
        ("h[2](i) * w(i) / w(i)", ""),
        ("w(i) * w(i) / sum(h[2](j) over j)", r"`score` is not a polynomial of one degree in `x\[1\]`"),
        ("sum(h[2](i) over i) ^ 2", r"`score` is of degree 2 in `x\[1\]`"),
        ("sum(prod(h[2](i) for k in 1..3) over i)", r"`score` is of degree 3 in `x\[1\]`"),
        ("w(i) * h[2](i) - sum(2 * w(i) * h[2](i) for k in 1..3)", ""),
        ("max(h[2](i) over i)", r"`score` is not a polynomial of one degree in `x\[1\]`"),
    ],
)
def test_a_score_without_a_weight_tensor_is_refused(rule, message):
    net = load(
        "network p\nsize n = 2\ninput x[1..2](n)\nweight w(n)\nh[1](i) = w(i) * x[1](i)\n"
        f"h[2](i) = h[1](i) * x[2](j) * w(j)\noutput score() = {rule}\n"
    )
    if message:
        with pytest.raises(TnError, match=message):
            open_legs(net)
    else:
        open_legs(net)


def test_a_recurrence_that_uses_an_input_twice_is_refused_by_name():
    deep = """
network deep
size T = 3, n = 2
input  x[1..T](n)
weight W[1..2](n, n), V[1..2](n, n)
h[0, l](i) = one(i)                                                 for l in 1..2
h[t, 0](i) = x[t](i)                                                for t in 1..T
h[t, l](i) = W[l](i, j) * h[t, l-1](j) * V[l](i, j') * h[t-1, l](j')  for t in 1..T, l in 1..2
output y() = sum(h[T, 2](i) over i)
"""
    text = deep.replace("h[0, l](i) = one(i)", "h[0, l](i in 1..n) = 1")
    with pytest.raises(TnError, match=r"`y` is of degree 3 in `x\[1\]`"):
        open_legs(load(text))


def test_unknown_cuts_and_members_are_refused():
    net = load(CHAIN)
    with pytest.raises(TnError, match="`chain` has no cut `middle`; it has odd_even, ends"):
        probe(net, "middle")
    with pytest.raises(TnError, match="a member of `x` is in the rows and in the columns"):
        probe(net, [CutItem("x")], [CutItem("x")])
    with pytest.raises(TnError, match=r"`x\[0\]` is outside the family of `x`"):
        probe(net, [CutItem("x", (Number("0"),))])
    with pytest.raises(TnError, match="`G` is no input and no definition"):
        open_legs(net, [CutItem("G")])
