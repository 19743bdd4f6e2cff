"""Scaled models: mantissas and exponents against exact fractions, logarithms, and the plain model."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

import tncompile as tn
from tests.helpers import Comparison, difference, draw, inputs_of, weights_of
from tests.networks import networks
from tests.runtime.scaled import Plainly, as_plain

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples").glob("*.tn"))
QUIET = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}


def example(name, **sizes):
    return tn.load(EXAMPLES[0].parent / f"{name}.tn", **sizes)


def exact(array):
    return np.vectorize(Fraction, otypes=[object])(array)


def relative_error(mantissa, scale, wanted):
    """The largest error of one array of numbers relative to the largest of `wanted` (fractions)."""
    found = exact(mantissa) * np.vectorize(lambda e: Fraction(2) ** int(e), otypes=[object])(
        np.broadcast_to(scale, mantissa.shape)
    )
    return float(max(abs((found - wanted).ravel())) / max(abs(wanted.ravel())))


# --- against the plain model and the oracle ------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_the_same_scaled(path):
    net = tn.load(path)
    plain, scaled = tn.compile(net), Plainly(net)
    samples = draw(net, 2)
    arguments = weights_of(plain, net, samples[0]), *inputs_of(net, samples)
    value, gradient = plain.score_and_gradient(*arguments)
    assert difference(value, scaled.score(*arguments)) <= 1e-12
    found, slope = scaled.score_and_gradient(*arguments, cotangent=None)
    assert difference(value, found) <= 1e-12
    assert difference(gradient.flat, slope.flat) <= 1e-11


def compared(text):
    net = tn.load(text)
    with np.errstate(over="ignore", invalid="ignore"):
        comparison = Comparison(net, Plainly(net))
    assume(all(np.all(np.abs(a) < 1e3) for members in comparison.wanted.values() for a in members))
    return comparison


@given(networks())
@settings(max_examples=10, **QUIET)
def test_random_networks_are_the_same_scaled(text):
    comparison = compared(text)
    assert comparison.score_error() <= 1e-12
    error = comparison.gradient_error()
    assume(not np.isnan(error))
    assert error <= 1e-8


MEETING = """network meeting
size d = 4, n = 2
input x[1..d](n)
weight A[1..d](n), B[1..d](n)
output f[k](a) = A[k](a) * x[k](a) for k in 1..d
v[k](a) = cos(B[k](a) * x[1](a)) for k in 1..d
output y[k]() = sum(v[k](a) * f[m](a) for m in 1..d) for k in 1..d
"""


def test_sums_over_members_of_which_two_operands_have_exponents():
    """What is moved to one exponent then has each axis once."""
    net = tn.load(MEETING)
    assert Comparison(net, Plainly(net)).gradient_error() < 1e-8


@given(networks(is_complex=True))
@settings(max_examples=10, **QUIET)
def test_random_complex_networks_are_the_same_scaled(text):
    comparison = compared(text)
    assert comparison.score_error() <= 1e-12
    assert comparison.gradient_error() <= 1e-8


# --- far out of range ----------------------------------------------------------------------------------


def train(dtype, d=120, factor=1.0, batch=2):
    net = example("tensor_train", d=d, n=2, r=3, C=2)
    model = tn.compile(net, dtype=dtype, scaled=True)
    rng = np.random.default_rng(0)
    w = (factor * rng.normal(size=model.init(0).flat.size)).astype(dtype)
    return model, w, rng.normal(size=(batch, d, 2)).astype(dtype)


def states(model, w, x):
    """The exact states of a tensor train after each site, for one sample."""
    names = [f"G[{k}]" for k in range(1, len(x) + 1)]
    views = tn.Weights(model._layout, w)
    cores = [exact(views[name]) for name in names]
    found = [np.ones(1, object) * Fraction(1)]
    for core, data in zip(cores, exact(x), strict=True):
        found.append(np.einsum("a,aib,i->b", found[-1], core, data))
    return cores, found


@pytest.mark.parametrize("factor", [2.0**-9, 1.0, 2.0**9])
def test_a_long_tensor_train_is_exact_to_rounding(factor):
    model, w, x = train("float32", factor=factor)
    mantissa, scale = model.score(w, x)
    for sample in range(2):
        _, found = states(model, w, x[sample])
        assert relative_error(mantissa[sample], scale[sample], found[-1]) < 1e-4
    assert np.all((abs(mantissa).max(axis=1) >= 1) & (abs(mantissa).max(axis=1) < 2))
    if factor != 1:
        assert np.all(abs(scale) > 800)


@pytest.mark.parametrize("shrinking", [0, 300])
def test_the_gradient_of_a_long_tensor_train_is_exact_to_rounding(shrinking):
    """The samples may have scales that are worlds apart."""
    d = 40
    model, w, x = train("float64", d=d, factor=2.0**-60)
    x[1] *= 2.0**-shrinking
    cotangent = np.array([[1.0, -2.0], [0.5, 3.0]])
    _, (mantissa, scale) = model.score_and_gradient(w, x, cotangent)
    wanted = [0] * d
    for sample in range(2):
        cores, found = states(model, w, x[sample])
        back = exact(cotangent[sample])
        for k in reversed(range(d)):
            outer = np.einsum("a,i,b->aib", found[k], exact(x[sample, k]), back)
            wanted[k] = wanted[k] + outer
            back = np.einsum("aib,b,i->a", cores[k], back, exact(x[sample, k]))
    views, scales = (tn.Weights(model._layout, part) for part in (mantissa, scale))
    for k in range(d):
        assert relative_error(views[f"G[{k + 1}]"], scales[f"G[{k + 1}]"], wanted[k]) < 1e-12


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-3), ("float64", 1e-11)])
def test_a_product_of_784_factors(dtype, tolerance):
    net = example("cp", d=784, n=2, r=4, C=2)
    model = tn.compile(net, dtype=dtype, scaled=True)
    rng = np.random.default_rng(1)
    w = (0.01 * rng.normal(size=model.init(0).flat.size)).astype(dtype)
    x = rng.normal(size=(3, 784, 2)).astype(dtype)
    views = tn.Weights(model._layout, w)
    factor, top = views["factor"].astype(float), views["top"].astype(float)
    f = np.einsum("kiq,ski->skq", factor, x.astype(float))
    sizes, signs = np.log2(abs(f)).sum(axis=1), np.sign(f).prod(axis=1)
    mantissa, scale = model.score(w, x)
    wanted = (signs[:, :, None] * 2.0 ** (sizes[:, :, None] - scale[:, None]) * top).sum(axis=1)
    assert np.all(scale < -4000)
    assert abs(mantissa - wanted).max() < tolerance * abs(wanted).max()
    _, (gradient, exponent) = model.score_and_gradient(w, x)
    bars, exponents = (tn.Weights(model._layout, part)["factor"] for part in (gradient, exponent))
    share = signs[:, None] * 2.0 ** (sizes[:, None] - np.log2(abs(f)) - exponents[:, 0, 0, None])
    bar = np.einsum("skq,ski->kiq", share * np.sign(f) * top.sum(axis=1), x.astype(float))
    assert abs(bars - bar).max() < tolerance * abs(bar).max()


def test_entries_that_drift_apart_count_where_they_meet():
    """Before and after a factor of 2,000 the entries of one sample are too far apart for single precision."""
    net = example("cp", d=2000, n=2, r=16, C=2)
    rng = np.random.default_rng(1)
    models = [tn.compile(net, dtype=dtype, scaled=True) for dtype in ("float32", "float64")]
    w = (0.01 * rng.normal(size=models[0].init(0).flat.size)).astype(np.float32)
    x = rng.normal(size=(3, 2000, 2)).astype(np.float32)
    found = [model.score_and_gradient(w.astype(model.dtype), x.astype(model.dtype))[1] for model in models]
    (single, scale), (double, other) = (
        [tn.Weights(models[0]._layout, part)["factor"] for part in pair] for pair in found
    )
    differences = abs(np.ldexp(single.astype(float), scale - other) - double).max(axis=(1, 2))
    assert np.all(differences < 0.02 * abs(double).max(axis=(1, 2)))


def test_degrees_that_explode():
    """The score of a deep recurrent circuit is a polynomial of a degree far above the number of steps."""
    net = example("deep_rac", T=30, M=2, R=2, L=4)
    model = tn.compile(net, dtype="float32", scaled=True)
    rng = np.random.default_rng(2)
    w = rng.normal(size=model.init(0).flat.size).astype(np.float32)
    x = rng.normal(size=(2, 30, 2)).astype(np.float32)
    double = tn.compile(net, dtype="float64", scaled=True)
    mantissa, scale = model.score(w, x)
    wanted, other = double.score(w, x)
    assert abs(other).max() > 20_000
    assert np.allclose(np.ldexp(mantissa.astype(float), scale - other), wanted, rtol=0, atol=2e-2)


def test_a_loss_of_logarithms_has_an_ordinary_gradient():
    """The cotangent 1/score has a scale too: the gradient of log|score| is of ordinary size."""
    model, w, x = train("float64", d=200, factor=2.0**-40)
    mantissa, scale = model.score(w, x)
    cotangent = np.where(np.arange(2) == 0, 1 / mantissa, 0)
    _, (gradient, exponent) = model.score_and_gradient(w, x, (cotangent, -scale))
    gradient = np.ldexp(gradient, exponent)

    def loss(w):
        mantissa, scale = model.score(w, x)
        return float((np.log(abs(mantissa)) + scale * np.log(2))[:, 0].sum())

    along = np.random.default_rng(3).normal(size=w.size) * abs(w)
    step = 1e-6
    slope = (loss(w + step * along) - loss(w - step * along)) / (2 * step)
    assert abs(gradient @ along - slope) < 1e-5 * abs(slope)


# --- zeros, signs, sums, functions -----------------------------------------------------------------------

SUMS = """network sums
size d = 300
input x[1..d](2)
weight W(2, 2)
weight b(2)
h[1](a) = x[1](a)
h[k](a) = W(a, c) * h[k-1](c) * x[k](c)        for k in 2..d
g(a) = h[d](a) + b(a)
m(a) = max(abs(h[k](a)) for k in 1..d)
output low() = sum(h[d](a) over a)
output both(a) = g(a) - 3 * x[2](a)
output none(a) = 0 * h[d](a) + b(a)
output top(a) = relu(h[d](a)) / h[d](a)
output square(a) = h[d](a) ^ 2
output logarithm(a) = log(abs(h[d](a)))
output bounded(a) = tanh(h[d](a))
output largest() = max(m(a) over a)
"""


@pytest.fixture(scope="module")
def sums():
    return tn.compile(tn.load(SUMS), dtype="float32", scaled=True)


@pytest.mark.parametrize("power", [-20, 20])
def test_sums_and_functions_far_out_of_range(sums, power):
    x = np.ones((2, 300, 2), np.float32)
    x[:, 1:] *= 2.0**power
    x[1, 1:] *= -1
    w = {"W": np.eye(2), "b": [1, 2]}
    with np.errstate(over="ignore"):  # `tanh` sees infinity
        found = sums.score(w, x)
    whole = 299 * power  # h[d] = 2^whole in both entries, with a minus sign in the second sample
    sign = np.array([[1], [-1]])
    assert np.all(found["low"][0] * sign[:, 0] > 0)
    assert np.all(found["low"][1] + np.log2(abs(found["low"][0])) == whole + 1)
    assert np.all(found["square"][1] + np.log2(found["square"][0]) == 2 * whole)
    assert np.allclose(as_plain(found["logarithm"]), whole * np.log(2))
    assert np.all(as_plain(found["bounded"]) == (sign if power > 0 else 0))
    assert np.all(as_plain(found["top"]) == (sign > 0))
    assert np.all(as_plain(found["none"]) == [1, 2])
    assert np.all(found["largest"][1] == max(whole, 0))
    both = found["both"]
    if power > 0:
        assert np.all(both[0] * np.ldexp(1.0, both[1] - whole) == sign)
    else:
        assert np.allclose(as_plain(both), [1, 2] - 3 * x[:, 1])


def test_zeros_are_zero_and_hide_nothing(sums):
    x = np.full((2, 300, 2), 2.0**20, np.float32)
    x[0, 200] = 0
    with np.errstate(all="ignore"):  # other outputs are quotients and logarithms of zero
        found = sums.score({"W": np.eye(2), "b": [0, 2.0**-100]}, x)
    mantissa, scale = found["low"]
    assert mantissa[0] == 0 == scale[0]
    assert mantissa[1] > 0
    assert np.all(as_plain(found["none"]) == [0, 2.0**-100])


def test_a_gradient_is_not_hidden_by_a_sample_that_is_zero():
    """One sample is zero only at its end: its large exponents must not push the other one out of range."""
    model, w, x = train("float32", d=300, factor=1.0)
    alone = model.score_and_gradient(w, x[1:])[1]
    x[0] *= 2.0**8
    x[1] *= 2.0**-8
    x[0, 150] = 0
    x[0, 151] = 0
    alone = model.score_and_gradient(w, x[1:])[1]
    both = model.score_and_gradient(w, x)[1]
    exponents = both[1] - alone[1]
    difference = np.ldexp(both[0].astype(float), exponents) - alone[0]
    assert abs(difference).max() < 1e-5 * abs(alone[0]).max()


@pytest.mark.parametrize(("small", "large"), [(0.01, 100), (1 / 255, 255), (1e-3, 1e3)])
def test_samples_in_other_units_add_up(small, large):
    """Between two rescalings mantissas of samples drift apart, before and after a site: exponents alone do not tell their sizes."""
    model, w, x = train("float32", d=200, factor=0.5)
    x[0] *= small
    x[1] *= large

    def slope(x):
        mantissa, scale = model.score(w, x)
        _, (gradient, exponent) = model.score_and_gradient(w, x, (1 / mantissa, -scale))
        return np.ldexp(gradient.astype(float), exponent)

    both, apart = slope(x), slope(x[:1]) + slope(x[1:])
    views, wanted = tn.Weights(model._layout, both), tn.Weights(model._layout, apart)
    for name in views:
        assert abs(views[name] - wanted[name]).max() <= 1e-3 * abs(wanted[name]).max()


def test_samples_that_do_not_fit_are_computed_one_after_the_other():
    net = example("tensor_train", d=60, n=2, r=3, C=2)
    whole, parts = (tn.compile(net, scaled=True, memory=memory) for memory in (None, 40_000))
    w, x = whole.init(0).flat, np.random.default_rng(0).normal(size=(50, 60, 2))
    x[7] *= 2.0**-9
    x[31:, 3] = 0
    assert len(parts._plans.pieces(50, with_gradient=False)) > 1
    for (mantissa, scale), (other, own) in zip(
        (whole.score(w, x), *whole.score_and_gradient(w, x)),
        (parts.bind(w)(x), *parts.score_and_gradient(w, x)),
        strict=True,
    ):
        np.testing.assert_allclose(np.ldexp(other, own - scale), mantissa, rtol=1e-10, atol=1e-12)


def test_no_samples_have_no_scores_and_no_gradient():
    model, w, x = train("float32", d=20)
    (mantissa, scale), (gradient, _) = model.score_and_gradient(w, x[:0])
    assert mantissa.shape == (0, 2)
    assert scale.shape == (0, 1)
    assert not gradient.any()


def test_a_scaled_cotangent_is_checked():
    model, w, x = train("float64", d=5)
    ones = np.ones((2, 2))
    with pytest.raises(tn.TnError, match="not whole numbers"):
        model.score_and_gradient(w, x, (ones, np.zeros((2, 1))))
    with pytest.raises(tn.TnError, match="has the shape"):
        model.score_and_gradient(w, x, (ones, np.zeros((2, 2), int)))
