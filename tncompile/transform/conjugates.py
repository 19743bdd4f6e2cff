"""Complex conjugates as variables of their own."""

from __future__ import annotations

from dataclasses import replace

from tncompile.network import (
    Call,
    Definition,
    Expr,
    Name,
    Network,
    Node,
    Number,
    Statement,
    Tensor,
    Use,
    map_children,
    nodes_of,
    verify,
)
from tncompile.transform.names import Names


def separate_conjugates(net: Network) -> Network:
    """The network in which ``conj`` stands at numbers only: the conjugate of a weight is a weight of its own.

    A polynomial in weights and their conjugates vanishes identically exactly if it does with both free, so
    generic ranks stay what they are. Inputs are real. A definition that stands under ``conj`` is written
    twice, and so is a constant. Conjugates of `A` are called `A_conj`. Cuts stay.
    """
    if net.field == "real":
        return net
    return _Separation(net).network()


class _Separation:
    def __init__(self, net: Network) -> None:
        self.net = net
        self.names = Names(net)
        self.twins: dict[str, str] = {}
        self.rules: dict[str, list[Definition]] = {}
        for definition in net.definitions:
            self.rules.setdefault(definition.name, []).append(definition)

    def network(self) -> Network:
        """The network, verified."""
        plain = iter([self._rule(rule, False) for rule in self.net.definitions])
        # Twins may need further twins: `twins` grows while it is gone through.
        done: dict[str, list[Definition]] = {}
        while pending := [name for name in self.twins if name in self.rules and name not in done]:
            for name in pending:
                done[name] = [self._rule(rule, True) for rule in self.rules[name]]
        statements: list[Statement] = []
        for statement in self.net.statements:
            if isinstance(statement, Definition):
                statements.append(next(plain))
                last = statement is self.rules[statement.name][-1]
                statements += done.get(statement.name, []) if last else []
            else:
                statements.append(statement)
            if isinstance(statement, Tensor) and statement.name in self.twins:
                statements.append(self._tensor(statement))
        return verify(self.net.replace(statements), after="separate_conjugates")

    def _tensor(self, tensor: Tensor) -> Tensor:
        value = tensor.value
        if value is not None:
            value = _conjugate_number(value)
        return replace(tensor, name=self.twins[tensor.name], value=value)

    def _rule(self, rule: Definition, conjugated: bool) -> Definition:
        body = self._rewritten(rule.body, conjugated)
        if not conjugated:
            return replace(rule, body=body)
        role = "plain" if rule.role == "output" else rule.role
        return replace(rule, name=self._twin(rule.name), body=body, role=role)

    def _twin(self, name: str) -> str:
        """What the conjugate of a tensor or definition is called; inputs are their own."""
        tensor = self.net.tensors.get(name)
        if name in ("delta", "one") or (tensor is not None and tensor.role == "input"):
            return name
        if name not in self.twins:
            self.twins[name] = self.names.fresh(f"{name}_conj")
        return self.twins[name]

    def _rewritten(self, expr: Expr, conjugated: bool) -> Expr:
        if not any(isinstance(node, Use) for node in nodes_of(expr)):
            return _conjugate_number(expr) if conjugated else expr
        if isinstance(expr, Call) and expr.function == "conj":
            return self._rewritten(expr.arguments[0], not conjugated)
        if isinstance(expr, Use):
            return replace(expr, name=self._twin(expr.name)) if conjugated else expr

        def inner(node: Node) -> Node:
            if isinstance(node, Expr):
                return self._rewritten(node, conjugated)
            return map_children(node, inner) if _holds_a_use(node) else node

        return map_children(expr, inner)


def _holds_a_use(node: Node) -> bool:
    return any(isinstance(inner, Use) for inner in nodes_of(node))


def _conjugate_number(expr: Expr) -> Expr:
    """The number with every imaginary literal conjugated; all names of numbers are real."""
    if isinstance(expr, Number):
        return Call("conj", (expr,)) if expr.imaginary else expr
    if isinstance(expr, Name):
        return expr

    def inner(node: Node) -> Node:
        return _conjugate_number(node) if isinstance(node, Expr) else map_children(node, inner)

    return map_children(expr, inner)
