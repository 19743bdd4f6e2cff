"""Products of matrices on a stream that is being captured.

CuPy calls cuBLAS only outside of a capture (`cupy.cuda.Stream.begin_capture`, and cupy issue 6290), though cuBLAS
itself can be captured where its scalars lie on the host and its workspace is given (cuBLAS manual, section "CUDA
Graphs Support"). So the products of a captured function go to cuBLAS from here, by the library that CuPy has loaded.
Operands that lie transposed are handed over as they lie; CuPy copies them for batched products.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

Array = Any  # an array of CuPy
Strides = tuple[int, ...]

# cudaDataType_t and cublasComputeType_t of the headers.
_KINDS = {"f": (0, 68), "d": (1, 70), "F": (4, 68), "D": (5, 70)}
_DEFAULT_ALGORITHM = -1
_MEGABYTE = 2**20
_POINTER, _INT, _STRIDE = ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong
_MATRIX = (_POINTER, _INT, _INT, _STRIDE)  # its place, kind, leading dimension and step
_SIGNATURES = {
    "cublasSetStream_v2": (_POINTER, _POINTER),
    "cublasSetWorkspace_v2": (_POINTER, _POINTER, ctypes.c_size_t),
    "cublasGemmStridedBatchedEx": (
        *(_POINTER, _INT, _INT, _INT, _INT, _INT),
        *(_POINTER, *_MATRIX, *_MATRIX, _POINTER, *_MATRIX, _INT, _INT, _INT),
    ),
}


class Blas:
    """A handle of cuBLAS for one device, with a workspace of its own.

    Parameters
    ----------
    cupy:
        The module ``cupy``.
    """

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy
        cublas = cupy.cuda.cublas
        self._handle = cublas.create()
        weakref.finalize(self, cublas.destroy, self._handle).atexit = False
        self._calls = _loaded(cublas.getVersion(self._handle) // 10_000)
        # The sizes that the manual recommends: 32 MiB from Hopper on, 4 MiB before. No pool may hand it out again
        # while graphs run that use it.
        recent = int(cupy.cuda.Device().compute_capability) >= 90
        self._size = (32 if recent else 4) * _MEGABYTE
        self._workspace = cupy.cuda.Memory(self._size)

    def use(self, stream: Any) -> None:
        """What follows runs on a stream. A new stream takes the workspace away, so it is given anew."""
        self._call("cublasSetStream_v2", stream.ptr)
        self._call("cublasSetWorkspace_v2", self._workspace.ptr, self._size)

    def matmul(self, a: Array, b: Array, out: Array = None) -> Array:
        """`numpy.matmul` for arrays of the device, of single or double precision, real or complex."""
        dtype = np.result_type(a.dtype, b.dtype)
        if dtype.char not in _KINDS:
            raise TypeError(f"no product of matrices of {a.dtype} and {b.dtype} is captured")
        left, right = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"arrays of the shapes {a.shape} and {b.shape} have no product")
        left, right = (_readable(array.astype(dtype, copy=False)) for array in (left, right))
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        rows, columns = left.shape[-2:-1], right.shape[-1:]
        outside = batch + (rows if a.ndim > 1 else ()) + (columns if b.ndim > 1 else ())
        if out is not None and out.shape != outside:
            raise ValueError(f"the product has the shape {outside}, `out` has {out.shape}")
        result: Array = out
        if out is None or len(outside) < len(batch) + 2 or not self._fits(out, dtype, left, right):
            result = self._cupy.empty(batch + rows + columns, dtype)
        if left.shape[-1] == 0:
            result.fill(0)
        elif result.size:
            self._batches(left, right, result)
        if out is None:
            return result.reshape(outside)
        if result is not out:
            out[...] = result.reshape(outside)
        return out

    def _fits(self, out: Array, dtype: np.dtype[Any], *operands: Array) -> bool:
        """Whether a product may be written where it belongs at once."""
        apart = not any(self._cupy.may_share_memory(out, operand) for operand in operands)
        return apart and out.dtype == dtype and _layout(out) is not None

    def _batches(self, left: Array, right: Array, result: Array) -> None:
        """One call for the batch axes that lie at one step in all three, for each place of the others."""
        left, right = _gathered(left, right, result)
        batch = _extents(result)
        steps = [_steps(array, result) for array in (left, right, result)]
        start = _start(steps, batch)
        count = prod(batch[start:])
        inner = [step[-1] if start < len(batch) else 0 for step in steps]
        for place in product(*map(range, batch[:start])):
            offsets = [sum(i * s for i, s in zip(place, step[:start], strict=True)) for step in steps]
            self._gemm((left, right, result), offsets, inner, count)

    def _gemm(
        self, arrays: tuple[Array, Array, Array], offsets: Sequence[int], steps: Sequence[int], count: int
    ) -> None:
        """``count`` products of matrices, from elements ``offsets`` on, each ``steps`` after the one before."""
        places = [
            array.data.ptr + offset * array.itemsize for array, offset in zip(arrays, offsets, strict=True)
        ]
        layouts = [layout for layout in map(_layout, arrays) if layout is not None]
        (m, k), n = arrays[0].shape[-2:], arrays[1].shape[-1]
        (a_rows, a_lead), (b_rows, b_lead), (c_rows, c_lead) = layouts
        kind, compute = _KINDS[arrays[2].dtype.char]
        first, second = (places[0], kind, a_lead, steps[0]), (places[1], kind, b_lead, steps[1])
        extents, flips = (m, n, k), (a_rows, b_rows)
        if c_rows:  # cuBLAS writes columns: the product that lies in rows is the transposed one of columns
            first, second, extents, flips = second, first, (n, m, k), (not b_rows, not a_rows)
        one, zero = (np.array(number, arrays[2].dtype) for number in (1, 0))
        self._call(
            "cublasGemmStridedBatchedEx",
            *map(int, flips),
            *extents,
            *(one.ctypes.data, *first, *second),
            *(zero.ctypes.data, places[2], kind, c_lead, steps[2]),
            *(count, compute, _DEFAULT_ALGORITHM),
        )

    def _call(self, name: str, *arguments: int) -> None:
        status = getattr(self._calls, name)(self._handle, *arguments)
        if status:
            raise RuntimeError(f"{name} of cuBLAS returned status {status}")


def _loaded(version: int) -> Any:
    """The functions of cuBLAS, from the library that is loaded already."""
    name = f"cublas64_{version}.dll" if os.name == "nt" else f"libcublas.so.{version}"
    library = ctypes.CDLL(name)
    for function, arguments in _SIGNATURES.items():
        getattr(library, function).argtypes = arguments
        getattr(library, function).restype = _INT
    return library


def _elements(array: Array) -> Strides:
    """The strides of an array, in elements."""
    return tuple(stride // array.itemsize for stride in array.strides)


def _layout(array: Array) -> tuple[bool, int] | None:
    """Whether the matrices of an array lie in rows, and the step from one to the next; None if neither rows
    nor columns are whole."""
    (rows, columns), (down, along) = array.shape[-2:], _elements(array)[-2:]
    if (down == 1 or rows == 1) and (along >= max(rows, 1) or columns == 1):
        return False, max(along, rows, 1)
    if (along == 1 or columns == 1) and (down >= max(columns, 1) or rows == 1):
        return True, max(down, columns, 1)
    return None


def _readable(array: Array) -> Array:
    """The array, copied where its matrices do not lie as cuBLAS reads them."""
    return array if _layout(array) is not None else array.copy()


def _gathered(left: Array, right: Array, result: Array) -> tuple[Array, Array]:
    """The operands, copied where they lie in a batch with gaps (every second matrix of a stack of stacks) and fewer calls
    are left then, the copies counted."""
    batch = _extents(result)
    steps = [_steps(array, result) for array in (left, right, result)]
    close = [_close(array, own, result) for array, own in zip((left, right), steps, strict=False)]
    gaps = [own != other for own, other in zip(steps, close, strict=False)]
    calls = [prod(batch[: _start(some, batch)]) for some in (steps, [*close, steps[2]])]
    if calls[1] + sum(gaps) >= calls[0]:
        return left, right
    return left.copy() if gaps[0] else left, right.copy() if gaps[1] else right


def _close(array: Array, steps: Strides, result: Array) -> Strides:
    """The steps that a copy of an array would have along a batch; those of the array where it does not have all of it, or
    goes on at one step anyhow."""
    batch = _extents(result)
    if prod(array.shape[:-2]) != prod(batch) or not _start([steps], batch):
        return steps
    return tuple(prod((*batch[axis + 1 :], *array.shape[-2:])) for axis in range(len(batch)))


def _start(steps: Sequence[Strides], batch: tuple[int, ...]) -> int:
    """The first of the last axes of a batch along which all of some arrays go on at one step each."""
    start = len(batch)
    while start > 0 and (
        start == len(batch) or all(step[start - 1] == step[start] * batch[start] for step in steps)
    ):
        start -= 1
    return start


def _extents(result: Array) -> tuple[int, ...]:
    """The axes of a batch that go on."""
    return tuple(extent for extent in result.shape[:-2] if extent != 1)


def _steps(array: Array, result: Array) -> Strides:
    """By how many elements an array goes on along each axis of the batch of a result; 0 where it is repeated."""
    own = zip(array.shape[:-2], _elements(array)[:-2], strict=True)
    steps = [0 if extent == 1 else step for extent, step in own]
    steps = [*[0] * (result.ndim - 2 - len(steps)), *steps]
    return tuple(step for step, extent in zip(steps, result.shape[:-2], strict=True) if extent != 1)
