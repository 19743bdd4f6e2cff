"""An evaluation in parts: some samples at a time, slice by slice, maybe over an executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tncompile.runtime.loading import loaded
from tncompile.source.records import record

if TYPE_CHECKING:
    from concurrent.futures import Executor

Array = Any
Value = Any  # an array, a list of arrays, or either by name


@record
class Call:
    """One call of a function of a module; it can be sent to another process."""

    source: str
    name: str
    function: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]

    def run(self) -> Any:
        """What the function returns."""
        return getattr(_module(self.source, self.name), self.function)(*self.arguments, **self.options)


@record
class Sent:
    """A module and weights as they are sent to a worker, told apart by ``key``, which stands for both."""

    key: bytes
    source: str = field(compare=False)
    name: str = field(compare=False)
    weights: Any = field(compare=False)


@record(eq=False)
class BoundCall:
    """One call of a function that `bind` of a module returns. It is there for threads; another process binds the
    weights when the first call comes."""

    sent: Sent
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    scorer: Callable[..., Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return BoundCall, (self.sent, self.arguments, self.options)

    def run(self) -> Any:
        """What the function returns."""
        scorer = _scorer(self.sent) if self.scorer is None else self.scorer
        return scorer(*self.arguments, **self.options)


@lru_cache(maxsize=4)  # each holds what was computed of its weights
def _scorer(sent: Sent) -> Callable[..., Any]:
    scorer: Callable[..., Any] = _module(sent.source, sent.name).bind(sent.weights)
    return scorer


@lru_cache(maxsize=16)
def _module(source: str, name: str) -> ModuleType:
    return loaded(source, name)


def cut(value: Value, start: int, stop: int) -> Value:
    """Some samples of data or cotangents."""
    if isinstance(value, dict):
        return {name: cut(part, start, stop) for name, part in value.items()}
    if isinstance(value, list):
        return [cut(part, start, stop) for part in value]
    return None if value is None else value[start:stop]


def join(values: Sequence[Value], namespace: ModuleType) -> Value:
    """The outputs of all samples, from those of pieces."""
    if isinstance(values[0], dict):
        return {name: join([value[name] for value in values], namespace) for name in values[0]}
    if isinstance(values[0], list):
        return [join(parts, namespace) for parts in zip(*values, strict=True)]
    if isinstance(values[0], tuple):
        return tuple(join(parts, namespace) for parts in zip(*values, strict=True))
    return namespace.concatenate(values)


def added(one: Value, other: Value) -> Value:
    """The sum of two results of one form."""
    if isinstance(one, dict):
        return {name: added(part, other[name]) for name, part in one.items()}
    if isinstance(one, list | tuple):
        return type(one)(added(a, b) for a, b in zip(one, other, strict=True))
    return one + other


def over(
    executor: Executor, calls: Sequence[Sequence[Call | BoundCall]], add: Callable[[Any, Any], Any]
) -> Iterator[Any]:
    """For each row of calls the sum of their results, as ``add`` says, in the order of the calls, whoever is first."""
    futures = [[executor.submit(call.run) for call in row] for row in calls]
    for row in futures:
        total = row[0].result()
        for future in row[1:]:
            total = add(total, future.result())
        yield total
