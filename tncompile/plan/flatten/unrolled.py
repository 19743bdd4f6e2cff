"""A rule without loops inside: what is left where the rounds of a loop have no one way to be computed."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from tncompile.network import (
    UNIT_ROWS,
    Definition,
    Expr,
    FreeIndex,
    Looped,
    Network,
    Node,
    Number,
    Reduce,
    map_children,
)
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.plan.flatten.values import formula_expr


def unrolled(net: Network, definition: Definition) -> Definition:
    """A rule for one instance, each loop of its body as so many arguments. Its left side says the extents, since a loop
    without a round does not."""
    known = next(one.extents for one in net.tables.classes if one.definition == definition)
    indices = tuple(
        free
        if free.extent is not None or free.index not in known
        else FreeIndex(free.index, formula_expr(known[free.index]))
        for free in definition.indices
    )
    return replace(definition, body=cast(Expr, _without_loops(net, definition.body)), indices=indices)


def _without_loops(net: Network, node: Node) -> Node:
    if not isinstance(node, Reduce):
        return map_children(node, lambda child: _without_loops(net, child))
    arguments = []
    for argument in node.arguments:
        rows, _ = net.scope.expand(argument.loops, UNIT_ROWS)
        for row in rows.columns.T.tolist():
            body = substitute(argument.body, dict(zip(rows.names, map(integer, row), strict=True)))
            arguments.append(Looped(cast(Expr, _without_loops(net, body))))
    if not arguments:
        return Number("1" if node.op == "prod" else "0")
    return replace(node, arguments=tuple(arguments))
