"""Whole modules: what they import and call, that they stand alone, that the same input gives the same text."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import tncompile as tn

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.tn"))
TRAIN = ROOT / "examples" / "tensor_train.tn"

# Functions and methods that CuPy has too, with the meaning that they have in NumPy.
FUNCTIONS = {
    "abs", "add", "arange", "array", "asarray", "ascontiguousarray", "broadcast_to", "cos", "diagonal", "divide", "einsum", "empty",
    "empty_like", "exp", "eye", "full", "greater", "log", "logaddexp", "matmul", "maximum", "minimum", "multiply", "negative", "ones", "power", "sign",
    "sin", "sqrt", "stack", "subtract", "tanh", "zeros", "zeros_like", "linalg.qr", "random.default_rng",
    "float32", "float64", "complex64", "complex128",
}  # fmt: skip
METHODS = {
    "append", "astype", "clear", "conj", "copy", "count", "max", "min", "pop", "prod", "random", "replace", "reshape", "standard_normal", "sum", "swapaxes",
    "transpose", "values",
}  # fmt: skip
FIELDS = {"T", "dtype", "nbytes", "ndim", "real", "shape", "size"}


@cache
def source_of(path, target="numpy", chain="auto"):
    return tn.compile(tn.load(path), target=target, objective=tn.Objective(chain=chain)).source


def attribute_path(node):
    """``linalg.qr`` of ``np.linalg.qr``; None if it does not start at the array library."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed(parts)) if isinstance(node, ast.Name) and node.id == "np" else None


def used_names(source):
    """The functions of the array library that a module uses, and all other attributes."""
    tree = ast.parse(source)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    functions, attributes = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            path = attribute_path(node)
            (functions if path else attributes).add(path or node.attr)
        elif isinstance(node, ast.Attribute) and attribute_path(node) is None:
            attributes.add(node.attr)
    return functions, attributes


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_module_uses_only_what_both_array_libraries_have(path):
    functions, attributes = used_names(source_of(path))
    assert functions <= FUNCTIONS
    assert attributes <= METHODS | FIELDS


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_cupy_gets_the_same_text(path):
    ours, theirs = source_of(path, chain="loop"), source_of(path, "cupy", "loop")
    assert "import numpy as np" in ours
    assert "SPARE" not in theirs  # CuPy keeps freed memory itself
    assert "einsum" not in theirs  # CuPy would make matrices of the operands
    if "SPARE" in ours or "einsum" in ours:
        return
    swapped = (
        ast.unparse(ast.parse(theirs))
        .replace("import cupy as cp", "import numpy as np")
        .replace("cp.", "np.")
    )
    assert swapped == ast.unparse(ast.parse(ours))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_module_imports_the_array_library_only(path):
    tree = ast.parse(source_of(path))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["import numpy as np"]


