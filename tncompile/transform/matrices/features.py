"""Definitions that count as inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tncompile.network import Cut, Definition, Network, Statement, Tensor, Use, nodes_of
from tncompile.network.verify import verify
from tncompile.transform.context import Context
from tncompile.transform.inputs import input_like


def as_inputs(net: Network, names: Iterable[str]) -> Network:
    """The network with some definitions as inputs; what only they were made from is left out, and so are cuts."""
    features = [name for name in dict.fromkeys(names) if name not in net.tensors]
    if not features:
        return net
    context = Context(net)
    inputs = {name: input_like(context, name, name) for name in features}
    statements: list[Statement] = []
    placed: set[str] = set()
    for statement in net.statements:
        if isinstance(statement, Definition) and statement.name in inputs:
            if statement.name not in placed:
                statements.append(inputs[statement.name])
                placed.add(statement.name)
        elif not isinstance(statement, Cut):
            statements.append(statement)
    kept = _read(statements, net.outputs)
    statements = [s for s in statements if not isinstance(s, Tensor | Definition) or s.name in kept]
    first = next(i for i, s in enumerate(statements) if isinstance(s, Tensor | Definition))
    statements[first:first] = context.lists
    return verify(net.replace(statements), after="as_inputs")


def _read(statements: Sequence[Statement], outputs: Sequence[str]) -> set[str]:
    """The names of tensors and definitions that outputs are made from."""
    rules: dict[str, list[Definition]] = {}
    for statement in statements:
        if isinstance(statement, Definition):
            rules.setdefault(statement.name, []).append(statement)
    found = set(outputs)
    pending = list(outputs)
    while pending:
        for rule in rules.get(pending.pop(), ()):
            new = {node.name for node in nodes_of(rule.body) if isinstance(node, Use)} - found
            found |= new
            pending += sorted(new)
    return found
