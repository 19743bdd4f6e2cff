"""A stand-in for the module `cupy`: the functions that modules and the runtime use, with CuPy's parameters and no others.

`tests/gpu/test_stand_in.py` compares names and parameters with CuPy's own where CuPy is installed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from tests.device.arrays import Array, product
from tests.device.blas import Library
from tests.device.machine import CUDARuntimeError, Event, Machine, Memory, Pointer, Pool, Stream

UFUNCS = (
    "abs conjugate cos exp frexp greater ldexp log logaddexp maximum minimum multiply sign sin sqrt tanh add subtract"
).split()


class Functions:
    """The functions of the module, for one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.ndarray = type("ndarray", (Array,), {"machine": machine})
        for name in ("float32", "float64", "complex64", "complex128", "int64", "uint8"):
            setattr(self, name, getattr(np, name))
        for name in UFUNCS:
            setattr(self, name, self._ufunc(name))
        self.random = SimpleNamespace(default_rng=self._generator)
        self.linalg = SimpleNamespace(qr=self._qr)

    def _ufunc(self, name: str) -> Callable[..., Any]:
        function = getattr(np, name)

        def call(*arguments: Any, out: Array | None = None) -> Any:
            assert any(isinstance(argument, Array) for argument in arguments), "CuPy has no ufunc of scalars"
            return self.ndarray.compute(name, function, *arguments, out=out)

        return call

    # --- from the host --------------------------------------------------------------------------------

    def array(self, obj: Any, dtype: Any = None, copy: bool = True) -> Array:
        if isinstance(obj, Array):
            return obj.astype(obj.dtype if dtype is None else dtype, copy=copy)
        if isinstance(obj, list | tuple) and any(isinstance(part, Array) for part in obj):
            return self.ndarray.compute("concatenate", lambda *parts: np.array(parts, dtype), *obj)
        host = np.asarray(obj, dtype)
        found = self.ndarray.fresh(host.shape, host.dtype)
        if host.ndim == 0:
            found.fill(host[()])
            return found
        self._machine.waited_for("a copy from the host")
        found.host[...] = host
        return found

    def asarray(self, a: Any, dtype: Any = None) -> Array:
        return self.array(a, dtype, copy=False)

    def asnumpy(self, a: Any) -> np.ndarray:
        return a.get() if isinstance(a, Array) else np.asarray(a)

    # --- new arrays -------------------------------------------------------------------------------

    def empty(self, shape: Any, dtype: Any = float) -> Array:
        return self.ndarray.fresh(shape, dtype)

    def zeros(self, shape: Any, dtype: Any = float) -> Array:
        return self.full(shape, 0, dtype)

    def ones(self, shape: Any, dtype: Any = float) -> Array:
        return self.full(shape, 1, dtype)

    def full(self, shape: Any, fill_value: Any, dtype: Any = None) -> Array:
        found = self.empty(shape, np.asarray(fill_value).dtype if dtype is None else dtype)
        found[...] = fill_value
        return found

    def empty_like(self, prototype: Array, dtype: Any = None) -> Array:
        return self.empty(prototype.shape, prototype.dtype if dtype is None else dtype)

    def zeros_like(self, a: Array, dtype: Any = None) -> Array:
        return self.zeros(a.shape, a.dtype if dtype is None else dtype)

    def eye(self, N: int, M: int | None = None, k: int = 0, dtype: Any = float) -> Array:
        return self.ndarray.compute("eye", lambda: np.eye(N, M, k, dtype))

    def arange(self, start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Array:
        bounds = (start,) if stop is None else (start, stop, step)
        return self.ndarray.compute("arange", lambda: np.arange(*bounds, dtype=dtype))

    # --- of arrays ----------------------------------------------------------------------------------

    def ascontiguousarray(self, a: Array, dtype: Any = None) -> Array:
        wanted = a.dtype if dtype is None else dtype
        if a.host.flags.c_contiguous and a.dtype == wanted:
            return a
        return self.ndarray.compute("ascontiguousarray", lambda host: np.ascontiguousarray(host, wanted), a)

    def broadcast_to(self, array: Array, shape: Any) -> Array:
        return array.view(np.broadcast_to(array.host, shape))

    def expand_dims(self, a: Array, axis: Any) -> Array:
        return a.view(np.expand_dims(a.host, axis))

    def diagonal(self, a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        return a.view(np.diagonal(a.host, offset, axis1, axis2))

    def clip(self, a: Array, a_min: Any, a_max: Any, out: Any = None) -> Array:
        return self.ndarray.compute("clip", np.clip, a, a_min, a_max, out=out)

    def where(self, condition: Array, x: Any = None, y: Any = None) -> Array:
        assert x is not None, "where(condition) asks the device how many there are"
        return self.ndarray.compute("where", np.where, condition, x, y)

    def matmul(self, a: Array, b: Array, out: Array | None = None) -> Array:
        return product(a, b, out)

    def stack(self, tup: Any, axis: int = 0) -> Array:
        return self.ndarray.compute("stack", lambda *parts: np.stack(parts, axis), *tup)

    def concatenate(self, tup: Any, axis: int = 0) -> Array:
        return self.ndarray.compute("concatenate", lambda *parts: np.concatenate(parts, axis), *tup)

    def copyto(self, dst: Array, src: Any) -> None:
        dst[...] = src

    def may_share_memory(self, a: Array, b: Array) -> bool:
        return np.may_share_memory(a.host, b.host)

    # --- initial weights ------------------------------------------------------------------------------

    def _generator(self, seed: int) -> SimpleNamespace:
        generator = np.random.default_rng(seed)
        return SimpleNamespace(
            random=lambda size: self.array(generator.random(size)),
            standard_normal=lambda size: self.array(generator.standard_normal(size)),
        )

    def _qr(self, a: Array) -> tuple[Array, Array]:
        return tuple(self.array(part) for part in np.linalg.qr(a.get()))


class Runtime:
    """`cupy.cuda.runtime`, for one machine."""

    is_hip = False
    CUDARuntimeError = CUDARuntimeError

    def __init__(self) -> None:
        self.device = 0

    def getDevice(self) -> int:
        """The number of the current device."""
        return self.device


def stand_in(machine: Machine) -> ModuleType:
    """The module, for ``sys.modules``."""
    module = ModuleType("cupy")
    module.__spec__ = ModuleSpec("cupy", None)
    functions = Functions(machine)
    for name in dir(functions):
        if not name.startswith("_"):
            setattr(module, name, getattr(functions, name))

    @contextmanager
    def using_allocator(allocator: Any) -> Iterator[None]:
        machine.stack("allocators").append(allocator)
        try:
            yield
        finally:
            machine.stack("allocators").pop()

    def stream(non_blocking: bool = False) -> Stream:
        assert non_blocking, "a blocking stream waits for the default stream and cannot be captured beside it"
        return Stream(machine)

    def event(disable_timing: bool) -> Event:
        assert disable_timing, "timing costs, and nobody asks for it"
        return Event(machine)

    module.get_default_memory_pool = lambda: machine.default_pool
    module.cuda = SimpleNamespace(
        Device=lambda: SimpleNamespace(
            compute_capability="80", mem_info=(machine.capacity, machine.capacity)
        ),
        Event=event,
        Memory=lambda size: Memory(machine, size),
        MemoryPointer=Pointer,
        MemoryPool=lambda allocator: Pool(machine, allocator),
        Stream=stream,
        cublas=SimpleNamespace(create=lambda: 7, destroy=lambda _: None, getVersion=lambda _: 120_304),
        get_current_stream=lambda: machine.stream,
        runtime=Runtime(),
        using_allocator=using_allocator,
    )
    return module


@contextmanager
def installed(monkeypatch: Any, machine: Machine) -> Iterator[ModuleType]:
    """The stand-in in the place of CuPy, and its cuBLAS in that of the library."""
    module = stand_in(machine)
    libraries = {"libcublas.so.12": Library(machine)}
    with monkeypatch.context() as patch:
        patch.setitem(__import__("sys").modules, "cupy", module)
        patch.setattr(ctypes, "CDLL", libraries.__getitem__)
        yield module