def test_the_same_input_gives_the_same_bytes_under_two_hash_seeds():
    program = (
        "import sys, tncompile as tn\nfor name in sys.argv[1:]: print(tn.compile(tn.load(name)).source)\n"
    )
    names = [str(ROOT / "examples" / f"{stem}.tn") for stem in ("deep_rac", "gnn", "peps", "born_machine")]
    texts = [
        subprocess.run(
            [sys.executable, "-c", program, *names],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(texts[0]) > 1000
    assert texts[0] == texts[1]


def test_a_module_runs_where_tncompile_is_not_installed(tmp_path):
    model = tn.compile(tn.load(TRAIN))
    model.save(tmp_path / "net.py")
    program = (
        "import sys; sys.modules['tncompile'] = None; sys.path.insert(0, sys.argv[1])\n"
        "import numpy as np, net\n"
        "w = net.init(3); x = np.ones((2, net.d, net.n))\n"
        "y, g = net.score_and_gradient(w, x)\n"
        "print(float(y.sum()), float(abs(g).sum()))\n"
        "assert np.array_equal(y, net.score(w, x)) and g.shape == w.shape == (net.WEIGHT_COUNT,)\n"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    w = model.init(3)
    y, g = model.score_and_gradient(w, ones(model))
    assert [float(part) for part in result.stdout.split()] == pytest.approx(
        [float(y.sum()), float(abs(g.flat).sum())]
    )


def ones(model):
    sizes = model.network.sizes
    return np.ones((2, sizes["d"], sizes["n"]))


def test_the_source_of_a_chain_does_not_grow_with_its_length():
    # From 784 sites on its arrays are large, and their memory is used again.
    for few, many in ((8, 32), (784, 10_000)):
        short, long = (tn.compile(tn.load(TRAIN, d=d)).source for d in (few, many))
        assert len(long.splitlines()) == len(short.splitlines())
        assert len(long) <= len(short) + len(str(many)) - len(str(few))
    assert "for k in range(2, d):" in long


def test_names_that_python_or_the_module_needs_are_replaced():
    text = """network clash
size lambda_ = 2, np = 3, batch = 2, d = 2
input w[1..d](np)
weight unpack[1..d](np, batch)
weight gradient(batch)
score(b) = unpack[1](i, b) * w[1](i)
def_(b) = unpack[2](i, b) * w[2](i)
output init() = score(b) * def_(b) * gradient(b)
"""
    model = tn.compile(tn.load(text))
    w, x = model.init(0), np.random.default_rng(0).standard_normal((4, 2, 3))
    wanted = np.einsum("sdi,dib->sdb", x, w["unpack"]).prod(axis=1) @ w["gradient"]
    y, g = model.score_and_gradient(w, x)
    np.testing.assert_allclose(y, wanted)
    np.testing.assert_allclose(
        g["gradient"], np.einsum("sdi,dib->sdb", x, w["unpack"]).prod(axis=1).sum(axis=0)
    )


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_every_dtype_is_kept(dtype):
    model = tn.compile(tn.load(TRAIN), dtype=dtype)
    y, g = model.score_and_gradient(model.init(0), ones(model))
    assert y.dtype == g.flat.dtype == model.init(0).flat.dtype == dtype
    exact = tn.compile(tn.load(TRAIN), dtype="complex128")
    weights = exact.init(0)
    weights.flat[:] = model.init(0).flat
    np.testing.assert_allclose(y, exact.score(weights, ones(model)), rtol=1e-4, atol=1e-5)


CONSTANTS = """network constants
size n = 3, m = 4, d = 2
number a = 0.5
input x(n)
constant shift(o in 1..m, i in 1..n) = 1 if i == o + 1 or o == m and not i > 1 else 0
constant listed(n)                   = [1, 2.5, -3]
constant family[k in 1..d](i in 0..n-1, p in 1..2) = a * k + i / 2 - p^2
constant filled(n, n)                = 2
constant wave(i in 1..n, j in 1..n)  = cos(pi * i * j / n)
constant steps(i in 1..n, j in 1..n) = -min(i, j) % 2 + (a if 0 < i < 3 else pi)
output y(o) = shift(o, i) * x(i)
output z()  = listed(i) * x(i) + sum(family[k](i, p) * x(i) * family[1](i, p) for k in 1..d)
output f()  = filled(i, j) * x(i) * x(j) + wave(i, j) * x(i) * x(j)
output q(i) = steps(i, j) * x(j)
"""


def test_constants_have_the_values_of_their_formulas():
    model = tn.compile(tn.load(CONSTANTS))
    x = np.random.default_rng(0).standard_normal((5, 3))
    value = model.score(model.init(0), x)
    one = range(1, 4)
    shift = [[1 if i == o + 1 or (o == 4 and not i > 1) else 0 for i in one] for o in range(1, 5)]
    family = np.array([[[0.5 * k + i / 2 - p**2 for p in (1, 2)] for i in range(3)] for k in (1, 2)])
    wave = np.cos(np.pi * np.outer(one, one) / 3)
    steps = [[-min(i, j) % 2 + (0.5 if 0 < i < 3 else np.pi) for j in one] for i in one]
    np.testing.assert_allclose(value["y"], x @ np.transpose(shift), atol=1e-14)
    both = np.einsum("kip,si,ip->s", family, x, family[0])
    np.testing.assert_allclose(value["z"], x @ [1, 2.5, -3] + both)
    np.testing.assert_allclose(value["f"], np.einsum("ij,si,sj->s", wave + 2, x, x))
    np.testing.assert_allclose(value["q"], x @ np.transpose(steps))
    assert "[1 if i == o + 1 or (o == m and (not i > 1)) else 0 for i in range(1, n + 1)]" in model.source


# --- initial values --------------------------------------------------------------------------------

INITIAL = """network initial
size n = 40, m = 30, k = 3, d = 3
input x[1..d](n)
weight A[1..d](n, m)
weight B(n, n, k)        ~ orthogonal(1)
weight C(n, k, n)        ~ identity(0.01)
weight D[j in 1..d](m)   ~ normal(j / 10)
weight E(m)              ~ uniform(2, 3)
weight S[i in 1..2, j in 1..3](m, m) ~ normal(10 * i + j)
weight F(m)              ~ ones
weight G(m)              ~ zeros
weight H(m, m)
weight K(m, m)
h[j](b) = A[j](i, b) * x[j](i)        for j in 1..d
output y() = prod(h[j](b) * D[j](b) for j in 1..d) * E(b) * F(b) * G(b)
output u(b) = sum(S[i, j](b, c) * F(c) for i in 1..2, j in 1..3)
output z() = B(i, j, q) * C(j, q, i) * H(b, c) * K(b, c)
"""


def test_initialisers_do_what_they_say():
    w = tn.compile(tn.load(INITIAL)).init(1)
    np.testing.assert_allclose(w["A"].std(), 40**-0.5, rtol=0.1)
    rows = w["B"].reshape(40, -1)
    np.testing.assert_allclose(rows @ rows.T, np.eye(40), atol=1e-12)
    np.testing.assert_allclose(w["C"], np.broadcast_to(np.eye(40)[:, None], (40, 3, 40)), atol=0.06)
    assert w["C"].std() > 0
    for j in (1, 2, 3):
        np.testing.assert_allclose(w[f"D[{j}]"].std(), j / 10, rtol=0.5)
    for i, j in ((1, 1), (1, 3), (2, 2)):
        np.testing.assert_allclose(w[f"S[{i}, {j}]"].std(), 10 * i + j, rtol=0.1)
    assert 2 <= w["E"].min() < w["E"].max() <= 3
    assert (w["F"] == 1).all()
    assert (w["G"] == 0).all()
    # Two weights share both sums: the product has variance 1 / (30 * 30), each factor its root.
    np.testing.assert_allclose(w["H"].std(), (30 * 30) ** -0.25, rtol=0.1)


def test_seeds_differ_and_repeat():
    model = tn.compile(tn.load(TRAIN))
    assert np.array_equal(model.init(1).flat, model.init(1).flat)
    assert not np.array_equal(model.init(1).flat, model.init(2).flat)
