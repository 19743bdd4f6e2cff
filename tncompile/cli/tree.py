"""A syntax tree as an outline: a node a line, what it holds further in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from tncompile.language import Syntax
from tncompile.network import Node

PLACES = frozenset({"span", "name_span"})


def tree_text(syntax: Syntax) -> str:
    """The outline of a whole text."""
    lines = [f"network {syntax.name}"]
    for statement in syntax.statements:
        lines += _outline(statement, 1, "")
    return "\n".join(lines) + "\n"


def _outline(node: Node, depth: int, role: str) -> Iterator[str]:
    """A node with its plain values on its line, then the nodes in it, each after the name of its field."""
    plain, inner = [], []
    for field in fields(node):
        value = getattr(node, field.name)
        if field.name in PLACES:
            continue
        if isinstance(value, Node):
            inner.append((field.name, value))
        elif isinstance(value, tuple) and any(isinstance(item, Node) for item in value):
            inner += [(field.name, item) for item in value if isinstance(item, Node)]
        elif value not in (None, (), ""):
            plain.append(f"{field.name}={value!r}")
    head = f"{role}: " if role else ""
    yield "    " * depth + head + " ".join([type(node).__name__, *plain])
    for name, child in inner:
        yield from _outline(child, depth + 1, name)
