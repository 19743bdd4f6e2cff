"""Definitions that only repeat another one, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tncompile.network import Definition, Node, Use, map_children


def without_copies(rules: Sequence[Definition]) -> list[Definition]:
    """The rules without those that say `a[s](i) = b[s](i)` and nothing else of `a`; uses of `a` become uses of `b`."""
    counts: dict[str, int] = {}
    for rule in rules:
        counts[rule.name] = counts.get(rule.name, 0) + 1
    same = {rule.name: _repeated(rule) for rule in rules if counts[rule.name] == 1}
    meant: dict[str, str] = {}
    for name, other in same.items():
        while other and (further := same.get(other)):
            other = further
        if other:
            meant[name] = other
    return [_renamed(rule, meant) for rule in rules if rule.name not in meant]


def _repeated(rule: Definition) -> str:
    """What a rule repeats, the empty text if it says more than that."""
    body = rule.body
    plain = isinstance(body, Use) and body.name not in ("delta", "one") and rule.role == "plain"
    if not plain or not isinstance(body, Use) or any(free.extent is not None for free in rule.indices):
        return ""
    indices = tuple(free.index for free in rule.indices)
    alike = (
        body.subscripts == rule.subscripts and body.indices == indices and len(set(indices)) == len(indices)
    )
    return body.name if alike else ""


def _renamed(rule: Definition, meant: dict[str, str]) -> Definition:
    def rename(node: Node) -> Node:
        if isinstance(node, Use) and node.name in meant:
            return replace(node, name=meant[node.name])
        return map_children(node, rename)

    return map_children(rule, rename)
