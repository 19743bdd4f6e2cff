"""The contraction order: a network whose rules are flat, each with at most two factors (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tncompile.network import Definition, Network, Statement, Use, nodes_of, verify
from tncompile.plan.contraction import DEFAULT, Objective
from tncompile.plan.group import Group, group_of, groups_of, one_row
from tncompile.plan.lower import Lowering, NeedsSplit
from tncompile.plan.registry import Registry
from tncompile.transform.inline import inline_definitions


def order(net: Network, objective: Objective = DEFAULT) -> Network:
    """A flat network with the same outputs, computed in the cheapest order that was found."""
    net = inline_definitions(net)
    registry = Registry(net)
    for group in groups_of(net):
        _lower(group, registry, objective)
    added = registry.statements()
    kept = [statement for statement in net.statements if not isinstance(statement, Definition)]
    return verify(net.replace(_alive([*kept, *added])), "order")


def _lower(group: Group, registry: Registry, objective: Objective) -> None:
    """Lowers a group; where its rows need rules of their own, part by part."""
    pending = [group]
    while pending:
        current = pending.pop(0)
        restore = registry.snapshot()
        try:
            Lowering(current, registry, objective).run()
        except NeedsSplit as needed:
            restore()
            pending = [*_parts(current, needed.alone), *pending]


def _parts(group: Group, alone: bool) -> Iterator[Group]:
    if len(group.classes) > 1 and not alone:
        for one in group.classes:
            yield group_of(group.net, [one])
        return
    for rule_class in group.classes:
        for row in range(rule_class.rows.count):
            yield group_of(group.net, [one_row(rule_class, row)])


def _alive(statements: Sequence[Statement]) -> Iterable[Statement]:
    """The statements without definitions that no output needs, and without cuts of those."""
    rules: dict[str, list[Definition]] = {}
    for statement in statements:
        if isinstance(statement, Definition):
            rules.setdefault(statement.name, []).append(statement)
    pending = [s.name for s in statements if isinstance(s, Definition) and s.role == "output"]
    needed = set(pending)
    while pending:
        for rule in rules[pending.pop()]:
            for node in nodes_of(rule.body):
                if isinstance(node, Use) and node.name in rules and node.name not in needed:
                    needed.add(node.name)
                    pending.append(node.name)
    return [s for s in statements if not isinstance(s, Definition) or s.name in needed]
