"""The CuPy modules on a device, directly and captured: the same values as NumPy's. Skipped where there is no CuPy or
no device."""

from __future__ import annotations

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.gpu.data import close, data, move
from tncompile.runtime.blas import Blas

cupy = pytest.importorskip("cupy", reason="CuPy is not installed")


def device_count() -> int:
    try:
        return int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError:
        return 0


pytestmark = pytest.mark.skipif(device_count() == 0, reason="there is no CUDA device")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("capture", [False, True], ids=["direct", "captured"])
def test_scores_and_gradients_on_the_device_are_those_of_numpy(path, capture):
    # A warning is an error here, so a captured model that falls back to direct calls fails.
    net = tn.load(path)
    here, there = tn.compile(net), tn.compile(net, target="cupy", capture=capture)
    for samples, seed in ((3, 0), (3, 1), (40, 2)):
        w, x = here.init(seed).flat, data(net, samples, seed)
        value, gradient = here.score_and_gradient(w, x)
        on_device = move(x, cupy.asarray)
        found, slope = there.score_and_gradient(cupy.asarray(w), on_device)
        close(move(found, cupy.asnumpy), value)
        np.testing.assert_allclose(cupy.asnumpy(slope), gradient, rtol=1e-9, atol=1e-11)
        close(move(there.score(cupy.asarray(w), on_device), cupy.asnumpy), value)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "scaled"])
def test_single_precision_and_scales_are_captured(dtype, scaled):
    net = tn.load(EXAMPLES[0].with_name("tensor_train.tn"), d=40, r=16)
    here = tn.compile(net, dtype=dtype.replace("64", "128").replace("32", "64"), scaled=scaled)
    there = tn.compile(net, target="cupy", dtype=dtype, scaled=scaled)
    for seed in range(3):
        w, x = here.init(seed).flat, data(net, 100, seed)
        found = number(move(there.score(cupy.asarray(w), move(x, cupy.asarray)), cupy.asnumpy), scaled)
        wanted = number(here.score(w, x), scaled)
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3 * abs(wanted).max())


def number(value, scaled):
    return value[0] * 2.0 ** value[1] if scaled else value


def test_calls_from_several_streams_wait_for_one_another():
    net = tn.load(EXAMPLES[0].with_name("tensor_train.tn"), d=64, n=4, r=32)
    here, there = tn.compile(net), tn.compile(net, target="cupy")
    streams = [cupy.cuda.Stream(non_blocking=True) for _ in range(3)]
    calls = [(here.init(seed).flat, data(net, 256, seed)["x"]) for seed in range(9)]
    found = []
    for position, (w, x) in enumerate(calls):
        with streams[position % 3]:
            found.append(there.score(cupy.asarray(w) * 1, cupy.asarray(x) * 1))
    for stream in streams:
        stream.synchronize()
    for (w, x), value in zip(calls, found, strict=True):
        close(cupy.asnumpy(value), here.score(w, x))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_products_are_those_of_cupy(dtype):
    blas = Blas(cupy)
    generator = np.random.default_rng(0)
    a, b = (cupy.asarray(generator.standard_normal(shape), dtype) for shape in ((4, 5, 3), (4, 7, 5)))
    blas.use(cupy.cuda.get_current_stream())
    for left, right in (
        (b, a),
        (a.transpose(0, 2, 1), b.transpose(0, 2, 1)),
        (a.transpose(0, 2, 1)[1], b[1].T),
        (b[:, :, :4], a[:, :4]),
        (b[0], a),
        (b[:, None], a[None]),
        (b[0, 0], a),
    ):
        wanted = cupy.asnumpy(left) @ cupy.asnumpy(right)
        found = cupy.asnumpy(blas.matmul(left, right))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
        columns = cupy.empty(wanted.shape[::-1], dtype).transpose()
        np.testing.assert_allclose(
            cupy.asnumpy(blas.matmul(left, right, columns)), wanted, rtol=1e-4, atol=1e-4
        )
