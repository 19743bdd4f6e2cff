"""The rules of a definition that are linear in one earlier member of it: their steps and transfer matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from tncompile.network import (
    Expr,
    Extent,
    Index,
    Ints,
    Multiply,
    Name,
    Negative,
    Network,
    Node,
    Number,
    Over,
    RuleClass,
    Use,
    expressions_in,
    nodes_of,
)
from tncompile.source.records import record

BUILT_IN = ("delta", "one")  # uses that say no extent


@record
class Kind:
    """What links of one stretch have in common.

    The state of a link is that of the member ``step`` further along subscript ``place``. Of its axes (all of the
    extents ``extents``) those that are not ``carried`` are contracted with the transfer matrix, the carried ones stay
    what they are, and of these the matrix depends on the ``held`` ones.
    """

    place: int
    step: int
    extents: tuple[Extent, ...]
    carried: tuple[bool, ...]
    held: tuple[bool, ...]


@record(eq=False)
class Links:
    """Instances of one rule whose body is ``transfer`` times one state, summed over what ``after`` lacks.

    ``before`` are the indices of the state read, ``after`` those of the state made, axis by axis. ``transfer``
    sums all else, and so holds its own sums openly. ``sources`` are the places of the states read.
    """

    rule: RuleClass
    kind: Kind
    transfer: Expr
    before: tuple[Index, ...]
    after: tuple[Index, ...]
    sources: Ints


def links_of(net: Network, rule: RuleClass) -> Links | None:
    """The instances of a class as links, if they are; each must read a state one step away, of its own shape."""
    name = rule.definition.name
    own = [used for used in rule.uses if used.use.name == name]
    if len(own) != 1 or not np.array_equal(own[0].parent, np.arange(rule.rows.count)):
        return None
    moved = _moved(net, name, rule.target, own[0].positions)
    before, after = own[0].use.indices, rule.free
    if moved is None or len(set(before)) < len(before) or _hidden(net, rule, (*before, *after)):
        return None
    carried = tuple(b == a for b, a in zip(before, after, strict=True))
    crossed = {a for a, stays in zip(after, carried, strict=True) if not stays} & set(before)
    extents = tuple(rule.extents.get(index) for index in after)
    if crossed or None in extents or extents != tuple(rule.extents.get(index) for index in before):
        return None
    gone = {b for b, stays in zip(before, carried, strict=True) if not stays}
    try:
        transfer = _without(rule.equation, name, gone)
    except _NotLinear:
        return None
    if transfer is None:
        return None
    found = _carried_by(transfer)
    needed = gone | {a for a, stays in zip(after, carried, strict=True) if not stays}
    if not needed <= found:
        return None
    held = tuple(stays and a in found for a, stays in zip(after, carried, strict=True))
    kind = Kind(*moved, cast(tuple[Extent, ...], extents), carried, held)
    return Links(rule, kind, transfer, before, after, own[0].positions)


def _moved(net: Network, name: str, targets: Ints, sources: Ints) -> tuple[int, int] | None:
    """Along which subscript, and by 1 or -1, all targets lie from their sources."""
    members = net.tables.tensors[name].members
    difference = members[targets] - members[sources]
    if not difference.size or (difference != difference[0]).any():
        return None
    places = np.flatnonzero(difference[0])
    if len(places) != 1 or abs(int(difference[0, places[0]])) != 1:
        return None
    return int(places[0]), int(difference[0, places[0]])


def _hidden(net: Network, rule: RuleClass, states: Sequence[Index]) -> bool:
    """Whether an index of a state may stand in the equation under a loop, where it is written otherwise (``w[j]``)."""
    kinds = {(index.name, len(index.subscripts)) for index in states if index.subscripts}
    return any(
        (index.name, len(index.subscripts)) in kinds
        and any(isinstance(n, Name) and _unknown(net, rule, n.name) for n in nodes_of(index))
        for index in nodes_of(rule.equation)
        if isinstance(index, Index)
    )


def _unknown(net: Network, rule: RuleClass, name: str) -> bool:
    return name not in rule.rows.names and net.scope.lookup(name) is None


class _NotLinear(Exception):
    """A body that is more than a product with one state in it."""


def _without(expr: Expr, name: str, gone: set[Index]) -> Expr | None:
    """A product without its use of the definition ``name``, no longer summed over ``gone``; None is 1.

    Raises _NotLinear.
    """
    match expr:
        case Use():
            return None
        case Negative(operand=operand):
            inner = _without(operand, name, gone)
            return Negative(Number("1") if inner is None else inner)
        case Multiply(factors=factors, inverted=inverted):
            at = next(place for place, factor in enumerate(factors) if _reads(factor, name))
            if inverted[at]:
                raise _NotLinear
            inner = _without(factors[at], name, gone)
            kept = [] if inner is None else [(inner, False)]
            kept = [*zip(factors[:at], inverted[:at], strict=True), *kept]
            kept += zip(factors[at + 1 :], inverted[at + 1 :], strict=True)
            return _product(kept)
        case Over(op="sum", body=body, indices=indices):
            inner = _without(body, name, gone)
            if inner is None:
                raise _NotLinear
            left = tuple(index for index in indices if index not in gone)
            return Over("sum", inner, left) if left else inner
    raise _NotLinear


def _reads(expr: Node, name: str) -> bool:
    return any(isinstance(node, Use) and node.name == name for node in nodes_of(expr))


def _product(parts: list[tuple[Expr, bool]]) -> Expr | None:
    if not parts:
        return None
    if parts[0][1]:
        parts = [(Number("1"), False), *parts]
    if len(parts) == 1:
        return parts[0][0]
    return Multiply(tuple(part for part, _ in parts), tuple(below for _, below in parts))


def _carried_by(expr: Expr) -> set[Index]:
    """The indices of an expression that stand outside of its sums."""
    found: set[Index] = set()
    if isinstance(expr, Over):
        return _carried_by(expr.body) - set(expr.indices)
    if isinstance(expr, Use):
        return set(expr.indices)
    for child in expressions_in(expr):
        found |= _carried_by(child)
    return found


__all__ = ["BUILT_IN", "Kind", "Links", "links_of"]
