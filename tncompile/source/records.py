"""Records: frozen classes of data that are cheap to define.

`@dataclass(frozen=True)` writes six methods for each class and compiles them one by one, half a millisecond in all.
There are some hundreds of such classes, and that was a fifth of the time to a first result. Here `__init__` alone is
compiled: in the other methods only the names of the fields differ, and names are data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

T = TypeVar("T")
Method = Callable[..., Any]


@overload
def record(made: type[T], /) -> type[T]:
    """`@record`: compared by value."""


@overload
def record(*, eq: bool) -> Callable[[type[T]], type[T]]:
    """`@record(eq=False)`: compared by identity."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(made: type[T] | None = None, /, *, eq: bool = True) -> type[T] | Callable[[type[T]], type[T]]:
    """A class as `dataclass(frozen=True, eq=eq)` makes it: `fields`, `replace` and `asdict` take its instances.

    Whoever sets or deletes an attribute gets FrozenInstanceError. A field with ``init=False`` is left to
    `__post_init__`. A class that needs slots, as there are very many instances, stays a dataclass.
    """
    return (lambda given: _recorded(given, eq)) if made is None else _recorded(made, eq)


def _recorded(made: type[T], eq: bool) -> type[T]:
    # This collects the fields, those of the base classes among them, and writes no method.
    members = fields(dataclass(init=False, repr=False, eq=False)(made))  # type: ignore[arg-type]
    methods: dict[str, Method] = {
        "__init__": _initialiser(members, hasattr(made, "__post_init__")),
        "__repr__": _representation([one.name for one in members if one.repr]),
        "__setattr__": _no_setting,
        "__delattr__": _no_deleting,
    }
    if eq:
        methods |= _comparison([one.name for one in members if one.compare])
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _initialiser(members: Sequence[Field[Any]], has_more: bool) -> Method:
    """`__init__` for these fields; it calls `__post_init__` where the class ``has_more`` to do."""
    known: dict[str, Any] = {"put": object.__setattr__, "MISSING": MISSING}
    plain, by_keyword, body = ["self"], ["*"], ["pass"]
    for member in members:
        if not member.init:
            continue
        name = value = argument = member.name
        if member.default is not MISSING:
            known[f"default_{name}"] = member.default
            argument = f"{name}=default_{name}"
        elif member.default_factory is not MISSING:
            known[f"new_{name}"] = member.default_factory
            argument, value = f"{name}=MISSING", f"new_{name}() if {name} is MISSING else {name}"
        (by_keyword if member.kw_only else plain).append(argument)
        body.append(f"put(self, {name!r}, {value})")
    arguments = plain + (by_keyword if len(by_keyword) > 1 else [])
    body += ["self.__post_init__()"] if has_more else []
    exec(f"def __init__({', '.join(arguments)}):\n " + "\n ".join(body), known)
    made: Method = known["__init__"]
    return made


def _representation(names: Sequence[str]) -> Method:
    def shown(self: object) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({values})"

    return shown


def _comparison(names: Sequence[str]) -> dict[str, Method]:
    """`__eq__` and `__hash__` by these fields, between instances of one class."""
    values: Callable[[object], object] = attrgetter(*names) if names else lambda _: ()

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    def hashed(self: object) -> int:
        return hash(values(self))

    return {"__eq__": equal, "__hash__": hashed}


def _no_setting(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deleting(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
