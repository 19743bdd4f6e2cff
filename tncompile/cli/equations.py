"""The equations of a network with every sum written openly, and the indices that touch three tensors or more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import cast

import numpy as np

from tncompile.network import (
    Call,
    Expr,
    Extent,
    Index,
    Network,
    Node,
    Over,
    RuleClass,
    Use,
    expression_text,
    map_children,
)

HYPERINDEX = 3  # ends
FIRST_INSTANCES = 4  # of a class, shown by their loop values


def equations_text(net: Network) -> str:
    """For each class of alike instances its equation, extents and hyperindices."""
    lines = [f"network {net.name}", ""]
    for rule in net.tables.classes:
        lines += [*_class_lines(net, rule), ""]
    return "\n".join(lines)


def _class_lines(net: Network, rule: RuleClass) -> Iterator[str]:
    definition = rule.definition
    left = expression_text(
        Use(definition.name, definition.subscripts, tuple(free.index for free in definition.indices))
    )
    yield f"{left} = {expression_text(cast(Expr, _with_open_sums(rule.equation)))}"
    if rule.rows.names:
        yield f"    {_instances(rule)}"
    if rule.extents:
        yield "    " + ", ".join(
            f"{_index_text(index)}: {_extent_text(extent)}" for index, extent in rule.extents.items()
        )
    for name, count in _hyperindices(net, rule):
        yield f"    {name} touches {count} tensors"


def _instances(rule: RuleClass) -> str:
    """How many instances there are, and the loop values of the first."""
    shown = [
        ", ".join(f"{name}={value}" for name, value in rule.rows.values(row))
        for row in range(min(rule.rows.count, FIRST_INSTANCES))
    ]
    more = "; ..." if rule.rows.count > FIRST_INSTANCES else ""
    return f"{rule.rows.count} instance{'s' * (rule.rows.count != 1)}: {'; '.join(shown)}{more}"


def _with_open_sums(node: Node) -> Node:
    """The expression with ``Σ[a, i](...)`` for the sums that the language leaves unsaid."""
    node = map_children(node, _with_open_sums)
    if isinstance(node, Over) and node.op == "sum":
        return Call(f"Σ[{', '.join(map(_index_text, node.indices))}]", (node.body,))
    return node


def _index_text(index: Index) -> str:
    text = expression_text(Use("", (), (index,)))
    return text[1:-1]


def _extent_text(extent: Extent) -> str:
    formula = str(extent.formula)
    return formula if formula == str(extent.value) else f"{formula} = {extent.value}"


def _hyperindices(net: Network, rule: RuleClass) -> list[tuple[str, int]]:
    """Indices of the first instance that at least three tensors (or two and the result) carry."""
    touched: Counter[tuple[str, tuple[int, ...]]] = Counter()
    for use in rule.uses:
        of_first = np.flatnonzero(use.parent == 0)
        rows = use.rows.take(of_first)
        for index in use.use.indices:
            columns = [net.scope.integers(subscript, rows).tolist() for subscript in index.subscripts]
            places = zip(*columns, strict=True) if columns else [()] * rows.count
            touched.update((index.name, values) for values in places)
    free: Counter[tuple[str, tuple[int, ...]]] = Counter(
        (free.index.name, ()) for free in rule.definition.indices if not free.index.subscripts
    )
    return [
        (name + (f"[{', '.join(map(str, values))}]" if values else ""), count)
        for (name, values), count in touched.items()
        if count + free[name, values] >= HYPERINDEX
    ]
