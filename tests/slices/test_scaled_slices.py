"""Slices of scaled models: sums of mantissas with exponents of their own, within the memory limit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import combinations

import numpy as np
import pytest

import tncompile as tn
from tests.helpers import difference, leaves, processes, same
from tests.runtime.scaled import as_plain
from tests.slices.sliced import (
    CLIQUE,
    QUICK,
    added,
    plain_module,
    plainly,
    scaled_module,
    sliced_schedules,
    used,
)
from tncompile.codegen.body import program
from tncompile.plan import peak_elements

PAIRS = list(combinations("abcde", 2))
DTYPES = {"float32": 1e-5, "float64": 1e-13, "complex64": 1e-5}


# --- within a limit ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tenth_of_the_memory_is_enough(dtype):
    net = tn.load(CLIQUE.replace("size n", "field complex\nsize n") if dtype == "complex64" else CLIQUE)
    plain = tn.compile(net, dtype="complex128" if dtype == "complex64" else "float64")
    elements = peak_elements(plain._plans.gradient)[0] // 10
    whole = tn.compile(net, dtype=dtype, scaled=True)
    small = tn.compile(net, dtype=dtype, scaled=True, memory=elements * np.dtype(dtype).itemsize)
    w = plain.init(0).flat
    value, slope = plain.score_and_gradient(w)
    mine, slopes = plainly(small.score_and_gradient(w))
    for schedule in (small._plans.score, small._plans.gradient):
        assert schedule.slices is not None
        assert schedule.exponents
        assert peak_elements(schedule)[0] <= elements
    assert abs(value - mine) < DTYPES[dtype] * abs(value)
    assert abs(slope - slopes).max() < DTYPES[dtype] * abs(slope).max()
    assert difference(as_plain(small.score(w)), mine) < DTYPES[dtype] * abs(value)
    if dtype == "float64":
        assert used(small.score_and_gradient, w) < used(whole.score_and_gradient, w) / 5


TOP = (
    "network star\nsize n = 10, m = 2, C = 2\ninput x[1..4](m)\n"
    + "".join(f"weight M{i}{j}(n, n)\n" for i, j in PAIRS)
    + "weight u[1..4](m, n)\nweight top(n, C)\noutput score(y) = "
    + " * ".join(f"M{i}{j}({i}, {j})" for i, j in PAIRS)
    + " * u[1](i, a) * x[1](i) * u[2](j, b) * x[2](j) * u[3](k, c) * x[3](k) * u[4](l, d) * x[4](l) * top(e, y)\n"
)
FACTORS = 15  # weights in each term
ELEMENTS = 6000  # 100 samples need several slices, and more than one piece
SAMPLES = 100


@lru_cache
def star_model(dtype):
    """A scaled model that needs slices, and several pieces."""
    memory = ELEMENTS * np.dtype(dtype).itemsize
    model = tn.compile(tn.load(TOP), dtype=dtype, scaled=True, memory=memory, objective=QUICK)
    assert model._plans.gradient.slices is not None
    assert model._plans.score.slices is not None
    assert model._plans.samples_at_once(True) < SAMPLES
    return model


@lru_cache
def plain_star(dtype):
    """The same network, neither scaled nor sliced."""
    return tn.compile(tn.load(TOP), dtype=dtype, objective=QUICK)


def star(dtype, power):
    """This model, its weights times a power of two, data and a cotangent."""
    model = star_model(dtype)
    rng = np.random.default_rng(0)
    w = (rng.normal(size=model.init(0).flat.size) * 2.0**power).astype(dtype)
    x, bar = rng.normal(size=(SAMPLES, 4, 2)), rng.normal(size=(SAMPLES, 2))
    return model, w, x.astype(dtype), bar.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("power", [-40, 40])
def test_slices_far_out_of_the_range_of_single_precision(dtype, power):
    """The double precision that this is compared with holds 2^600."""
    model, w, x, bar = star(dtype, power)
    wide = "complex128" if dtype == "complex64" else "float64"
    plain = plain_star(wide)
    value, slope = plain.score_and_gradient(w.astype(wide), x.astype(wide), bar.astype(wide))
    result = model.score_and_gradient(w, x, bar)
    mine, slopes = plainly(result)
    mantissa, scale = result[0]
    assert np.all(abs(value - mine).max(axis=1) < 30 * DTYPES[dtype] * abs(value).max(axis=1))
    names = [
        slice(place.start, place.start + np.prod(place.shape)) for place in model._layout.places.values()
    ]
    assert all(abs(slope - slopes)[one].max() < 30 * DTYPES[dtype] * abs(slope)[one].max() for one in names)
    assert np.all((abs(mantissa).max(axis=1) >= 1) & (abs(mantissa).max(axis=1) < 2))
    assert abs(scale - FACTORS * power).max() < 60
    found = as_plain(model.score(w, x))
    assert np.all(abs(value - found).max(axis=1) < 30 * DTYPES[dtype] * abs(value).max(axis=1))


def test_each_sample_has_an_exponent_of_its_own():
    """Samples whose scores are 2^320 apart."""
    model, w, x, bar = star("float32", 0)
    near = model.score_and_gradient(w, x, bar)[0]
    powers = np.where(np.arange(SAMPLES) % 2, 40, -40)[:, None]
    apart = x * np.float32(2.0) ** powers[:, :, None]
    (mantissa, scale), gradient = model.score_and_gradient(w, apart, bar)
    assert np.array_equal(mantissa, near[0])
    assert np.array_equal(scale, near[1] + 4 * powers)
    only = model.score_and_gradient(w, apart[1::2], bar[1::2])[1]
    wanted, found = (as_plain((m, e - 160)) for m, e in (only, gradient))
    assert abs(found - wanted).max() < 1e-5 * abs(wanted).max()


def test_the_gradients_of_a_member_have_one_exponent():
    model, w, x, bar = star("float32", 0)
    one = model._plans.samples_at_once(True)
    _, (_, exponents) = model.score_and_gradient(w, x[:one], bar[:one])
    for name in model.weights:
        assert len(np.unique(tn.Weights(model._layout, exponents)[name])) == 1


# --- some of them, and elsewhere -----------------------------------------------------------------


def test_an_executor_gives_the_same_pairs():
    model, w, x, bar = star("float32", 40)
    one = model._plans.samples_at_once(True)
    here = [model.score_and_gradient(w, *cut) for cut in [(x[:one], bar[:one]), (x, bar)]]
    for kind in (ThreadPoolExecutor, processes):
        with kind(2) as executor:
            same(here[0], model.score_and_gradient(w, x[:one], bar[:one], executor=executor))
            there = model.score_and_gradient(w, x, bar, executor=executor)
            same(model.score(w, x), model.score(w, x, executor=executor))
        same(here[1][0], there[0])
        wanted, found = (as_plain(pair) for pair in (here[1][1], there[1]))
        assert abs(found - wanted).max() < 1e-6 * abs(wanted).max()


ADDED = """network added
size n = 8, m = 4
input x(n)
weight A(n, m), B(n, m), c(m)
p(a) = A(b, a) * B(b, a) * x(b)
output y(a) = 2 * p(a)
output z() = p(a) * c(a)
"""


def sum_module():
    """The scaled slices of two outputs over the index b, of 8 values."""
    net = tn.load(ADDED)
    schedules = sliced_schedules(net, 0, 0)
    assert schedules[0].slices.count == 8
    return tn.compile(net), scaled_module(net, schedules)


def numbers(model, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=model.init(0).flat.size), rng.normal(size=(3, 8))


def test_some_slices_add_up_to_all():
    model, module = sum_module()
    w, x = numbers(model)
    picked = [as_plain(module.score(w, x, slices=some)) for some in ([0, 1, 2], [3, 4], [7, 5, 6])]
    assert difference(model.score(w, x), added(picked)) < 1e-12
    nothing = module.score(w, x, slices=[])
    assert all(not leaf.any() for leaf in leaves(nothing))


@pytest.mark.parametrize("zero", [slice(0, 1), slice(7, 8), slice(2, 6), slice(0, 8)])
def test_slices_that_are_zero_disturb_nothing(zero):
    """In one of the samples; the scores of the others are as they were."""
    model, module = sum_module()
    w, x = numbers(model)
    x *= 2.0 ** np.array([-300, 0, 300])[:, None]
    x[0, zero] = 0
    value, slope = model.score_and_gradient(w, x)
    result = module.score_and_gradient(w, x)
    mine, slopes = plainly(result)
    for name in value:
        for sample in range(3):
            assert np.allclose(mine[name][sample], value[name][sample], rtol=1e-12, atol=0)
    assert np.allclose(slope, slopes, rtol=1e-12, atol=0)
    if zero == slice(0, 8):
        assert all(not leaf[0].any() for pair in result[0].values() for leaf in pair)


def test_what_cancels_leaves_what_is_left():
    """The first two slices are worlds larger than the others, and their sum is 0."""
    model, module = sum_module()
    w, x = numbers(model)
    views = tn.Weights(model._layout, w)
    views["A"][1], views["B"][1] = views["A"][0], views["B"][0]
    x[:, 0], x[:, 1] = 2.0**900, -(2.0**900)
    mine = as_plain(module.score(w, x))
    x[:, :2] = 0
    assert difference(model.score(w, x), mine) < 1e-12


def test_selectors_lie_as_the_steps_want_them(monkeypatch):
    """Columns of the identity in any order of their axes."""
    chosen, seen = program.choose_orders, []

    def turned(schedule, *arguments):
        selectors = () if schedule.slices is None else schedule.slices.selectors
        wide = [name for name in selectors if len(schedule.buffers[name].shape) == 2]
        seen.extend(wide)
        return chosen(schedule, *arguments) | dict.fromkeys(wide, (1, 0))

    monkeypatch.setattr(program, "choose_orders", turned)
    model = tn.compile(tn.load(ADDED))
    schedules = sliced_schedules(model.network, 0, 1)
    w, x = numbers(model)
    for one, plainly_of in (
        (plain_module(model.network, schedules), lambda result: result),
        (scaled_module(model.network, schedules), plainly),
    ):
        found = plainly_of(one.score_and_gradient(w, x))
        assert difference(model.score_and_gradient(w, x), found) < 1e-12
    assert len(seen) == 4


def test_gradients_of_a_slice_that_are_zero_disturb_nothing():
    """Those of the others are below the smallest number that counts beside 1."""
    net = tn.load(ADDED)
    model = tn.compile(net)
    module = scaled_module(net, sliced_schedules(net, 0, 0), depth=1)  # all that is computed has exponents
    w, x = numbers(model)
    x[:, 0] = 0
    wanted = model.score_and_gradient(w, x)[1]
    _, (gradient, exponents) = module.score_and_gradient(w, x * 2.0**-900)
    assert difference(wanted, np.ldexp(gradient, exponents + 900)) < 1e-12


def test_a_bound_model_adds_up_slices():
    model, w, x, _ = star("float64", 40)
    same(model.bind(w)(x), model.score(w, x))


def test_zero_weights_have_zero_gradients():
    model, module = sum_module()
    _, x = numbers(model)
    value, (gradient, exponents) = module.score_and_gradient(np.zeros(model.init(0).flat.size), x)
    assert not any(leaf.any() for leaf in leaves(value))
    assert not gradient.any()
    assert not exponents.any()


def test_a_cotangent_with_a_scale():
    model, module = sum_module()
    w, x = numbers(model)
    bars = {"y": np.ones((3, 4)), "z": np.array([1.0, -2.0, 0.5])}
    wanted = model.score_and_gradient(w, x, bars)[1]
    scales = {"y": np.full((3, 1), 5000), "z": np.full(3, 5000)}
    _, (gradient, exponents) = module.score_and_gradient(w, x, bars, cotangent_scale=scales)
    assert difference(wanted, np.ldexp(gradient, exponents - 5000)) < 1e-12


SIGNS = """network signs
size d = 8, M = 4
weight W(M)
output score[k](a) = sign(1e15 * W(a) + W(a)) * W(a) / W(a)^2 * sum(W(b)^2 over b) for k in 1..d
"""


def test_what_lies_between_scaled_steps_is_nobody_s():
    """A limit that such arrays pass is refused like any other."""
    refused = 0
    for memory in range(100, 1000, 50):
        try:
            _ = tn.compile(tn.load(SIGNS), dtype="float32", scaled=True, memory=memory).source
        except tn.TnError:
            refused += 1
    assert 0 < refused < 18
