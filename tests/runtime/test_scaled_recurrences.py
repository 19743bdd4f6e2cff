"""Scaled recurrences whose states are terms, factors and sums of the states before, in single and double precision."""

from __future__ import annotations

import numpy as np
import pytest

import tncompile as tn
from tests.runtime.scaled import as_plain

HEAD = """network recurrence
size d = 20, n = 2, r = 3
input x[1..d](n)
weight G(r, n, r), v(r), u(r)
"""
START = "h[1](b) = G(a, i, b) * x[1](i) * v(a)\n"
STEPS = {
    "residual": "h[k](b) = G(a, i, b) * x[k](i) * h[k-1](a) + h[k-1](b) for k in 2..d\n",
    "difference": "h[k](b) = h[k-1](b) - G(a, i, b) * x[k](i) * h[k-1](a) for k in 2..d\n",
    "larger": "f[k](b) = G(a, i, b) * x[k](i) * h[k-1](a) for k in 2..d\n"
    "h[k](b) = max(f[k](b), h[k-1](b)) for k in 2..d\n",
    "two before": "h[2](b) = h[1](b)\nh[k](b) = G(a, i, b) * x[k](i) * h[k-1](a) + h[k-2](b) for k in 3..d\n",
}
TEXTS = {name: f"{HEAD}{START}{steps}output y() = h[d](a) * u(a)\n" for name, steps in STEPS.items()}
TEXTS["mixing"] = """network mixing
size d = 20, m = 3, r = 3
input x[1..m, 1..d](r)
weight v(r)
h[q, 1](b) = x[q, 1](b) for q in 1..m
h[q, k](b) = sum(h[p, k-1](b) for p in 1..m) * x[q, k](b) for q in 1..m, k in 2..d
output y() = sum(h[q, d](b) * v(b) for q in 1..m)
"""


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 2e-3)])
def test_states_that_are_terms_of_the_next(name, dtype, tolerance):
    """The exponents of the state before are needed until the terms are at those of the next."""
    net = tn.load(TEXTS[name])
    plain, scaled = tn.compile(net), tn.compile(net, dtype=dtype, scaled=True)
    shape = plain._plans.batched.tables.tensors["x"].blocks[0].shape
    family = (3, 20) if name == "mixing" else (20,)
    x = np.random.default_rng(0).normal(size=(3, *family, shape[-1].value)).astype(dtype)
    w = plain.init(0).flat.astype(dtype)
    value, gradient = plain.score_and_gradient(w.astype(float), x.astype(float))
    size = abs(value).max()
    assert np.allclose(as_plain(scaled.score(w, x)), value, rtol=0, atol=tolerance * size)
    found, slope = scaled.score_and_gradient(w, x)
    assert np.allclose(as_plain(found), value, rtol=0, atol=tolerance * size)
    assert np.allclose(as_plain(slope), gradient, rtol=0, atol=tolerance * abs(gradient).max())


@pytest.mark.parametrize("power", [-12, -9, 9, 12])
@pytest.mark.parametrize("measured", [False, True])
def test_gradients_at_the_limit_of_the_units(power, measured):
    """Data of 2^12 a site are what single precision is said to take."""
    net = tn.load(
        """network chain
size d = 60, n = 2, r = 3
input x[1..d](n)
weight G[1..d](r, n, r), v(r), u(r)
h[1](b) = G[1](a, i, b) * x[1](i) * v(a)
h[k](b) = G[k](a, i, b) * x[k](i) * h[k-1](a) for k in 2..d
output y() = h[d](a) * u(a)
"""
    )
    single, double = (tn.compile(net, dtype=dtype, scaled=True) for dtype in ("float32", "float64"))
    if measured:
        single._whole.in_range = lambda *_: False
    w = double.init(0).flat.astype(np.float32)
    x = (np.random.default_rng(0).normal(size=(2, 60, 2)) * 2.0**power).astype(np.float32)
    _, (mantissa, scale) = single.score_and_gradient(w, x)
    _, (wanted, other) = double.score_and_gradient(w.astype(float), x.astype(float))
    found = tn.Weights(double._layout, np.ldexp(mantissa.astype(float), scale - other))
    expected = tn.Weights(double._layout, wanted)
    for name in expected:
        assert abs(found[name] - expected[name]).max() < 1e-3 * abs(expected[name]).max()
