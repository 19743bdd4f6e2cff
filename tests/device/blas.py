"""cuBLAS by its C interface, on addresses: columns of matrices at leading dimensions, steps between matrices."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tests.device.machine import Machine

KINDS = {0: np.float32, 1: np.float64, 4: np.complex64, 5: np.complex128}
COMPUTED = {0: 68, 1: 70, 4: 68, 5: 70}


class Function:
    """A function of a library, which takes what its argument types take."""

    argtypes: tuple[Any, ...] = ()
    restype: Any = None

    def __init__(self, call: Any) -> None:
        self._call = call

    def __call__(self, *arguments: Any) -> int:
        assert len(arguments) == len(self.argtypes)
        given = [kind(value).value or 0 for kind, value in zip(self.argtypes, arguments, strict=True)]
        return self._call(*given)


class Library:
    """The library, for one handle on one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.stream: int | None = None
        self.workspace = 0
        self.products = 0
        self.cublasSetStream_v2 = Function(self._set_stream)
        self.cublasSetWorkspace_v2 = Function(self._set_workspace)
        self.cublasGemmStridedBatchedEx = Function(self._gemm)

    def _set_stream(self, _: int, stream: int) -> int:
        self.stream, self.workspace = stream, 0
        return 0

    def _set_workspace(self, _: int, place: int, size: int) -> int:
        self.workspace = place if size >= 2**22 else 0
        return 0

    def _gemm(
        self,
        _: int,
        *arguments: int,
    ) -> int:
        """Status 7 (an invalid value) where cuBLAS would say so; 14 without a workspace in a capture."""
        flips, (m, n, k), rest = arguments[:2], arguments[2:5], arguments[5:]
        alpha, first, second, beta, third = rest[0], rest[1:5], rest[5:9], rest[9], rest[10:14]
        count, compute, algorithm = rest[14:]
        stream = self.machine.stream
        if stream.ptr != self.stream or (stream.is_capturing() and not self.workspace):
            return 14
        shapes = [(k, m) if flips[0] else (m, k), (n, k) if flips[1] else (k, n), (m, n)]
        for (_, kind, lead, _), (rows, _) in zip((first, second, third), shapes, strict=True):
            if lead < max(1, rows) or COMPUTED[kind] != compute or algorithm != -1:
                return 7
        a, b, c = (
            _matrices(*one, *shape, count) for one, shape in zip((first, second, third), shapes, strict=True)
        )
        factor, start = (_scalar(place, third[1]) for place in (alpha, beta))
        self.products += 1

        def operation() -> None:
            left = a.swapaxes(1, 2) if flips[0] else a
            right = b.swapaxes(1, 2) if flips[1] else b
            c[...] = factor * (left @ right) if start == 0 else factor * (left @ right) + start * c

        self.machine.queue("gemm", operation, a.shape, b.shape)
        return 0


def _scalar(place: int, kind: int) -> Any:
    return _numbers(place, np.dtype(KINDS[kind]), 1)[0]


def _numbers(place: int, dtype: np.dtype, count: int) -> np.ndarray:
    return np.frombuffer((ctypes.c_char * (count * dtype.itemsize)).from_address(place), dtype)


def _matrices(place: int, kind: int, lead: int, step: int, rows: int, columns: int, count: int) -> np.ndarray:
    """``count`` matrices in columns, as an array ``(count, rows, columns)``."""
    dtype = np.dtype(KINDS[kind])
    last = (count - 1) * step + (columns - 1) * lead + rows
    size = dtype.itemsize
    return as_strided(
        _numbers(place, dtype, last), (count, rows, columns), (step * size, size, lead * size), writeable=True
    )
