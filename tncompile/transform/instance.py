"""One instance of a rule as a rule of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import Definition, Network, Rows, RuleClass, Statement, Tensor, verify
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.transform.context import Context


def with_instance_apart(net: Network, number: int, member: int) -> Network:
    """The network with two rules or more in the place of one with loops: the instance that defines a member, and the others.

    ``number`` is the place of the rule in `Network.definitions`, ``member`` that of the member in its table. The instance
    gets the place of the rule, the others stand behind it. A rule without loops stays as it is.
    """
    definition = net.definitions[number]
    if not definition.loops:
        return net
    classes = [one for one in net.tables.classes if one.number == number]
    rows = _joined(classes)
    chosen = np.concatenate([one.target for one in classes]) == member
    context = Context(net)
    values = dict(zip(rows.names, map(integer, rows.columns[:, chosen][:, 0].tolist()), strict=True))
    parts = [substitute(replace(definition, loops=()), values)]
    parts += [
        replace(substitute(replace(definition, loops=()), piece.values), loops=piece.loops)
        for piece in context.restricted(definition.loops, rows, ~chosen, definition.name)
    ]
    statements: list[Statement] = []
    for statement in net.statements:
        statements += parts if statement is definition else [statement]
    return verify(net.replace(before_rules(statements, context.lists)), "slice_index")


def before_rules(statements: Sequence[Statement], added: Sequence[Statement]) -> list[Statement]:
    """Statements with others, lists and declarations, before all that may need them."""
    first = next(place for place, one in enumerate(statements) if isinstance(one, Tensor | Definition))
    return [*statements[:first], *added, *statements[first:]]


def _joined(classes: list[RuleClass]) -> Rows:
    """The rows of all classes of one rule."""
    columns = np.concatenate([one.rows.columns for one in classes], axis=1)
    return Rows(classes[0].rows.names, columns, columns.shape[1])
