"""Definitions that count as inputs."""

from __future__ import annotations

from collections.abc import Iterable

from tncompile.network import Cut, Definition, Network, Statement, Tensor
from tncompile.network.verify import verify
from tncompile.transform.context import Context
from tncompile.transform.inputs import input_like
from tncompile.transform.read import names_read


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
    kept = names_read(statements, net.outputs)
    statements = [s for s in statements if not isinstance(s, Tensor | Definition) or s.name in kept]
    first = next(i for i, s in enumerate(statements) if isinstance(s, Tensor | Definition))
    statements[first:first] = context.lists
    return verify(net.replace(statements), after="as_inputs")
