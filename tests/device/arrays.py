"""Arrays of the device, with what CuPy refuses refused: conversion to NumPy, and arrays of the host among its own."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.device.machine import Machine, Pointer

SCALARS = (bool, int, float, complex, np.generic, type(None))


class Array:
    """An array of the device. Its numbers lie in `host`, which only operations that were queued may touch."""

    __array_ufunc__ = None
    machine: Machine  # of the class that a namespace makes
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: np.ndarray, memory: Pointer) -> None:
        self.host = host
        self._memory = memory

    @classmethod
    def fresh(cls, shape: Any, dtype: Any) -> Array:
        """A new array that holds garbage once the stream comes to it."""
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        dtype = np.dtype(dtype)
        size = int(np.prod(shape, dtype=int)) * dtype.itemsize
        memory = cls.machine.allocator(size)
        host = memory.bytes[:size].view(dtype).reshape(shape)
        garbage = np.nan if dtype.kind in "fc" else np.array(-(2**30)).astype(dtype)
        cls.machine.stream.push(lambda: host.fill(garbage))
        return cls(host, memory)

    @classmethod
    def compute(
        cls, name: str, function: Callable[..., Any], *operands: Any, out: Array | None = None
    ) -> Any:
        """Queues an operation. Its result is found out of what the operands happen to hold, for its shape."""
        hosts = [hosted(operand) for operand in operands]
        with np.errstate(all="ignore"):
            trial = function(*hosts)
        several = isinstance(trial, tuple)
        trials = trial if several else (trial,)
        results = [out] if out is not None else [cls.fresh(np.shape(t), np.asarray(t).dtype) for t in trials]
        targets = [result.host for result in results]

        def operation() -> None:
            with np.errstate(all="ignore"):
                values = function(*hosts)
            for target, value in zip(targets, values if several else (values,), strict=True):
                target[...] = value

        cls.machine.queue(name, operation, *(np.shape(host) for host in hosts))
        return tuple(results) if several else results[0]

    def view(self, host: np.ndarray) -> Array:
        """Another look at the same memory."""
        return type(self)(host, self._memory)

    def _viewed(self, name: str, function: Callable[[np.ndarray], np.ndarray]) -> Array:
        """A view where NumPy makes one, else a copy."""
        found = function(self.host)
        if np.may_share_memory(found, self.host) or found.size == 0:
            return self.view(found)
        return self.compute(name, function, self)

    # --- facts ------------------------------------------------------------------------------------

    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    strides = property(lambda self: self.host.strides)
    itemsize = property(lambda self: self.host.itemsize)
    nbytes = property(lambda self: self.host.nbytes)
    data = property(lambda self: _Data(self.host.ctypes.data))
    T = property(lambda self: self.view(self.host.T))
    real = property(lambda self: self.view(self.host.real))
    imag = property(lambda self: self.view(self.host.imag))

    def __len__(self) -> int:
        return len(self.host)

    def __iter__(self) -> Iterator[Array]:
        return (self[place] for place in range(len(self)))

    # --- what needs the host --------------------------------------------------------------------------

    def get(self) -> np.ndarray:
        """The numbers, when the current stream has come so far."""
        self.machine.waited_for("a copy to the host")
        return self.host.copy()

    def item(self) -> Any:
        """The only number."""
        return self.get().item()

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    # --- shapes -----------------------------------------------------------------------------------

    def reshape(self, *shape: Any, order: str = "C") -> Array:
        return self._viewed("reshape", lambda host: host.reshape(*shape, order=order))

    def transpose(self, *axes: Any) -> Array:
        return self.view(self.host.transpose(*axes))

    def swapaxes(self, axis1: int, axis2: int) -> Array:
        return self.view(self.host.swapaxes(axis1, axis2))

    def squeeze(self, axis: Any = None) -> Array:
        return self.view(self.host.squeeze(axis))

    # --- kernels ----------------------------------------------------------------------------------

    def astype(self, dtype: Any, order: str = "K", copy: bool = True) -> Array:
        if not copy and self.dtype == dtype:
            return self
        return self.compute("astype", lambda host: host.astype(dtype, order=order), self)

    def copy(self, order: str = "C") -> Array:
        return self.compute("copy", lambda host: host.copy(order), self)

    def conj(self) -> Array:
        return self.compute("conj", np.conj, self) if self.dtype.kind == "c" else self

    def fill(self, value: Any) -> None:
        self.compute("fill", np.asarray, value, out=self)

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Array:
        return self.compute("sum", lambda h: h.sum(axis=axis, dtype=dtype, keepdims=keepdims), self, out=out)

    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Array:
        return self.compute(
            "prod", lambda h: h.prod(axis=axis, dtype=dtype, keepdims=keepdims), self, out=out
        )

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
        return self.compute("max", lambda h: h.max(axis=axis, keepdims=keepdims), self, out=out)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
        return self.compute("min", lambda h: h.min(axis=axis, keepdims=keepdims), self, out=out)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
        return self.compute("any", lambda h: h.any(axis=axis, keepdims=keepdims), self, out=out)

    # --- subscripts -------------------------------------------------------------------------------

    def __getitem__(self, item: Any) -> Array:
        places = self._places(item)
        found = self.host[places]
        if isinstance(found, np.ndarray) and np.may_share_memory(found, self.host):
            return self.view(found)
        if not is_advanced(places):
            return self.view(self.host[(*(places if isinstance(places, tuple) else (places,)), ...)])
        return self.compute("take", lambda host: host[places], self)

    def __setitem__(self, item: Any, value: Any) -> None:
        places, given, host = self._places(item), hosted(value), self.host
        np.broadcast_to(given, np.shape(host[places]) or np.shape(given))

        def operation() -> None:
            host[places] = given

        self.machine.queue("put", operation, np.shape(given))

    def _places(self, item: Any) -> Any:
        """A subscript of NumPy. CuPy puts a list on the device, and asks the device where a mask is true."""
        if isinstance(item, tuple):
            return tuple(self._places(part) for part in item)
        if isinstance(item, list):
            self.machine.waited_for("a copy from the host")
            return np.array(item)
        if isinstance(item, Array) and item.dtype.kind == "b":
            self.machine.waited_for("a mask")
        return hosted(item) if isinstance(item, Array | np.ndarray) else item

    def __matmul__(self, other: Any) -> Any:
        return product(self, other)


def product(a: Any, b: Any, out: Array | None = None) -> Any:
    """The product of matrices. CuPy never calls cuBLAS in a capture."""
    if a.machine.stream.is_capturing():
        raise RuntimeError("calling cuBLAS API during stream capture is currently unsupported")
    return a.compute("matmul", np.matmul, a, b, out=out)


def is_advanced(places: Any) -> bool:
    """Whether a subscript of NumPy takes copies."""
    parts = places if isinstance(places, tuple) else (places,)
    return any(isinstance(part, np.ndarray) for part in parts)


def hosted(value: Any) -> Any:
    """The numbers of an array, or a scalar. Raises TypeError for arrays of the host."""
    if isinstance(value, Array):
        return value.host
    if isinstance(value, SCALARS):
        return value
    raise TypeError(f"Unsupported type {type(value)}")


class _Data:
    """Where an array lies."""

    def __init__(self, ptr: int) -> None:
        self.ptr = ptr


def _operators() -> None:
    """The operators of Python, each as an operation."""

    def unary(name: str, call: Any) -> Callable[..., Any]:
        return lambda self: self.compute(name, call, self)

    def binary(name: str, call: Any) -> Callable[..., Any]:
        return lambda self, other: self.compute(name, call, self, other)

    def reflected(name: str, call: Any) -> Callable[..., Any]:
        return lambda self, other: self.compute(name, call, other, self)

    def inplace(name: str, call: Any) -> Callable[..., Any]:
        return lambda self, other: self.compute(name, call, self, other, out=self)

    for name in ("neg", "abs"):
        setattr(Array, f"__{name}__", unary(name, getattr(operator, name)))
    for name in ("add", "sub", "mul", "truediv", "pow", "floordiv", "mod"):
        call = getattr(operator, name)
        setattr(Array, f"__{name}__", binary(name, call))
        setattr(Array, f"__r{name}__", reflected(name, call))
        setattr(Array, f"__i{name}__", inplace(name, call))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(Array, f"__{name}__", binary(name, getattr(operator, name)))
    Array.__or__ = binary("or", operator.or_)


_operators()
