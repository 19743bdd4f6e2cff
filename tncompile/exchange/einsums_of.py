"""The outputs of a network as einsums, where they are: products of tensors, summed over indices."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from typing import Any

from tncompile.exchange.einsum import MOST_OPERANDS, Einsum
from tncompile.network import Call, Expr, Multiply, Network, Over, Reduce, Use
from tncompile.network.syntax.text import expression_text
from tncompile.network.views import incidence_graph
from tncompile.network.written.messages import plain_member
from tncompile.source import Diagnostic, TnError
from tncompile.source.records import record


def einsums_of(net: Network) -> dict[str, Einsum]:
    """Each member of each output as one einsum, all definitions put in.

    Operands are named by the tensors they are; a state that is used several times brings its operands each time. Raises
    TnError, with the reason, for the first output that is no single einsum.
    """
    expansion = _Expansion(net)
    members = [
        plain_member(name, member) for name in net.outputs for member in net.tables.tensors[name].members
    ]
    return {member: expansion.einsum(member) for member in members}


@record
class _Factor:
    """A use: the member of a tensor, whether that is a definition, and the wires of its axes."""

    tensor: str
    defined: bool
    wires: tuple[int, ...]


class _Expansion:
    def __init__(self, net: Network) -> None:
        self.net = net
        self.reasons = _reasons(net)
        self.free: dict[str, list[int]] = {}
        self.factors: dict[str, list[_Factor]] = {}
        self.extents: dict[int, int] = {}
        graph = incidence_graph(net)
        for node, found in graph.nodes(data=True):
            kind, member, number = node
            if kind == "use":
                self.factors.setdefault(member, []).append(_factor(graph, node))
                continue
            self.extents[number] = found["extent"]
            if found["free"]:  # they come in the order of the axes
                self.free.setdefault(member, []).append(number)

    def einsum(self, output: str) -> Einsum:
        """One member of an output."""
        free = self.free.get(output, [])
        operands: list[_Factor] = []
        pending = [_Factor(output, True, tuple(free))]
        while pending:
            factor = pending.pop()
            if factor.defined:
                pending += reversed(self.opened(factor, output))
            else:
                operands.append(factor)
            if len(operands) + len(pending) > MOST_OPERANDS:
                raise self.refusal(output, f"it has more than {MOST_OPERANDS:,} operands when all is put in")
        wires = list(dict.fromkeys(wire for factor in operands for wire in factor.wires))
        if not operands or not set(free) <= set(wires):
            raise self.refusal(output, "no tensor carries all of it")
        labels = dict(zip(wires, _labels(len(wires)), strict=True))
        return Einsum(
            tuple(tuple(labels[wire] for wire in factor.wires) for factor in operands),
            tuple(labels[wire] for wire in free),
            {label: self.extents[wire] for wire, label in labels.items()},
            tuple(factor.tensor for factor in operands),
        )

    def opened(self, factor: _Factor, output: str) -> Sequence[_Factor]:
        """The factors of a definition, its own wires made new."""
        if factor.tensor in self.reasons:
            where = "" if factor.tensor == output else f" (in `{factor.tensor}`)"
            raise self.refusal(output, self.reasons[factor.tensor] + where)
        wires = dict(zip(self.free.get(factor.tensor, []), factor.wires, strict=True))

        def wire(own: int) -> int:
            if own not in wires:
                wires[own] = len(self.extents)
                self.extents[wires[own]] = self.extents[own]
            return wires[own]

        return [
            _Factor(inner.tensor, inner.defined, tuple(map(wire, inner.wires)))
            for inner in self.factors.get(factor.tensor, [])
        ]

    def refusal(self, output: str, reason: str) -> TnError:
        """Why there is no einsum."""
        return TnError([Diagnostic(f"`{output}` is no single einsum: {reason}")], self.net.source)


def _factor(graph: Any, node: tuple[str, str, int]) -> _Factor:
    edges = sorted((found["axis"], index[2]) for _, index, found in graph.edges(node, data=True))
    found = graph.nodes[node]
    return _Factor(found["tensor"], found["role"] == "definition", tuple(wire for _, wire in edges))


def _labels(count: int) -> Sequence[str]:
    """Letters, or numbered names where there are too few."""
    if count <= len(string.ascii_letters):
        return string.ascii_letters[:count]
    return [f"i{number}" for number in range(1, count + 1)]


def _reasons(net: Network) -> dict[str, str]:
    """For each member of a definition that is no product of tensors, what else stands in it."""
    found = {}
    for rule_class in net.tables.classes:
        reason = next(_strange_parts(rule_class.equation, net.field == "complex"), None)
        if reason is not None:
            name = rule_class.definition.name
            for member in net.tables.tensors[name].members[rule_class.target]:
                found[plain_member(name, member)] = reason
    return found


def _strange_parts(expr: Expr, is_complex: bool) -> Iterator[str]:
    """The parts of an equation that no einsum can say."""
    parts: Sequence[Expr] = ()
    match expr:
        case Use(name="delta" | "one"):
            yield f"it holds `{expression_text(expr)}`"
        case Use():
            pass
        case Multiply(factors=factors, inverted=inverted):
            parts = factors
            if any(inverted):
                yield "it holds a division"
        case Over(op="sum", body=body):
            parts = (body,)
        case Reduce(op="prod", arguments=arguments):
            parts = [argument.body for argument in arguments]
        case Call(function="conj", arguments=arguments) if not is_complex:
            parts = arguments
        case _:
            yield f"it holds `{_short(expression_text(expr))}`"
    for part in parts:
        yield from _strange_parts(part, is_complex)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
