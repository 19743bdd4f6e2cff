"""A generated module with its array library exchanged: every product of matrices goes where a capture allows it.

Arrays are wrapped for the one call that is captured. A wrapped array does what the array in it does, by the
same library, except `@`, and lists of positions, which are put on the device before the capture and found
there again.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from types import CellType, FunctionType, ModuleType
from typing import Any

Array = Any


class Tracer:
    """What wrapped arrays share.

    Parameters
    ----------
    cupy:
        The module ``cupy``.
    matmul:
        The product of matrices, in place of the library's.
    """

    def __init__(self, cupy: Any, matmul: Callable[..., Array]) -> None:
        self.cupy = cupy
        self.matmul = self.function(matmul)
        self._places: dict[str, Array] = {}

    def __getattr__(self, name: str) -> Any:
        """A name of the array library."""
        found = getattr(self.cupy, name)
        return found if isinstance(found, type | ModuleType) or not callable(found) else self.function(found)

    def function(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """A function of arrays as one of wrapped arrays."""

        def wrapped(*arguments: Any, **options: Any) -> Any:
            given = {name: bare(value) for name, value in options.items()}
            return self.wrap(call(*(bare(value) for value in arguments), **given))

        return wrapped

    def wrap(self, value: Any) -> Any:
        """Arrays wrapped, in lists and tuples too; all else as it is."""
        if isinstance(value, list | tuple):
            return type(value)(self.wrap(part) for part in value)
        if isinstance(value, dict):
            return {name: self.wrap(part) for name, part in value.items()}
        return Traced(value, self) if isinstance(value, self.cupy.ndarray) else value

    def subscript(self, item: Any) -> Any:
        """A subscript without wrapped arrays, and with its lists on the device."""
        if isinstance(item, tuple):
            return tuple(self.subscript(part) for part in item)
        if not isinstance(item, list):
            return bare(item)
        key = repr(item)
        if key not in self._places:
            self._places[key] = self.cupy.asarray(item)
        return self._places[key]

    def rewritten(self, function: FunctionType) -> Callable[..., Any]:
        """A function of a module, with the functions and the arrays that it finds there, on wrapped arrays."""
        names: dict[str, Any] = {}
        for name, value in function.__globals__.items():
            if value is self.cupy:
                names[name] = self
            elif isinstance(value, FunctionType) and value.__globals__ is function.__globals__:
                names[name] = self._moved(value, names)
            else:
                names[name] = self.wrap(value)
        return self._moved(function, names)

    def _moved(self, function: FunctionType, names: dict[str, Any]) -> Callable[..., Any]:
        """A function among other global names; what it encloses is wrapped."""
        cells = tuple(CellType(self.wrap(cell.cell_contents)) for cell in function.__closure__ or ())
        moved = FunctionType(function.__code__, names, function.__name__, function.__defaults__, cells)
        moved.__kwdefaults__ = function.__kwdefaults__
        return moved


class Traced:
    """An array that does its products by the tracer's `matmul`."""

    __slots__ = ("array", "tracer")

    def __init__(self, array: Array, tracer: Tracer) -> None:
        self.array = array
        self.tracer = tracer

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.array, name)
        return self.tracer.function(found) if callable(found) else self.tracer.wrap(found)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        return (self.tracer.wrap(part) for part in self.array)

    def __getitem__(self, item: Any) -> Any:
        return self.tracer.wrap(self.array[self.tracer.subscript(item)])

    def __setitem__(self, item: Any, value: Any) -> None:
        self.array[self.tracer.subscript(item)] = bare(value)

    def __matmul__(self, other: Any) -> Any:
        return self.tracer.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self.tracer.matmul(other, self)


def bare(value: Any) -> Any:
    """A value without its wrappers, in lists, tuples and mappings too."""
    if isinstance(value, Traced):
        return value.array
    if isinstance(value, list | tuple):
        return type(value)(bare(part) for part in value)
    if isinstance(value, dict):
        return {name: bare(part) for name, part in value.items()}
    return value


def _unary(call: Callable[[Any], Any]) -> Callable[[Traced], Any]:
    return lambda self: self.tracer.wrap(call(self.array))


def _binary(call: Callable[[Any, Any], Any]) -> Callable[[Traced, Any], Any]:
    return lambda self, other: self.tracer.wrap(call(self.array, bare(other)))


def _reflected(call: Callable[[Any, Any], Any]) -> Callable[[Traced, Any], Any]:
    return lambda self, other: self.tracer.wrap(call(bare(other), self.array))


# Operators are looked up on the class, so `__getattr__` does not see them. `x += y` changes the array itself.
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Traced, f"__{_name}__", _unary(getattr(operator, _name)))
for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "and_",
    "or_",
    "xor",
    "lshift",
    "rshift",
):
    _plain = _name.rstrip("_")
    setattr(Traced, f"__{_plain}__", _binary(getattr(operator, _name)))
    setattr(Traced, f"__r{_plain}__", _reflected(getattr(operator, _name)))
    setattr(Traced, f"__i{_plain}__", _binary(getattr(operator, f"i{_plain}")))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Traced, f"__{_name}__", _binary(getattr(operator, _name)))
