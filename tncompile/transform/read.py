"""What outputs are made from, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tncompile.network import Definition, Statement, Use, nodes_of


def names_read(statements: Sequence[Statement], outputs: Iterable[str]) -> set[str]:
    """The names of the tensors and definitions that some outputs are made from, their own among them."""
    rules: dict[str, list[Definition]] = {}
    for statement in statements:
        if isinstance(statement, Definition):
            rules.setdefault(statement.name, []).append(statement)
    found = set(outputs)
    pending = sorted(found)
    while pending:
        for rule in rules.get(pending.pop(), ()):
            new = {node.name for node in nodes_of(rule.body) if isinstance(node, Use)} - found
            found |= new
            pending += sorted(new)
    return found
