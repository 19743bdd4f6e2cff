"""Scaled models that bring states to size as seldom as they can, and see afterwards whether that was too seldom."""

from __future__ import annotations

import re
from contextlib import ContextDecorator
from pathlib import Path

import numpy as np
import pytest

import tncompile as tn

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
D = 64


def example(name, **sizes):
    return tn.load(EXAMPLES / f"{name}.tn", **sizes)


def train(factor=1.0):
    """Models of a long train in both precisions, and weights and data with cores of such a size."""
    net = example("tensor_train", d=D, n=2, r=4, C=3)
    models = [tn.compile(net, dtype=dtype, scaled=True) for dtype in ("float32", "float64")]
    rng = np.random.default_rng(0)
    w = rng.normal(size=models[0].init(0).flat.size) * 8**-0.5 * factor
    x = rng.normal(size=(5, D, 2))
    return models, w.astype(np.float32), x.astype(np.float32)


def assert_alike(models, w, x):
    """Single precision says what double precision says."""
    (mantissa, scale), (wanted, other) = (
        model.score(w.astype(model.dtype), x.astype(model.dtype)) for model in models
    )
    assert np.isfinite(mantissa).all()
    found = np.ldexp(mantissa.astype(float), scale - other)
    assert abs(found - wanted).max(axis=1).tolist() == pytest.approx([0] * len(x), abs=1e-4)
    sizes = abs(mantissa).max(axis=1)
    assert ((sizes == 0) | ((sizes >= 1) & (sizes < 2))).all()
    return mantissa, scale


@pytest.mark.parametrize("bits", [-40, -12, -5, 0, 5, 12, 40])
def test_cores_of_any_size(bits):
    """Sixteen rounds of 12 bits leave the range of single precision, one of 40 bits does not."""
    models, w, x = train(2.0**bits)
    assert_alike(models, w, x)


@pytest.mark.parametrize("bits", [-40, -12, 0, 12, 40])
def test_gradients_for_cores_of_any_size(bits):
    models, w, x = train(2.0**bits)
    (mantissa, scale), (wanted, other) = (
        model.score_and_gradient(w.astype(model.dtype), x.astype(model.dtype))[1] for model in models
    )
    found = np.ldexp(mantissa.astype(float), scale - other)
    assert abs(found - wanted).max() < 1e-4 * abs(wanted).max()


@pytest.mark.parametrize("bits", [-12, 12])
def test_one_sample_that_leaves_the_range(bits):
    models, w, x = train()
    x[3] *= 2.0**bits
    assert_alike(models, w, x)


