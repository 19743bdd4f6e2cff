"""The equation of one instance as a tree: subscripts and loops evaluated, wires by name and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tncompile.network import (
    Add,
    Binary,
    Call,
    Expr,
    Index,
    Ints,
    Looped,
    Multiply,
    Negative,
    Network,
    Over,
    Reduce,
    Rows,
    RuleClass,
    Use,
    nodes_of,
)
from tncompile.source import InternalError

Key = tuple[str, tuple[int, ...]]  # a wire as an equation says it: ("a", (3,))


@dataclass(frozen=True, slots=True)
class UseAt:
    """A member of a tensor or definition."""

    name: str
    position: int
    wires: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Tie:
    """``delta``: the wires are one."""

    wires: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Zero:
    """The number 0. Other numbers are `Times` of nothing: a factor that is not 0 changes no rank."""


@dataclass(frozen=True, slots=True)
class Times:
    """A product."""

    factors: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Plus:
    """A sum of terms."""

    terms: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Summed:
    """A sum over wires that are known inside only."""

    body: Tree
    wires: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """A power with an exponent from 1."""

    base: Tree
    exponent: int


@dataclass(frozen=True, slots=True)
class Conjugate:
    """The complex conjugate."""

    body: Tree


@dataclass(frozen=True, slots=True)
class Applied:
    """Anything that is no polynomial of its arguments; ``bound`` wires are known inside only."""

    text: str
    arguments: tuple[Tree, ...]
    bound: tuple[Key, ...] = ()


Tree = UseAt | Tie | Zero | Times | Plus | Summed | Power | Conjugate | Applied
Reading = Callable[[int], Tree]
ONE = Times(())


class Reader:
    """Turns equations into functions from a row to its tree, all subscripts of all rows evaluated at once."""

    def __init__(self, net: Network) -> None:
        self.net = net

    def free(self, rule: RuleClass) -> list[list[Key]]:
        """For each row of a class the wires of the left side."""
        keys = [self._keys(index, rule.rows) for index in rule.free]
        return [[column[row] for column in keys] for row in range(rule.rows.count)]

    def reading(self, expr: Expr, rows: Rows) -> Reading:
        """The trees of an expression."""
        match expr:
            case Use(name="one"):
                return lambda _row: ONE
            case Use(name="delta", indices=indices):
                wires = self._wires(indices, rows)
                return lambda row: Tie(wires[row])
            case Use():
                return self._use(expr, rows)
            case Negative(operand=inner):
                return self.reading(inner, rows)
            case Add(terms=terms):
                parts = [self.reading(term, rows) for term in terms]
                return lambda row: Plus(tuple(part(row) for part in parts))
            case Multiply():
                return self._product(expr, rows)
            case Binary(op="^", left=left, right=right) if _has_use(left):
                return self._power(left, right, rows)
            case Over():
                return self._over(expr, rows)
            case Reduce(op=op, arguments=arguments):
                return self._reduce(op, arguments, rows)
            case Call(function=function, arguments=arguments) if _has_use(expr):
                return self._call(function, [self.reading(argument, rows) for argument in arguments])
        return self._number(expr, rows)

    # --- leaves of the tree -------------------------------------------------------------------

    def _keys(self, index: Index, rows: Rows) -> list[Key]:
        columns = [self.net.scope.integers(subscript, rows).tolist() for subscript in index.subscripts]
        return [(index.name, tuple(column[row] for column in columns)) for row in range(rows.count)]

    def _wires(self, indices: Sequence[Index], rows: Rows) -> list[tuple[Key, ...]]:
        keys = [self._keys(index, rows) for index in indices]
        return [tuple(column[row] for column in keys) for row in range(rows.count)]

    def _use(self, use: Use, rows: Rows) -> Reading:
        columns = [self.net.scope.integers(subscript, rows) for subscript in use.subscripts]
        subscripts = np.array(columns, np.int64).reshape(len(columns), rows.count).T
        positions = self.net.tables.tensors[use.name].find(subscripts).tolist()
        wires = self._wires(use.indices, rows)
        return lambda row: UseAt(use.name, positions[row], wires[row])

    def _number(self, expr: Expr, rows: Rows) -> Reading:
        if _has_use(expr):
            raise InternalError(f"no reading for {type(expr).__name__}")
        zero = (self.net.scope.numbers(expr, rows) == 0).tolist()
        return lambda row: Zero() if zero[row] else ONE

    # --- what joins them ----------------------------------------------------------------------

    def _product(self, expr: Multiply, rows: Rows) -> Reading:
        parts = [
            (self.reading(factor, rows), below and _has_use(factor))
            for factor, below in zip(expr.factors, expr.inverted, strict=True)
        ]
        return lambda row: Times(
            tuple(Applied("/", (part(row),)) if below else part(row) for part, below in parts)
        )

    def _power(self, left: Expr, right: Expr, rows: Rows) -> Reading:
        base = self.reading(left, rows)
        exponents = self.net.scope.integers(right, rows).tolist()

        def power(row: int) -> Tree:
            exponent = exponents[row]
            if exponent <= 0:
                return Applied("/", (base(row),)) if exponent else ONE
            return Power(base(row), exponent) if exponent > 1 else base(row)

        return power

    def _over(self, expr: Over, rows: Rows) -> Reading:
        body = self.reading(expr.body, rows)
        wires = self._wires(expr.indices, rows)
        if expr.op == "sum":
            return lambda row: Summed(body(row), wires[row])
        return lambda row: Applied(expr.op, (body(row),), wires[row])

    def _call(self, function: str, arguments: list[Reading]) -> Reading:
        if function == "conj":
            return lambda row: Conjugate(arguments[0](row))
        return lambda row: Applied(function, tuple(argument(row) for argument in arguments))

    def _reduce(self, op: str, arguments: Sequence[Looped], rows: Rows) -> Reading:
        parts: list[tuple[Reading, list[list[int]]]] = []
        for argument in arguments:
            inner, parent = self.net.scope.expand(argument.loops, rows)
            parts.append((self.reading(argument.body, inner), _grouped(parent, rows.count)))

        def reduce(row: int) -> Tree:
            rounds = tuple(reading(place) for reading, groups in parts for place in groups[row])
            if op == "prod":
                return Times(rounds)
            return Plus(rounds) if op == "sum" else Applied(op, rounds)

        return reduce


def _has_use(expr: Expr) -> bool:
    return any(isinstance(node, Use) for node in nodes_of(expr))


def _grouped(parent: Ints, count: int) -> list[list[int]]:
    groups: list[list[int]] = [[] for _ in range(count)]
    for place, row in enumerate(parent.tolist()):
        groups[row].append(place)
    return groups


def uses_in(tree: Tree, conjugate: bool = False, closed: bool = True) -> list[tuple[UseAt, bool]]:
    """The uses in a tree, in reading order, and whether each stands under a conjugate; ``closed``: in functions too."""
    match tree:
        case UseAt():
            return [(tree, conjugate)]
        case Applied(arguments=parts):
            return [use for part in parts for use in uses_in(part, conjugate)] if closed else []
        case Times(factors=parts) | Plus(terms=parts):
            return [use for part in parts for use in uses_in(part, conjugate, closed)]
        case Summed(body=body) | Power(base=body):
            return uses_in(body, conjugate, closed)
        case Conjugate(body=body):
            return uses_in(body, not conjugate, closed)
    return []
