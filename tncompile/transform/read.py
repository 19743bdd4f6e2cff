"""What outputs are made from, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tncompile.network import Definition, Statement, Use, nodes_of


def names_read(statements: Sequence[Statement], outputs: Iterable[str]) -> set[str]:
    """The names of the tensors and definitions that some outputs are made from, their own among them."""
    reads = directly_read(statement for statement in statements if isinstance(statement, Definition))
    found = set(outputs)
    pending = sorted(found)
    while pending:
        new = reads.get(pending.pop(), set()) - found
        found |= new
        pending += sorted(new)
    return found


def directly_read(rules: Iterable[Definition]) -> dict[str, set[str]]:
    """For each definition the names that stand in its rules."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        names = {node.name for node in nodes_of(rule.body) if isinstance(node, Use)}
        found.setdefault(rule.name, set()).update(names)
    return found
