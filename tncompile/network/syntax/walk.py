"""Going through syntax nodes, and rebuilding them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

from tncompile.network.syntax import Expr, Node, Reduce

T = TypeVar("T", bound=Node)


# Looking up the fields of a dataclass is slow, and every walk does it at every node.
_FIELDS: dict[type[Node], tuple[str, ...]] = {}


def _field_names(kind: type[Node]) -> tuple[str, ...]:
    names = _FIELDS.get(kind)
    if names is None:
        names = tuple(field.name for field in fields(kind) if field.name not in ("span", "name_span"))
        _FIELDS[kind] = names
    return names


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside a node, in reading order of its fields."""
    for name in _field_names(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def expressions_in(node: Node) -> Iterator[Expr]:
    """The expressions nearest inside a node, in reading order of its fields."""
    for child in children(node):
        if isinstance(child, Expr):
            yield child
        else:
            yield from expressions_in(child)


def nodes_of(node: Node) -> Iterator[Node]:
    """A node and everything inside it, outer nodes first, in reading order."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))


def outermost(node: Node, kind: type[T]) -> Iterator[T]:
    """The nodes of a kind that no inner loop holds, and no other one of the kind."""
    if isinstance(node, kind):
        yield node
    elif not isinstance(node, Reduce):
        for child in children(node):
            yield from outermost(child, kind)


def map_children(node: T, function: Callable[[Node], Node]) -> T:
    """The node with ``function`` applied to each node directly inside it; the node itself if none changes."""
    changes: dict[str, Any] = {}
    for name in _field_names(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            new: object = function(value)
        elif isinstance(value, tuple):
            new = tuple(function(item) if isinstance(item, Node) else item for item in value)
            if all(a is b for a, b in zip(new, value, strict=True)):
                continue
        else:
            continue
        if new is not value:
            changes[name] = new
    return replace(node, **changes) if changes else node
