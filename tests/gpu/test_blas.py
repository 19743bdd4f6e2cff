"""Products of matrices by cuBLAS: every way that operands and results may lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.device.cupy import installed
from tests.device.machine import Machine
from tncompile.runtime.blas import Blas


@pytest.fixture
def device(monkeypatch):
    machine = Machine()
    with installed(monkeypatch, machine) as cupy:
        blas = Blas(cupy)
        blas.use(machine.stream)
        yield cupy, blas, machine


@st.composite
def laid(draw, shape, dtype, generator):
    """An array of a shape that lies in memory in some way: axes in any order, in a larger one, repeated, reversed."""
    order = draw(st.permutations(range(len(shape))))
    pads = [draw(st.sampled_from([0, 0, 0, 1])) for _ in shape]
    extents = [shape[axis] + pads[axis] for axis in order]
    numbers = generator.integers(-9, 9, extents).astype(dtype)
    if np.dtype(dtype).kind == "c":
        numbers = numbers + 1j * generator.integers(-9, 9, extents)
    array = numbers.astype(dtype).transpose(np.argsort(order))
    array = array[tuple(slice(0, extent) for extent in shape)]
    if draw(st.sampled_from([False] * 4 + [True])) and shape:
        axis = draw(st.integers(0, len(shape) - 1))
        array = (
            np.flip(array, axis) if draw(st.booleans()) else np.broadcast_to(np.take(array, [0], axis), shape)
        )
    return array


@st.composite
def products(draw):
    """Two operands and a place for their product, or None."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(st.sampled_from(["float32", "float64", "complex64", "complex128"]))
    m, k, n = (draw(st.sampled_from([1, 2, 3, 5])) for _ in range(3))
    batch = [draw(st.sampled_from([1, 2, 3])) for _ in range(draw(st.integers(0, 3)))]
    parts = []
    for _ in range(2):
        own = [draw(st.sampled_from([extent, extent, 1])) for extent in batch]
        parts.append(own[draw(st.integers(0, len(own))) :] if draw(st.booleans()) else own)
    left, right = [*parts[0], m, k], [*parts[1], k, n]
    if not parts[0] and draw(st.booleans()):
        left = [k]
    if not parts[1] and draw(st.booleans()):
        right = [k]
    a, b = draw(laid(tuple(left), dtype, generator)), draw(laid(tuple(right), dtype, generator))
    shape = np.matmul(a, b).shape
    out = draw(st.sampled_from([True, False]))
    return a, b, draw(laid(shape, dtype, generator)).copy("K") if out else None


@settings(deadline=None, max_examples=400)
@given(case=products())
def test_products_of_arrays_that_lie_anyhow(case):
    machine = Machine()
    with pytest.MonkeyPatch.context() as patch, installed(patch, machine) as cupy:
        blas = Blas(cupy)
        blas.use(machine.stream)
        a, b = (on_device(cupy, array) for array in case[:2])
        out = None if case[2] is None else on_device(cupy, case[2])
        found = blas.matmul(a, b, out=out)
        assert out is None or found is out
        np.testing.assert_array_equal(found.get(), np.matmul(*case[:2]))


def on_device(cupy, array):
    """The array on the device, as it lies on the host."""
    array = np.asarray(array)
    order = np.argsort([-abs(stride) for stride in array.strides], kind="stable")
    low = array[tuple(slice(None, None, -1) if stride < 0 else slice(None) for stride in array.strides)]
    low = low[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides)]
    there = cupy.asarray(low.transpose(order).copy())
    back = there.host.transpose(np.argsort(order))
    back = back[(..., *(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides))]
    return there.view(np.broadcast_to(back, array.shape) if 0 in array.strides else back)


def test_nothing_is_copied_that_cublas_reads_as_it_lies(device):
    cupy, blas, machine = device
    generator = np.random.default_rng(0)
    a, b = (cupy.asarray(generator.standard_normal(shape)) for shape in ((4, 5, 3), (4, 7, 5)))
    out = cupy.empty((4, 7, 3))
    machine.calls.clear()
    for left, right, place in (
        (b, a, out),
        (a.transpose(0, 2, 1), b.transpose(0, 2, 1), out.transpose(0, 2, 1)),
        (a.transpose(0, 2, 1)[1], b[1].T, None),
        (b[:, :, :4], a[:, :4], out),
        (b[0], a, out),
    ):
        blas.matmul(left, right, place)
    assert machine.counts(capturing=False) == {"gemm": 5}


def test_empty_sums_are_zero_and_empty_products_nothing(device):
    cupy, blas, machine = device
    found = blas.matmul(cupy.empty((2, 0)), cupy.empty((0, 3)))
    np.testing.assert_array_equal(found.get(), np.zeros((2, 3)))
    assert blas.matmul(cupy.empty((0, 4)), cupy.empty((4, 3))).shape == (0, 3)
    assert machine.counts(capturing=False)["gemm"] == 0


def test_a_result_that_overlaps_an_operand_is_computed_apart(device):
    cupy, blas, _ = device
    numbers = np.random.default_rng(0).standard_normal((3, 3))
    a = cupy.asarray(numbers)
    blas.matmul(a, a, out=a)
    np.testing.assert_allclose(a.get(), numbers @ numbers)


def test_what_has_no_product_is_refused(device):
    cupy, blas, _ = device
    a = cupy.ones((2, 3))
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2, 3\) have no product"):
        blas.matmul(a, a)
    with pytest.raises(ValueError, match=r"has the shape \(2, 2\), `out` has \(3, 3\)"):
        blas.matmul(a, a.T, out=cupy.empty((3, 3)))
    with pytest.raises(TypeError, match="no product of matrices of int64"):
        blas.matmul(cupy.arange(3), cupy.arange(3))


def test_a_status_of_cublas_is_an_error(device):
    _, blas, machine = device
    with (
        machine_stream(machine),
        pytest.raises(RuntimeError, match=r"cublasGemmStridedBatchedEx .* status 14"),
    ):
        blas.matmul(*(blas._cupy.ones((2, 2)) for _ in range(2)))


def machine_stream(machine):
    """A stream that cuBLAS was not told about."""
    return type(machine.stream)(machine)


def test_stacks_with_gaps_are_copied_once_and_multiplied_at_once(device):
    cupy, blas, machine = device
    numbers = np.random.default_rng(0).standard_normal((10, 5, 3, 3))
    whole = cupy.asarray(numbers)
    machine.calls.clear()
    found = blas.matmul(whole[1::2], whole[::2])
    assert machine.counts(capturing=False)["gemm"] == 1
    assert len(machine.calls) == 3
    np.testing.assert_allclose(found.get(), numbers[1::2] @ numbers[::2])
    machine.calls.clear()
    two = blas.matmul(whole[:4:2], whole[1:5:2])  # two calls are fewer than copies and a call
    assert machine.counts(capturing=False) == {"gemm": 2}
    np.testing.assert_allclose(two.get(), numbers[:4:2] @ numbers[1:5:2])
    machine.calls.clear()
    blas.matmul(whole[:, :1], whole[:, 1:2])  # an axis of extent 1 is no gap
    assert machine.counts(capturing=False) == {"gemm": 1}
