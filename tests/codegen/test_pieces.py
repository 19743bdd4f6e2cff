"""Modules that compute a few samples at a time so that arrays stay in the cache: which do, and that it changes no value."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.helpers import difference, leaves
from tncompile.plan import cached
from tncompile.runtime.loading import loaded
from tncompile.runtime.plans import Plans
from tncompile.runtime.random_data import random_data

FOLDER = EXAMPLES[0].parent
LARGE = {"d": 256, "n": 4, "r": 256}


def chosen(example, *, with_gradient=False, dtype="float32", memory=None, target="numpy", **sizes):
    """How the module of an example parts its samples."""
    plans = Plans(tn.load(FOLDER / f"{example}.tn", **sizes), target, dtype, memory)
    return plans._parts(with_gradient)


def in_pieces(net, samples, **options):
    """A model whose module computes so many samples at a time, whatever that saves, and the text of it."""
    with (
        patch.object(cached, "CACHE", 1),
        patch.object(cached, "USUAL_BATCH", 2**20),
        patch.object(cached, "LEAST", samples),
        patch.object(cached, "MARGIN", 0),
    ):
        model = tn.compile(net, **options)
        return model, model.source


def test_pieces_where_large_arrays_are_moved_by_few_calls():
    assert chosen("cp", **LARGE) == 16
    assert chosen("cp", with_gradient=True, **LARGE) == 16
    assert chosen("cp", dtype="float64", **LARGE) == 16
    assert chosen("cp", d=64, n=4, r=256) == 64
    assert chosen("cp", d=32, n=4, r=256, with_gradient=True) == 128
    assert chosen("cp", d=1024, n=4, r=256) == 16


def test_pieces_that_no_cache_holds_must_save_more():
    assert chosen("cp", with_gradient=True, dtype="float64", **LARGE) is None
    assert chosen("cp", d=1024, n=4, r=256, with_gradient=True) is None


@pytest.mark.parametrize(
    ("example", "sizes"),
    [
        ("cp", {"d": 16, "n": 4, "r": 128}),  # small
        ("tensor_train", {"d": 1000, "n": 4, "r": 32}),  # as many calls as there are sites
        ("deep_rac", {"T": 256, "M": 8, "R": 32, "L": 2}),
        ("hierarchical_tucker", {"d": 64, "n": 8, "r": 32}),  # weights as large as what is moved
    ],
)
def test_no_pieces_where_they_do_not_pay(example, sizes):
    assert chosen(example, **sizes) is None
    assert chosen(example, with_gradient=True, **sizes) is None


def test_a_gradient_of_many_weights_is_not_added_up():
    assert chosen("cp", d=64, n=4, r=256, with_gradient=True) == 64
    assert chosen("cp", d=64, n=256, r=256, with_gradient=True) is None


def test_limits_of_memory_come_first():
    whole = 256 * 256 * 4  # bytes of one sample
    assert chosen("cp", memory=80 * whole, **LARGE) == 16
    assert chosen("cp", memory=10 * whole, **LARGE) < 10
    assert chosen("cp", target="cupy", **LARGE) is None


def test_a_scaled_score_is_computed_in_pieces_but_no_scaled_gradient():
    """What belongs to pieces of a gradient has exponents of its own, which the model aligns."""
    model = tn.compile(tn.load(FOLDER / "cp.tn", **LARGE), scaled=True, dtype="float32")
    assert "SCORE_SAMPLES" in model.source
    assert "GRADIENT_SAMPLES" not in model.source
    w, x = model.init(0).flat, np.random.default_rng(0).normal(size=(40, 256, 4)).astype("float32")
    mantissa, scale = model.score(w, x)
    assert (mantissa.shape, scale.shape) == ((40, *mantissa.shape[1:]), (40, 1))
    for sample in (0, 17, 39):
        alone, own = model.score(w, x[sample : sample + 1])
        assert abs(np.ldexp(alone, own - scale[sample]) - mantissa[sample]).max() < 1e-5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_compute_in_pieces_what_they_do_at_once(path):
    net = tn.load(path)
    dtype = "complex128" if net.field == "complex" else "float64"
    whole = tn.compile(net, dtype=dtype)
    model, source = in_pieces(net, 8, dtype=dtype)
    inputs = random_data(net, np.random.default_rng(0), 19)
    if inputs is None or not model._plans.in_pieces:
        assert "SAMPLES" not in source
        return
    assert "SCORE_SAMPLES = 8" in source
    w = whole.init(0).flat
    assert difference(whole.score(w, inputs), model.score(w, inputs)) < 1e-12
    assert difference(whole.bind(w)(inputs), model.bind(w)(inputs)) < 1e-12
    wanted, found = whole.score_and_gradient(w, inputs), model.score_and_gradient(w, inputs)
    for one, other in zip(leaves(wanted), leaves(found), strict=True):
        assert difference(one, other) < 1e-10


def test_only_many_samples_are_parted_and_their_memory_is_that_of_a_piece():
    module = loaded(tn.compile(tn.load(FOLDER / "cp.tn", **LARGE), dtype="float32").source, "cp")
    lengths = []
    joined = module.join
    module.join = lambda values: lengths.append(list(map(len, values))) or joined(values)
    w = module.init(0)
    x = np.random.default_rng(0).standard_normal((75, 256, 4))
    for count in (10, 16):
        module.score(w, x[:count])
    assert not lengths
    module.SPARE_PIECE.clear()
    module.score(w, x)
    assert lengths == [[16, 16, 16, 16, 11]]
    (memory,) = module.SPARE_PIECE.values()
    assert max(array.nbytes for array in memory.values()) == 16 * 256 * 256 * 4
    before = memory[0]
    module.score(w, x[:70])
    assert module.SPARE_PIECE[0][0] is before


def test_memory_of_whole_batches_and_of_pieces_does_not_mix():
    net = tn.load(FOLDER / "cp.tn", d=1024, n=4, r=256)
    module = loaded(tn.compile(net, dtype="float32").source, "cp")
    w, x = module.init(0), np.ones((2, 1024, 4))
    module.score_and_gradient(w, x)
    module.score(w, x)
    assert list(module.SPARE) == [2]
    assert list(module.SPARE_PIECE) == [0]
