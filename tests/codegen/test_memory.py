"""Large arrays in memory that is used again: the values stay the same, and no result ever changes afterwards."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.helpers import draw, inputs_of, weights_of
from tests.networks import networks
from tncompile.codegen import memory

SETTINGS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
CP = EXAMPLES[0].parent / "cp.tn"
# A result that is a part of a large array, and another one that is the same numbers under another name.
SHARED = """network shared
size n = 3, r = 600
input x(n)
weight A(r, n), B(r, n)
a(q) = A(q, i) * x(i)
b(q) = tanh(a(q))
c(q) = b(q) * (B(q, i) * x(i))
output again(q) = b(q)
output y(q) = c(q) + b(q)
output z() = sum(c(q) * exp(a(q)) over q)
"""


def leaves(value):
    """All arrays of a result."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [np.asarray(value)]


def compiled(net, large):
    """A model whose arrays of so many bytes lie in memory that is used again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "LARGE", large)
        model = tn.compile(net)
        assert model.source
    return model


def check(net):
    """Asserts that all arrays may lie there: twice as many samples after some, and some again. Is there such an array?"""
    plain, reusing = compiled(net, 2**60), compiled(net, 17)  # bytes: all but single numbers
    found = []
    for count, seed in ((2, 0), (4, 7), (2, 3)):
        samples = draw(net, count, seed)
        w, data = weights_of(plain, net, samples[0]).flat, inputs_of(net, samples)
        with np.errstate(all="ignore"):
            wanted = leaves([plain.score_and_gradient(w, *data), plain.score(w, *data)])
            mine = leaves([reusing.score_and_gradient(w, *data), reusing.score(w, *data)])
        found.append((wanted, mine, [np.array(array) for array in mine]))
    for wanted, mine, then in found:
        for one, other, kept in zip(wanted, mine, then, strict=True):
            np.testing.assert_array_equal(other, kept)  # no later call has written there
            np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-12)
    return "SPARE" in reusing.source


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_with_all_arrays_in_memory_used_again(path):
    check(tn.load(path))


@SETTINGS
@given(networks())
def test_random_networks_with_all_arrays_in_memory_used_again(text):
    check(tn.load(text))


def test_results_that_are_parts_of_large_arrays_are_their_own():
    assert check(tn.load(SHARED))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_products_are_never_written_where_blas_cannot_write(path):
    for call in ast.walk(ast.parse(compiled(tn.load(path), 17).source)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "np.matmul":
            assert "None" not in ast.unparse(call.keywords[0].value)


def test_small_networks_do_not_keep_memory():
    assert "SPARE" not in tn.compile(tn.load(CP, d=4, n=2, r=2)).source


def cp(samples=256):
    net = tn.load(CP, d=12, n=2, r=128)
    model = tn.compile(net)
    assert "SPARE" in model.source
    rng = np.random.default_rng(0)
    return model, model.init(0).flat, [rng.normal(size=(samples, 12, 2)) for _ in range(4)]


def test_threads_share_no_memory():
    model, w, batches = cp()
    wanted = [model.score_and_gradient(w, x) for x in batches]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: model.score_and_gradient(w, batches[n % 4]), range(32)))
    for number, (value, gradient) in enumerate(found):
        np.testing.assert_array_equal(value, wanted[number % 4][0])
        np.testing.assert_array_equal(gradient, wanted[number % 4][1])


def test_memory_of_the_last_call_only_is_kept():
    model, w, batches = cp()
    sizes = []
    for count in (256, 100, 3, 256):
        model.score_and_gradient(w, batches[0][:count])
        (spare,) = model._whole.SPARE.values()
        sizes.append(sum(array.nbytes for array in spare.values()))
    assert sizes[0] == sizes[3]
    assert sizes[0] / 256 == pytest.approx(sizes[1] / 100) == pytest.approx(sizes[2] / 3)


def test_a_call_that_fails_leaves_nothing_behind():
    model, w, batches = cp()
    wanted = model.score(w, batches[0])
    with pytest.raises(ValueError, match=r".*"):
        model._whole.score(w, np.ones((256, 5, 2)))
    np.testing.assert_array_equal(model.score(w, batches[0]), wanted)
