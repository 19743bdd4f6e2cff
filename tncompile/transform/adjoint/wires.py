"""Wires that are written in two ways: `b[3]` and `b[d-1]` where d is 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tncompile.network import Definition, Index, Node, Rows, Scope, map_children, nodes_of
from tncompile.source import InternalError


def with_one_name_each(scope: Scope, definition: Definition, rows: Sequence[Rows]) -> Definition:
    """The rule with the same subscripts wherever the same wire stands.

    ``rows`` are the instances of the rule and of each of its uses. Raises InternalError if two
    wires are one in some instances and two in others.
    """
    named: dict[str, list[Index]] = {}
    for node in nodes_of(definition):
        if isinstance(node, Index) and node.subscripts and not node.loops:
            known = named.setdefault(node.name, [])
            if node not in known:
                known.append(node)
    if all(len(indices) == 1 for indices in named.values()):
        return definition
    inmost = max(rows, key=lambda r: len(r.names))
    same: dict[Index, Index] = {}
    for indices in named.values():
        same |= _repeated(scope, definition, indices, inmost)
    return _renamed(definition, same) if same else definition


def _repeated(
    scope: Scope, definition: Definition, indices: Sequence[Index], rows: Rows
) -> dict[Index, Index]:
    """For each index that is an earlier one in other words, that one."""
    values = [np.array([scope.integers(s, rows) for s in index.subscripts]) for index in indices]
    same: dict[Index, Index] = {}
    for number, index in enumerate(indices):
        for before in range(number):
            if indices[before] in same or len(values[before]) != len(values[number]):
                continue
            equal = (values[before] == values[number]).all(axis=0)
            if equal.all():
                same[index] = indices[before]
                break
            if equal.any():
                raise InternalError(
                    f"a rule for `{definition.name}` joins wires in some of its instances only"
                )
    return same


def _renamed(definition: Definition, same: Mapping[Index, Index]) -> Definition:
    def rename(node: Node) -> Node:
        if isinstance(node, Index):
            return same.get(node, node)
        return map_children(node, rename)

    return map_children(definition, rename)
