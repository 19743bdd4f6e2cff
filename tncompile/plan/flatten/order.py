"""The contraction order: a network whose rules are flat, each with at most two factors (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import replace

from tncompile.network import Cut, Definition, Network, Statement, verify
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.plan.check import check_flat
from tncompile.plan.cost import ClassCost, cost
from tncompile.plan.flatten.group import Group, group_of, groups_of
from tncompile.plan.flatten.lower import Lowering
from tncompile.plan.flatten.registry import Registry
from tncompile.plan.flatten.unrolled import unrolled
from tncompile.plan.flatten.values import NeedsSplit
from tncompile.plan.search.objective import DEFAULT, Objective
from tncompile.source import InternalError
from tncompile.transform.inline import inline_definitions, merge_single_uses
from tncompile.transform.read import names_read

WORTH_MERGING = 4.0  # how much cheaper an order across definitions must be, since it hides their structure


def order(net: Network, objective: Objective = DEFAULT, apart: Collection[str] = ()) -> Network:
    """A flat network with the same outputs, computed in the cheapest order that was found.

    Each definition is brought into order by itself. An order across the definitions that are used once
    is taken only where it costs less by `WORTH_MERGING`; never across the definitions ``apart``.
    """
    net = inline_definitions(net)
    flat = _ordered(net, objective)
    merged = merge_single_uses(net, apart) if objective.thorough else net
    if merged is net:
        return flat
    other = _ordered(merged, objective)
    return other if WORTH_MERGING * _weight(other, objective) < _weight(flat, objective) else flat


def _weight(flat: Network, objective: Objective) -> float:
    return sum(
        objective.flops * one.flops.value + objective.writes * _written(one, objective.power)
        for one in cost(flat).classes
    )


def _written(one: ClassCost, power: float) -> float:
    """The elements written by one class, each instance to a power."""
    instances = max(1, one.instances.value)
    return float(instances * (one.writes.value / instances) ** power)


def _ordered(net: Network, objective: Objective) -> Network:
    """Each rule in order by itself."""
    while True:
        registry = Registry(net)
        try:
            for group in groups_of(net):
                _lower(group, registry, objective)
        except _NeedsRows as needed:
            net = _row_by_row(net, needed.definition)
            continue
        kept = [statement for statement in net.statements if not isinstance(statement, Definition)]
        flat = verify(net.replace(_alive([*kept, *registry.statements()])), "order")
        check_flat(flat)
        return flat


class _NeedsRows(Exception):
    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        super().__init__("each row of this rule needs a rule of its own")


def _lower(group: Group, registry: Registry, objective: Objective) -> None:
    """Lowers a group, or its classes one by one if they need rules of their own."""
    pending = [group]
    while pending:
        current = pending.pop(0)
        restore = registry.snapshot()
        try:
            Lowering(current, registry, objective).run()
        except NeedsSplit as needed:
            restore()
            if needed.alone or len(current.classes) == 1:
                raise _NeedsRows(current.definition) from None
            pending = [*(group_of(group.net, [one]) for one in current.classes), *pending]


def _row_by_row(net: Network, definition: Definition) -> Network:
    """The network with a rule for each instance in the place of one rule; with one whose loops are written out, where
    there is a single instance."""
    if definition.loops:
        rows = net.scope.family(definition.loops)
        alone = [
            substitute(replace(definition, loops=()), dict(zip(rows.names, map(integer, row), strict=True)))
            for row in rows.columns.T.tolist()
        ]
    else:
        alone = [unrolled(net, definition)]
        if alone == [definition]:
            raise InternalError(f"`{definition.name}` cannot be brought into order:\n\n{net}")
    statements = [[statement] if statement != definition else alone for statement in net.statements]
    return net.replace([one for some in statements for one in some])


def _alive(statements: Sequence[Statement]) -> Iterable[Statement]:
    """The statements without definitions that no output needs, and without cuts of those."""
    definitions = [s for s in statements if isinstance(s, Definition)]
    needed = names_read(statements, [d.name for d in definitions if d.role == "output"])
    dead = {d.name for d in definitions} - needed
    return [s for s in statements if not _names_one(s, dead)]


def _names_one(statement: Statement, names: Set[str]) -> bool:
    """Whether a statement is a rule, or a cut, of one of these definitions."""
    if isinstance(statement, Cut):
        return any(item.name in names for item in (*statement.rows, *(statement.columns or ())))
    return isinstance(statement, Definition) and statement.name in names