@pytest.mark.parametrize("bits", [-10, 10])
def test_a_state_that_leaves_the_range_and_comes_back(bits):
    """What is lost on the way is seen where it is lost."""
    models, w, x = train()
    x[:, : D // 2] *= 2.0**bits
    x[:, D // 2 :] *= 2.0**-bits
    assert_alike(models, w, x)


def test_a_sample_that_is_zero_from_some_site_on():
    models, w, x = train()
    x[2, 20] = 0
    mantissa, scale = assert_alike(models, w, x)
    assert not mantissa[2].any()
    assert not scale[2].any()


def test_nothing_else_changes():
    """Powers of two are exact: in range it is all the same how often they are taken out."""
    models, w, x = train()
    assert "if k % 16 == 0" in models[0]._scoring_source
    module = models[0]._scoring
    (mantissa, scale), (often, other) = module.score(w, x), module.careful_score(w, x)
    assert np.array_equal(mantissa, often)
    assert np.array_equal(scale, other)


@pytest.mark.parametrize("length", [10, 50])
def test_rounds_are_said_alike_forth_and_back(length):
    """In a short loop other rounds would do as well."""
    source = tn.compile(example("deep_rac", T=length), dtype="float32", scaled=True).source
    assert [line.strip() for line in source.splitlines() if " % " in line] == ["if t % 8 == 0:"] * 5


class OnePerFunction(ContextDecorator):
    """`np.errstate` as it was before NumPy 2: as a decorator one object for all calls of a function."""

    def __init__(self, **kinds):
        self.kinds = kinds

    def __enter__(self):
        self.before = np.seterr(**self.kinds)

    def __exit__(self, *_):
        np.seterr(**self.before)


def test_warnings_are_afterwards_what_they_were_before(monkeypatch):
    """A score of many samples calls itself for a few at a time."""
    monkeypatch.setattr(np, "errstate", OnePerFunction)
    models, w, x = train()
    model = tn.compile(models[0].network, dtype="float32", scaled=True, memory=40_000)
    module, samples = model._scoring, np.tile(x, (20, 1, 1))
    assert len(samples) > module.SCORE_SAMPLES
    before = np.geterr()
    module.score(w, samples)
    assert np.geterr() == before


def test_numbers_that_are_none_come_out_as_such():
    models, w, x = train()
    x[1, 30] = np.nan
    mantissa, _ = models[0].score(w, x)
    assert np.isnan(mantissa[1]).all()
    assert np.isfinite(np.delete(mantissa, 1, axis=0)).all()


def test_layers_with_an_index_called_side():
    text = (EXAMPLES / "deep_rac.tn").read_text()
    scores = []
    for name in ("i", "side"):
        net = tn.load(re.sub(r"\bi\b", name, text), T=20, L=2)
        model = tn.compile(net, scaled=True)
        x = np.random.default_rng(0).normal(size=(3, 20, *model._inputs["x"].shapes[0][2:]))
        scores.append(model.score(model.init(0), x))
    assert np.array_equal(scores[0][0], scores[1][0])


@pytest.mark.parametrize("bits", [-9, 9])
def test_a_gradient_whose_states_leave_the_range_behind_the_last_rescaling(bits):
    """Adjoints say how far states went up to it, the score says how far they went from there."""
    net = example("deep_rac", T=30, M=2, R=3, L=1)
    models = [tn.compile(net, dtype=dtype, scaled=True) for dtype in ("float32", "float64")]
    assert "if t % 16 == 0" in models[0].source
    w = models[1].init(0).flat.astype("float32")
    x = np.random.default_rng(0).normal(size=(5, 30, 2)).astype("float32")
    x *= np.where(np.arange(30) < 16, 2.0**-bits, 2.0**bits)[:, None]
    (mantissa, scale), (wanted, other) = (
        model.score_and_gradient(w.astype(model.dtype), x.astype(model.dtype))[1] for model in models
    )
    found = np.ldexp(mantissa.astype(float), scale - other)
    assert abs(found - wanted).max() < 1e-4 * abs(wanted).max()


@pytest.mark.parametrize("bits", [-20, 0, 20])
def test_layers_of_a_deep_circuit(bits):
    net = example("deep_rac", T=40, M=3, R=4, L=2)
    models = [tn.compile(net, dtype=dtype, scaled=True) for dtype in ("float32", "float64")]
    w = models[1].init(0).flat * 2.0**bits
    x = np.random.default_rng(1).normal(size=(4, 40, 3))
    (mantissa, scale), (wanted, other) = (
        model.score(w.astype(model.dtype), x.astype(model.dtype)) for model in models
    )
    assert abs(np.ldexp(mantissa.astype(float), scale - other) - wanted).max() < 2e-2


# --- products ------------------------------------------------------------------------------------------


def product(sizes, d=D, r=6):
    """A model of a product of factors with such binary logarithms, and what it should score."""
    net = example("cp", d=d, n=2, r=r, C=2)
    model = tn.compile(net, dtype="float32", scaled=True)
    w = np.ones(model.init(0).flat.size, np.float32)
    views = tn.Weights(model._layout, w)
    views["factor"][...] = np.exp2(sizes)[:, None]
    x = np.full((3, d, 2), 0.5, np.float32)
    exponents = sizes.sum(axis=0)
    largest = exponents.max()
    return model.score(w, x), np.exp2(exponents - largest).sum(), largest


@pytest.mark.parametrize(
    "sizes",
    [
        np.zeros((D, 6)),
        np.full((D, 6), -9.0),
        np.full((D, 6), 9.0),
        np.where(np.arange(D) < D // 2, -9.0, 9.0)[:, None] + np.zeros(6),
        np.where(np.arange(D) % 2, -60.0, 60.0)[:, None] + np.zeros(6),
        np.full((D, 6), -60.0),
        np.full((D, 6), 60.0),
        np.linspace(-4, 4, 6)[None] + np.zeros((D, 1)),  # entries that drift apart
    ],
    ids=["one", "small", "large", "back again", "up and down", "very small", "very large", "apart"],
)
def test_products_that_leave_the_range(sizes):
    (mantissa, scale), wanted, exponent = product(sizes)
    assert np.allclose(np.ldexp(mantissa.astype(float), scale - int(exponent)), wanted, rtol=1e-5)


@pytest.mark.parametrize("size", [-2.0, -3.5, -4.2, -4.5, -5.0, 4.5])
def test_products_lose_no_digits_where_numbers_end(size):
    rng = np.random.default_rng(0)
    (mantissa, scale), wanted, exponent = product(size + rng.uniform(-0.1, 0.1, (D, 6)))
    whole = int(np.floor(exponent))
    assert np.allclose(
        np.ldexp(mantissa.astype(float), scale - whole), wanted * 2 ** (exponent - whole), rtol=2e-5
    )


@pytest.mark.parametrize("size", [-7.0, -7.3])
def test_products_that_leave_the_range_on_the_way_lose_no_digits(size):
    """The numbers in the middle are denormal, the result is an ordinary one."""
    rng = np.random.default_rng(0)
    there = np.where(np.arange(D) < 20, size, np.where(np.arange(D) < 40, -size, 0))[:, None]
    (mantissa, scale), wanted, exponent = product(there + rng.uniform(-0.1, 0.1, (D, 6)))
    whole = int(np.floor(exponent))
    assert np.allclose(
        np.ldexp(mantissa.astype(float), scale - whole), wanted * 2 ** (exponent - whole), rtol=2e-5
    )


def test_factors_of_zero_take_no_way_round(monkeypatch):
    """Before, a batch with a single one was taken apart factor by factor."""
    net = example("cp", d=64, n=2, r=6, C=2)
    module = tn.compile(net, dtype="float32", scaled=True)._scoring
    monkeypatch.setattr(module, "split_product", None)
    x = np.ones((3, 64, 2), np.float32)
    x[1, 7] = 0
    mantissa, scale = module.score(module.init(0), x)
    assert not mantissa[1].any()
    assert not scale[1].any()


def test_outputs_that_are_products_are_brought_to_size():
    text = "network spread\nsize r = 3\nweight a[1..40]()\noutput score(q in 1..r) = prod(a[k]() for k in 1..40)\n"
    model = tn.compile(tn.load(text), scaled=True)
    mantissa, _ = model.score(np.full(40, 0.3))
    assert 1 <= abs(mantissa).max() < 2


def test_a_product_with_a_factor_that_is_zero():
    sizes = np.zeros((D, 6))
    sizes[20, :2] = -np.inf
    (mantissa, scale), wanted, _ = product(sizes)
    assert wanted == 4
    assert np.allclose(np.ldexp(mantissa, scale), wanted)


# --- recurrences of other forms ------------------------------------------------------------------------

NORMALISED = """network normalised
size T = 6, n = 3, r = 3
input x[1..T](n)
weight A(r, n), W(r, r), o(r)
h[1](i) = A(i, m) * x[1](m)
u[t](i) = A(i, m) * x[t](m) * W(i, j) * h[t-1](j) for t in 2..T
h[t](i) = u[t](i) / sum(u[t](k) over k) for t in 2..T
output y() = o(i) * h[T](i)
"""
SCALED_BY_A_NUMBER = NORMALISED.replace(
    "h[t](i) = u[t](i) / sum(u[t](k) over k)",
    "v[t]() = sum(u[t](k) over k) for t in 2..T\nh[t](i) = u[t](i) * v[t]()",
)


@pytest.mark.parametrize("text", [NORMALISED, SCALED_BY_A_NUMBER], ids=["over", "times"])
def test_gradients_of_recurrences_with_numbers_as_states(text):
    net = tn.load(text)
    plain, model = tn.compile(net), tn.compile(net, scaled=True)
    w = np.random.default_rng(0).uniform(0.2, 1.5, plain.init(0).flat.size)
    x = np.random.default_rng(1).uniform(0.2, 1.5, (3, 6, 3))
    value, gradient = plain.score_and_gradient(w, x)
    (mantissa, scale), (found, exponents) = model.score_and_gradient(w, x)
    assert np.allclose(np.ldexp(mantissa, scale), value, rtol=1e-12)
    assert np.allclose(np.ldexp(found, exponents), gradient, rtol=1e-10)


SECOND_ORDER = """network fibonacci
size T = 20, n = 3
input x[1..T](n)
weight A(n, n), o(n)
h[1](i) = A(i, m) * x[1](m)
h[2](i) = A(i, m) * x[2](m) * h[1](i)
h[t](i) = A(i, m) * x[t](m) * h[t-1](i) * h[t-2](i) for t in 3..T
output y() = o(i) * h[T](i)
"""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bits", [-12, 0, 5])
def test_states_of_two_rounds_that_meet(dtype, bits):
    """With ones for data and weights a state is 3 * 2^bits times those of the two rounds before."""
    model = tn.compile(tn.load(SECOND_ORDER), dtype=dtype, scaled=True)
    x = np.full((1, 20, 3), 2.0**bits, dtype)
    mantissa, scale = model.score(np.ones(model.init(0).flat.size, dtype), x)
    logs = [np.log2(3) + bits, 2 * (np.log2(3) + bits)]
    while len(logs) < 20:
        logs.append(np.log2(3) + bits + logs[-1] + logs[-2])
    assert np.log2(mantissa[0]) + scale[0] == pytest.approx(logs[-1] + np.log2(3), abs=0.05)
