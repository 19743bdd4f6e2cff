"""Families of every form, outside as arrays and as lists, with their gradients."""

import numpy as np

import tncompile as tn
from tests.helpers import Comparison

MIXED = """network mixed
size d = 5
let e[k in 1..d] = 2 if k % 2 == 1 else 3
input x[k in 1..d](e[k])
weight A[k in 1..d](e[k], 4)
weight b(4)
output f[k](j) = A[k](i, j) * x[k](i)         for k in 1..d
output g[k](i) = x[k](i) * A[k](i, j) * b(j)  for k in 1..d
"""
TRIANGLE = """network triangle
size L = 3, n = 2
input x[l in 1..L, j in 1..l](n)
weight A[l in 1..L, j in 1..l](n)
output f[l, j]() = A[l, j](i) * x[l, j](i)               for l in 1..L, j in 1..l
output s() = sum(f[l, j]() for l in 1..L, j in 1..l)
"""
THIN = """network thin
size L = 1, K = 3, n = 2, P = 1
input x[1..L, 1..K](n)
weight A[1..L, 1..K](n)
output f[l, j]() = A[l, j](i) * x[l, j](i)    for l in 1..L, j in 1..K
output o[p](i) = A[1, p](i)                   for p in 1..P
"""
SQUARE = """network square
size d = 4, n = 2
weight A[1..d, 1..d](n, n)
weight unused(n)
output tr[i]() = sum(A[i, i](a, a) over a)                     for i in 1..d
output turned[i](a) = A[d+1-i, i](a, b) * A[i, d+1-i](b, a)    for i in 1..d
"""


def data(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def test_one_output_is_an_array_and_another_a_list():
    model = tn.compile(tn.load(MIXED))
    w = model.init(0)
    x = [data(3, 2 + k % 2, seed=k) for k in range(5)]
    value = model.score(w, x)
    assert value["f"].shape == (3, 5, 4)
    assert [a.shape for a in value["g"]] == [(3, 2), (3, 3), (3, 2), (3, 3), (3, 2)]
    for k in range(5):
        np.testing.assert_allclose(value["f"][:, k], x[k] @ w["A"][k])
        np.testing.assert_allclose(value["g"][k], x[k] * (w["A"][k] @ w["b"]))
    bars = {"f": data(3, 5, 4, seed=7), "g": [data(*a.shape, seed=8) for a in value["g"]]}
    _, gradient = model.score_and_gradient(w, x, bars)
    sums = [(x[k] * bars["g"][k]).sum(axis=0) for k in range(5)]
    for k in range(5):
        wanted = x[k].T @ bars["f"][:, k] + np.outer(sums[k], w["b"])
        np.testing.assert_allclose(gradient["A"][k], wanted)
    np.testing.assert_allclose(gradient["b"], sum(sums[k] @ w["A"][k] for k in range(5)))


def test_a_family_that_is_no_box_is_a_list_in_member_order():
    model = tn.compile(tn.load(TRIANGLE))
    w, x = model.init(0), [data(4, 2, seed=k) for k in range(6)]
    assert list(model.weights) == ["A[1, 1]", "A[2, 1]", "A[2, 2]", "A[3, 1]", "A[3, 2]", "A[3, 3]"]
    bars = {"f": [data(4, seed=k + 9) for k in range(6)], "s": data(4, seed=20)}
    value, gradient = model.score_and_gradient(w, x, bars)
    np.testing.assert_allclose(value["s"], sum(a @ b for a, b in zip(x, w["A"], strict=True)))
    for k in range(6):
        np.testing.assert_allclose(value["f"][k], x[k] @ w["A"][k])
        np.testing.assert_allclose(gradient["A"][k], x[k].T @ (bars["f"][k] + bars["s"]))


def test_ranges_of_one_member_stay_axes():
    model = tn.compile(tn.load(THIN))
    w, x = model.init(0), data(4, 1, 3, 2)
    assert w["A"].shape == (1, 3, 2)
    bars = {"f": data(4, 1, 3, seed=1), "o": data(1, 2, seed=2)}
    value, gradient = model.score_and_gradient(w, x, bars)
    assert value["f"].shape == (4, 1, 3)
    np.testing.assert_allclose(value["f"], np.einsum("sljn,ljn->slj", x, w["A"]))
    np.testing.assert_allclose(value["o"], w["A"][0, :1])
    wanted = np.einsum("sljn,slj->ljn", x, bars["f"])
    wanted[0, 0] += bars["o"][0]
    np.testing.assert_allclose(gradient["A"], wanted)


def test_diagonals_of_families_and_tensors_are_read_and_written():
    model = tn.compile(tn.load(SQUARE))
    w = model.init(0)
    a = w["A"]
    bars = {"tr": data(4, seed=1), "turned": data(4, 2, seed=2)}
    value, gradient = model.score_and_gradient(w, cotangent=bars)
    np.testing.assert_allclose(value["tr"], [np.trace(a[i, i]) for i in range(4)])
    np.testing.assert_allclose(value["turned"], [np.diag(a[3 - i, i] @ a[i, 3 - i]) for i in range(4)])
    move = data(*w.flat.shape, seed=3)

    def total(flat):
        found = model.score(flat)
        return sum((bars[name] * found[name]).sum() for name in bars)

    slope = (total(w.flat + 1e-6 * move) - total(w.flat - 1e-6 * move)) / 2e-6
    np.testing.assert_allclose(gradient.flat @ move, slope, rtol=1e-7)
    assert (gradient["unused"] == 0).all()


def test_extents_that_the_left_side_says_stay_those_of_the_output():
    # The axes of `E` are called m[1], m[2], m[3]; in order, the output was a list and its cotangent an array.
    text = """network said
size T = 3, n = 2, r = 2
size m[1..T] = [2, 2, 2]
input x[1..T](n)
weight E[k in 1..T](m[k], n)
output y[q](a in 1..r) = E[q](a, j) * x[q](j) for q in 1..T
"""
    net = tn.load(text)
    comparison = Comparison(net, tn.compile(net))
    assert comparison.model.score(*comparison.arguments).shape == (2, 3, 2)
    assert comparison.score_error() <= 1e-12
    assert comparison.gradient_error() <= 1e-8
