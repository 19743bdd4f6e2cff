"""The body of one instance, written out: loops unrolled, choices made, every index a wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.reference.values import Environment, Values, scalar
from tncompile.network import Add, Binary, Call, Choice, Expr, Index, Multiply, Negative, Over, Reduce, Use

Member = tuple[int, ...]
Arrays = Mapping[str, Mapping[Member, Any]]
Wire = tuple[Any, ...]  # the name of an index, then its subscripts


@dataclass(frozen=True)
class Leaf:
    """An array with a wire on each axis."""

    array: Any
    wires: tuple[Wire, ...]


@dataclass(frozen=True)
class Spread:
    """``delta`` or ``one``: an array whose extents are those of its wires."""

    name: str
    wires: tuple[Wire, ...]


@dataclass(frozen=True)
class Product:
    factors: list[Any]


@dataclass(frozen=True)
class Total:
    terms: list[Any]
    signs: tuple[int, ...]


@dataclass(frozen=True)
class Function:
    """A function of finished sums."""

    apply: Callable[..., Any]
    arguments: list[Any]


@dataclass(frozen=True)
class OverWires:
    """``sum``, ``max`` or ``min`` of a body over wires that are known inside only."""

    op: str
    body: Any
    wires: tuple[Wire, ...]


def occurrences(node: Any) -> Iterator[Wire]:
    """Every wire of a node, as often as it stands there."""
    match node:
        case Leaf() | Spread():
            yield from node.wires
        case Product(parts) | Total(parts, _) | Function(_, parts):
            for part in parts:
                yield from occurrences(part)
        case OverWires(_, body, wires):
            yield from (wire for wire in occurrences(body) if wire not in wires)


@dataclass
class Writer:
    """Writes the body of one instance out. Members that have no value yet are noted in ``missing``."""

    values: Values
    known: Arrays
    xp: Any
    missing: list[tuple[str, Member]] = field(default_factory=list)
    fresh: int = 0

    def write(self, expr: Expr, env: Environment, bound: Mapping[Wire, Wire]) -> Any:
        match expr:
            case Add(terms, signs):
                return Total([self.write(term, env, bound) for term in terms], signs)
            case Negative(operand):
                return Total([self.write(operand, env, bound)], (-1,))
            case Multiply(factors, inverted):
                written = [self.write(factor, env, bound) for factor in factors]
                return Product(
                    [
                        Function(_inverse, [f]) if down else f
                        for f, down in zip(written, inverted, strict=True)
                    ]
                )
            case Binary("^", left, right):
                power = int(self.values.value(right, env))
                return Function(lambda x: x**power, [self.write(left, env, bound)])
            case Choice(then, test, other):
                return self.write(then if self.values.value(test, env) else other, env, bound)
            case Reduce(op, arguments):
                return self.reduce(
                    op,
                    [
                        self.write(a.body, inner, bound)
                        for a in arguments
                        for inner in self.values.rows(a.loops, env)
                    ],
                )
            case Over(op, body, indices):
                return self.over(op, body, indices, env, bound)
            case Call(function, arguments) if function in ("max", "min"):
                return self.reduce(function, [self.write(argument, env, bound) for argument in arguments])
            case Call(function, (argument,)) if function in functions(self.xp):
                return Function(functions(self.xp)[function], [self.write(argument, env, bound)])
            case Use():
                return self.use(expr, env, bound)
        return Leaf(self.xp.asarray(scalar(self.values.value(expr, env))), ())

    def reduce(self, op: str, parts: list[Any]) -> Any:
        if op == "prod":
            return Product(parts)
        if op == "sum":
            return Total(parts, (1,) * len(parts))
        choose = self.xp.maximum if op == "max" else self.xp.minimum
        return Function(lambda first, *rest: _chain(choose, first, rest), parts)

    def over(
        self, op: str, body: Expr, indices: tuple[Index, ...], env: Environment, bound: Mapping[Wire, Wire]
    ) -> OverWires:
        wires = [wire for index in indices for wire in self.wires(index, env, {})]
        self.fresh += 1
        renamed = {wire: (*wire, "inside", self.fresh) for wire in wires}
        return OverWires(op, self.write(body, env, {**bound, **renamed}), tuple(renamed.values()))

    def wires(self, index: Index, env: Environment, bound: Mapping[Wire, Wire]) -> Iterator[Wire]:
        for inner in self.values.rows(index.loops, env):
            wire = (index.name, *(int(self.values.value(s, inner)) for s in index.subscripts))
            yield bound.get(wire, wire)

    def use(self, use: Use, env: Environment, bound: Mapping[Wire, Wire]) -> Leaf | Spread:
        wires = tuple(wire for index in use.indices for wire in self.wires(index, env, bound))
        if use.name in ("delta", "one"):
            return Spread(use.name, wires)
        member = tuple(int(self.values.value(s, env)) for s in use.subscripts)
        if member not in self.known.get(use.name, {}):
            self.missing.append((use.name, member))
            return Leaf(np.zeros((1,) * len(wires)), wires)
        return Leaf(self.known[use.name][member], wires)


def functions(xp: Any) -> dict[str, Callable[[Any], Any]]:
    """The functions of the language page, element by element."""
    return {
        "relu": lambda x: xp.where(x > 0, x, 0.0),
        "step": lambda x: xp.where(x > 0, 1.0, 0.0),
        "tanh": xp.tanh,
        "sigmoid": lambda x: 0.5 + 0.5 * xp.tanh(0.5 * x),
        "softplus": lambda x: xp.logaddexp(x, 0.0),
        "exp": xp.exp,
        "log": xp.log,
        "sqrt": xp.sqrt,
        "abs": xp.abs,
        "sign": xp.sign,
        "cos": xp.cos,
        "sin": xp.sin,
        "conj": xp.conj,
    }


def _inverse(x: Any) -> Any:
    return 1 / x


def _chain(choose: Callable[[Any, Any], Any], first: Any, rest: tuple[Any, ...]) -> Any:
    for other in rest:
        first = choose(first, other)
    return first
