"""Texts that a stranger might write: long chains, empty families, awkward names, numbers that have no value."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tncompile as tn
from tncompile.draw import draw
from tncompile.transform import batch

ROOT = Path(__file__).parents[1]
PLAIN = "network a\nsize n = 3\ninput x(n)\nweight w(n)\n"
DATA = np.arange(6.0).reshape(2, 3)


def value(text, data=DATA):
    """The scores of a text at weights that are all one, and their gradient."""
    model = tn.compile(tn.load(text))
    weights = model.zeros()
    weights.flat[:] = 1
    return model.score_and_gradient(weights, data)


@pytest.mark.parametrize(
    "name", ["score", "init", "score_and_gradient", "dtype", "seed", "np", "cotangent", "lambda"]
)
def test_numbers_and_constants_may_be_called_like_parts_of_the_module(name):
    scores, _ = value(PLAIN + f"number {name} = 2\noutput y() = {name} * x(i) * w(i)\n")
    np.testing.assert_allclose(scores, 2 * DATA.sum(axis=1))
    scores, _ = value(
        PLAIN + f"constant {name}(i in 1..n) = [1, 2, 4]\noutput y() = {name}(i) * x(i) * w(i)\n"
    )
    np.testing.assert_allclose(scores, DATA @ [1, 2, 4])
    text = f"network a\nsize {name} = 4\ninput x({name})\nweight w({name})\noutput y() = x(i) * w(i)\n"
    standard = tn.load(text.replace(f"({name})", "(size_)").replace(f"size {name}", "size size_"))
    model = tn.compile(tn.load(text))
    np.testing.assert_array_equal(model.init(3).flat, tn.compile(standard).init(3).flat)


def test_an_index_called_batch_does_not_meet_the_size_of_the_batch():
    net = tn.load("network a\ninput x(3)\nweight w(3)\noutput y(batch) = x(batch) * w(batch)\n")
    assert "batch" not in batch(net).sizes
    np.testing.assert_allclose(tn.compile(net).score(np.ones(3), DATA), DATA)


@pytest.mark.parametrize("divisor", ["0", "z", "(n - 3)", "z^(-1)", "0^(-2)"])
def test_division_by_zero_is_an_error_of_the_text(divisor):
    with pytest.raises(tn.TnError, match="division by zero"):
        tn.load(PLAIN + f"number z = 0\noutput y() = x(i) * w(i) / {divisor}\n")


def test_division_by_zero_names_the_round():
    with pytest.raises(tn.TnError, match="with k = 1"):
        tn.load(PLAIN + "output y() = sum(x(i) * w(i) / (k - 1) for k in 1..n)\n")
    tn.load(PLAIN + "output y() = sum(x(i) * w(i) / (k - 1) if k > 1 else 0 for k in 1..n)\n")


@pytest.mark.parametrize("number", ["n", "z", "2"])
def test_an_output_that_is_a_number_is_an_array(number):
    scores, gradient = value(PLAIN + f"number z = 0.5\noutput y() = {number}\n")
    assert scores.shape == ()
    assert scores == {"n": 3, "z": 0.5, "2": 2}[number]
    assert not gradient.flat.any()


def test_an_output_without_members_is_an_error():
    with pytest.raises(tn.TnError, match="`y` has no members"):
        tn.load(PLAIN + "output y[k]() = x(i) * w(i) for k in 4..n\n")


def test_an_input_without_members_counts_no_samples():
    family = "input z[4..n](2)\n"
    scores, _ = value(
        PLAIN + family + "output y() = x(i) * w(i) + sum(sum(z[k](i) over i) for k in 4..n)\n",
        {"x": DATA, "z": []},
    )
    np.testing.assert_allclose(scores, DATA.sum(axis=1))
    alone = "network a\nweight w(3)\n" + "input z[4..3](2)\noutput y() = sum(w(i) over i)\n"
    assert tn.compile(tn.load(alone)).score(np.ones(3), []) == 3


def test_chains_of_lets_may_be_long():
    lets = "let a0 = 1\n" + "".join(f"let a{k} = a{k - 1} + 1\n" for k in range(1, 500))
    net = tn.load("network a\n" + lets + "input x(a499)\noutput y() = sum(x(i) over i)\n")
    assert net.scope.lookup("a499") == 500
    wrong = lets.replace("let a0 = 1", "let a0 = 1 // 0")
    with pytest.raises(tn.TnError, match="1//0: division by zero"):
        tn.load("network a\n" + wrong + "input x(a499)\noutput y() = sum(x(i) over i)\n")


def test_a_family_of_lets_that_branches_is_read_once_for_each_member():
    text = "network a\nsize r = 2\nlet f[k in 0..70] = r if k < 2 else f[k-1] + f[k-2] - f[k-2]\n"
    net = tn.load(text + "input x(f[70])\noutput y() = sum(x(i) over i)\n")
    assert net.tables.tensors["x"].blocks[0].shape[0].value == 2


def test_inline_definitions_that_would_explode_stay_definitions():
    doubled = "".join(f"inline d{k}() = d{k - 1}() * d{k - 1}()\n" for k in range(1, 30))
    text = "network a\ninput x(2)\ninline d0() = sum(x(i) over i)\n" + doubled + "output y() = d29()\n"
    np.testing.assert_allclose(tn.compile(tn.load(text)).score(np.zeros(0), np.array([[0.25, 0.75]])), [1])


def test_chains_of_definitions_that_are_used_once_may_be_long():
    steps = "".join(f"d{k}(j) = d{k - 1}(i) * W(i, j)\n" for k in range(1, 250))
    net = tn.load(
        "network a\ninput x(2)\nweight W(2, 2)\nd0(j) = x(j)\n" + steps + "output y() = sum(d249(i) over i)\n"
    )
    scores = tn.compile(net).score({"W": np.eye(2)}, np.array([[1.0, 2.0]]))
    np.testing.assert_allclose(scores, [3])


def test_sums_may_have_hundreds_of_terms():
    terms = " + ".join(f"sum({k} * x(i) * w(i) over i)" for k in range(1, 400))
    scores, gradient = value(PLAIN + f"output y() = {terms}\n")
    total = sum(range(1, 400))
    np.testing.assert_allclose(scores, total * DATA.sum(axis=1))
    np.testing.assert_allclose(gradient.flat, total * DATA.sum(axis=0))


def test_complex_weights_given_by_name_to_a_real_network_are_refused():
    model = tn.compile(tn.load(PLAIN + "output y() = x(i) * w(i)\n"))
    with pytest.raises(tn.TnError, match="holds complex numbers"):
        model.score({"w": np.ones(3) * 1j}, DATA)


SOFTMAX = """network pool
size N = 4, D = 3, K = 2
input x[1..N](D), q(D)
weight M[1..K](D, D)
s[k, t]() = q(a) * M[k](a, b) * x[t](b) for k in 1..K, t in 1..N
top[k]() = max(s[k, t]() for t in 1..N) for k in 1..K
p[k, t]() = exp(s[k, t]() - top[k]()) / sum(exp(s[k, u]() - top[k]()) for u in 1..N) for k in 1..K, t in 1..N
output out(b) = sum(p[k, t]() * x[t](b) for k in 1..K, t in 1..N)
output tops[k]() = top[k]() for k in 1..K
"""


def test_a_softmax_over_a_family_is_drawn():
    assert draw(tn.load(SOFTMAX)).svg().startswith("<")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that takes nothing")
def test_standard_output_that_takes_nothing_is_no_fault_of_ours(tmp_path):
    file = tmp_path / "a.tn"
    file.write_text(PLAIN + "output y() = x(i) * w(i)\n", encoding="utf-8")
    with open("/dev/full", "w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "tncompile", "show", str(file)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("tnc: error: cannot write to standard output")
