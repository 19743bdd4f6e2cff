"""Weights that stand under one function everywhere: what the function yields is as free as they are.

The generic rank of F(w) = P(f(w)), with P rational and f entry by entry, is that of P(u) with u free, if f reaches an
open set and no null set from more than a null set: a minor of P that is not zero is zero on a null set of u, so on
one of w. That holds for functions that are analytic with a derivative that is not constantly zero. It does not for
`relu`, `step` and `sign`, which take one value on an open set; nor where w stands elsewhere too, as it is or
under another function, for then the values are not independent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tncompile.network import (
    Call,
    Definition,
    Expr,
    Multiply,
    Name,
    Negative,
    Network,
    Node,
    Statement,
    Use,
    children,
    map_children,
    nodes_of,
    verify,
)
from tncompile.transform.read import names_read

EVERYWHERE = frozenset({"exp", "tanh", "sigmoid", "softplus", "sin", "cos"})
POSITIVE = frozenset({"log", "sqrt"})  # functions of a half line, on which some values of any of these lie
HOLE = Use("", (), ())  # where the weight stands in a pattern


def free_weights(net: Network) -> Network:
    """The network with `W` for `f(W)`, where a weight stands under f (maybe times a number) wherever it is used.

    Generic ranks and dimensions are those of the network given. Looks at the definitions that outputs are made
    from only. ``abs`` counts for real numbers: a modulus is no free complex number.
    """
    while freed := _Patterns(net).freed():
        net = verify(net.replace(_rewritten(net, freed)), after="free_weights")
    return net


class _Patterns:
    """What each weight stands under: patterns, and None where it stands as it is."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.names = {name for name, tensor in net.tensors.items() if tensor.role == "weight"}

    def freed(self) -> dict[str, Expr]:
        """The weights that stand under one pattern everywhere."""
        found: dict[str, set[Expr | None]] = {}
        for definition in _reached(self.net):
            for name, pattern in self._stands(definition.body):
                found.setdefault(name, set()).add(pattern)
        single = {name: patterns.pop() for name, patterns in found.items() if len(patterns) == 1}
        return {name: pattern for name, pattern in single.items() if pattern is not None}

    def _stands(self, body: Expr) -> Iterator[tuple[str, Expr | None]]:
        stack: list[Node] = [body]
        while stack:
            node = stack.pop()
            use = _applied(node) if isinstance(node, Call) else None
            if isinstance(node, Call) and use is not None and use.name in self.names and self._is_free(node):
                yield use.name, _pattern(node)
                continue
            if isinstance(node, Use) and node.name in self.names:
                yield node.name, None
            stack += children(node)

    def _is_free(self, call: Call) -> bool:
        """Whether an application yields values as free as its argument."""
        argument = call.arguments[0]
        if call.function in POSITIVE:
            return isinstance(argument, Use)
        real = call.function == "abs" and self.net.field == "real"
        return (call.function in EVERYWHERE or real) and self._is_scaled(argument)

    def _is_scaled(self, argument: Expr) -> bool:
        """Whether what the weight is multiplied by is one number for the whole network, and not 0."""
        numbers = [factor for factor in _factors(argument) if not isinstance(factor, Use)]
        names = {node.name for factor in numbers for node in nodes_of(factor) if isinstance(node, Name)}
        return names <= {*self.net.sizes, "pi"} and all(self.net.scope.numbers(n)[0] != 0 for n in numbers)


def _factors(argument: Expr) -> list[Expr]:
    """The factors of an argument without their signs, those that it is divided by too."""
    inner = _unsigned(argument)
    return [_unsigned(factor) for factor in inner.factors] if isinstance(inner, Multiply) else [inner]


def _unsigned(expr: Expr) -> Expr:
    return expr.operand if isinstance(expr, Negative) else expr


def _applied(call: Call) -> Use | None:
    """The use that a function of one argument is applied to, times numbers maybe."""
    if len(call.arguments) != 1:
        return None
    factors = _factors(call.arguments[0])
    uses = [node for factor in factors for node in nodes_of(factor) if isinstance(node, Use)]
    return uses[0] if len(uses) == 1 and uses[0] in factors else None


def _pattern(node: Node) -> Expr:
    """An application with a hole for the use."""

    def inner(part: Node) -> Node:
        return HOLE if isinstance(part, Use) else map_children(part, inner)

    found = inner(node)
    assert isinstance(found, Expr)
    return found


def _rewritten(net: Network, freed: Mapping[str, Expr]) -> list[Statement]:
    """The statements with the weight in the place of its pattern."""
    reached = _reached(net)

    def inner(node: Node) -> Node:
        use = _applied(node) if isinstance(node, Call) else None
        if use is not None and use.name in freed and _pattern(node) == freed[use.name]:
            return use
        return map_children(node, inner)

    def statement(one: Statement) -> Statement:
        return map_children(one, inner) if isinstance(one, Definition) and one in reached else one

    return [statement(one) for one in net.statements]


def _reached(net: Network) -> list[Definition]:
    """The definitions that outputs are made from."""
    names = names_read(net.statements, net.outputs)
    return [definition for definition in net.definitions if definition.name in names]
