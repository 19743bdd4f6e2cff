"""The scores of many samples at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from tncompile.network import (
    Axis,
    Choice,
    Definition,
    Expr,
    FreeIndex,
    Index,
    Name,
    Network,
    Node,
    Number,
    Reduce,
    Size,
    Statement,
    Tensor,
    Use,
    expressions_in,
    map_children,
    nodes_of,
    verify,
)
from tncompile.source import UsageError
from tncompile.transform.names import Names


def batch(net: Network, name: str = "batch", value: int = 256) -> Network:
    """The network with a new first axis for each input, and for each definition that depends on one.

    Its extent is a new size ``name`` (another name if that is taken), ``value`` unless told otherwise. An
    input without members has no samples; a network without other inputs is returned as it is. Raises
    UsageError for a value below 1.
    """
    if value < 1:
        raise UsageError(f"a batch has at least 1 sample, not {value}")
    inputs = [name for name, tensor in net.tensors.items() if tensor.role == "input"]
    depending = dependents(net, [name for name in inputs if len(net.tables.tensors[name].members)])
    if not depending:
        return net
    names = Names(net)
    size = names.fresh(name) if name in names.held else name
    index = Index(names.near("s"))
    samples = _Samples(depending, index, Name(size))
    first = next(place for place, s in enumerate(net.statements) if isinstance(s, Tensor))
    statements = [samples.statement(statement) for statement in net.statements]
    return verify(
        net.replace([*statements[:first], Size(size, default=Number(str(value))), *statements[first:]]),
        "batch",
    )


def dependents(net: Network, names: Iterable[str]) -> set[str]:
    """The names given and those of all definitions that depend on them."""
    users: dict[str, list[str]] = {}
    for definition in net.definitions:
        for node in nodes_of(definition.body):
            if isinstance(node, Use):
                users.setdefault(node.name, []).append(definition.name)
    found = set(names)
    pending = list(found)
    while pending:
        for user in users.get(pending.pop(), ()):
            if user not in found:
                found.add(user)
                pending.append(user)
    return found


class _Samples:
    """Gives the names in ``depending`` a first index."""

    def __init__(self, depending: set[str], index: Index, extent: Expr) -> None:
        self.depending, self.index, self.extent = depending, index, extent

    def statement(self, statement: Statement) -> Statement:
        match statement:
            case Tensor(name=name, axes=axes) if name in self.depending:
                return replace(statement, axes=(Axis(self.extent), *axes))
            case Definition(name=name, indices=indices, body=body) if name in self.depending:
                free = FreeIndex(self.index, None if self.carried(body) else self.extent)
                return replace(statement, indices=(free, *indices), body=cast(Expr, self.node(body)))
        return statement

    def node(self, node: Node) -> Node:
        node = map_children(node, self.node)
        if isinstance(node, Use) and node.name in self.depending:
            return replace(node, indices=(self.index, *node.indices))
        return node

    def carried(self, body: Expr) -> bool:
        """Whether the body surely carries the index, whatever is chosen and however often a loop runs."""
        match body:
            case Use(name=name):
                return name in self.depending
            case Choice(then=then, other=other):
                return self.carried(then) and self.carried(other)
            case Reduce(arguments=arguments):
                return any(self.carried(argument.body) for argument in arguments if not argument.loops)
        return any(self.carried(node) for node in expressions_in(body))
