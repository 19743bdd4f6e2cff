"""Initial weights, measured on samples."""

import numpy as np
import pytest

import tncompile as tn

HEAD = "network t\nsize n = 40, m = 30, r = 20\ninput x(n)\n"


def drawn(declaration, *outputs, head=HEAD):
    text = head + f"weight {declaration}\n" + "".join(f"output {output}\n" for output in outputs)
    return tn.compile(tn.load(text)).init(seed=5)


def test_the_default_variance_is_one_over_what_is_summed_where_a_weight_is_used_first():
    w = drawn("A(m, n), B(m)", "y() = B(o) * A(o, i) * x(i)", "z(o) = A(o, i) * x(i)")
    assert w["A"].var() * 40 * 30**0.5 == pytest.approx(1, rel=0.15)  # o is shared with B, i is not
    assert w["B"].var() * 30**0.5 == pytest.approx(1, rel=0.6)


@pytest.mark.parametrize("sizes", [{"n": 6, "r": 30}, {"n": 30, "r": 6}])
def test_the_default_variance_does_not_depend_on_the_order_of_contraction(sizes):
    net = tn.load("examples/tensor_train.tn", d=6, **sizes)
    w = tn.compile(net).init(seed=5)
    assert w["G[1]"].var() * sizes["n"] == pytest.approx(1, rel=0.25)
    assert w["G[3]"].var() * sizes["n"] * sizes["r"] == pytest.approx(1, rel=0.1)


def test_the_bonds_of_a_lattice_are_shared_by_two():
    w = tn.compile(tn.load("examples/peps.tn", m=3, n=6, r=5)).init(seed=5)
    assert w["A[2, 2]"].var() * 6 * 5**2 == pytest.approx(1, rel=0.1)


def test_the_index_of_a_diagonal_counts_once():
    w = drawn("A(n, n, m)", "y(o) = A(i, i, o) * x(i)")
    assert w["A"].var() * 40 == pytest.approx(1, rel=0.1)


def test_complex_weights_have_the_default_variance_too():
    w = drawn("A(m, n)", "y(o) = A(o, i) * x(i)", head=HEAD.replace("network t", "network t\nfield complex"))
    assert np.mean(np.abs(w["A"]) ** 2) * 40 == pytest.approx(1, rel=0.1)
    assert w["A"].imag.var() == pytest.approx(w["A"].real.var(), rel=0.2)


def test_normal_and_uniform_have_the_spread_that_is_asked_for():
    w = drawn("A(m, n) ~ normal(0.5), B(m, n) ~ uniform(-1, 3)", "y(o) = A(o, i) * B(o, i) * x(i)")
    assert w["A"].std() == pytest.approx(0.5, rel=0.1)
    assert w["B"].min() == pytest.approx(-1, abs=0.05)
    assert w["B"].max() == pytest.approx(3, abs=0.05)


def test_zeros_and_ones_are_exact():
    w = drawn("A(m, n) ~ zeros, B(m, n) ~ ones", "y(o) = A(o, i) * B(o, i) * x(i)")
    assert not w["A"].any()
    assert (w["B"] == 1).all()


@pytest.mark.parametrize(("called", "rows"), [("orthogonal", 40 * 30), ("orthogonal(1)", 40)])
def test_orthogonal_takes_the_first_axes_as_rows(called, rows):
    w = drawn(f"A(n, m, r) ~ {called}", "y(o, p) = A(i, o, p) * x(i)")
    matrix = w["A"].reshape(rows, -1)
    matrix = matrix if rows > matrix.shape[1] else matrix.T
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(matrix.shape[1]), atol=1e-13)


def test_identity_is_a_copy_from_the_first_to_the_last_axis_with_noise():
    w = drawn("A(n, m, n) ~ identity(0.01)", "y(o, p) = A(i, o, p) * x(i)")
    noise = w["A"] - np.eye(40)[:, None, :]
    assert noise.std() == pytest.approx(0.01, rel=0.05)
    assert abs(noise.mean()) < 1e-4
