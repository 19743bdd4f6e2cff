"""What can be said of each member of a network from what is said of the members it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

from tncompile.network import (
    Add,
    Binary,
    Call,
    Expr,
    Ints,
    Looped,
    Multiply,
    Negative,
    Network,
    Over,
    Reduce,
    Rows,
    Use,
    nodes_of,
)
from tncompile.source.records import record
from tncompile.transform.dependence import Members

T = TypeVar("T")
Joined = Callable[[Sequence[T | None]], T | None]
# What is said at one row, from what is said of the members found so far.
Reading = Callable[[list[T | None], int], T | None]


@record
class Algebra(Generic[T]):
    """How statements are joined; None is that of the zero."""

    constant: T
    add: Joined[T]
    product: Joined[T]
    function: Joined[T]
    power: Callable[[T | None, int], T | None]  # exponents from 2
    conjugates: bool  # whether a conjugate is as good as what it is of


def read_members(
    net: Network, members: Members, algebra: Algebra[T], said: Callable[[int, T | None], T | None]
) -> list[T | None]:
    """What is said of each member by its number.

    ``said`` gives it from the number and from what the rule of the member says; for inputs, weights and constants that
    is the constant of the algebra.
    """
    rules: dict[int, tuple[Reading[T], int]] = {}
    for rule in net.tables.classes:
        reading = _Reader(net, members, algebra).reading(rule.equation, rule.rows)
        start = members.starts[rule.definition.name]
        for row, target in enumerate(rule.target.tolist()):
            rules[start + target] = reading, row
    found: list[T | None] = [algebra.constant] * members.count
    for node, _ in members.in_order():
        if node in rules:
            reading, row = rules[node]
            found[node] = reading(found, row)
        found[node] = said(node, found[node])
    return found


class _Reader(Generic[T]):
    """Turns equations into functions that read off statements, subscripts evaluated for all rows at once."""

    def __init__(self, net: Network, members: Members, algebra: Algebra[T]) -> None:
        self.net, self.members, self.algebra = net, members, algebra

    def reading(self, expr: Expr, rows: Rows) -> Reading[T]:
        algebra = self.algebra
        match expr:
            case Use(name="delta" | "one"):
                return lambda _found, _row: algebra.constant
            case Use():
                return self._use(expr, rows)
            case Negative(operand=inner) | Over(op="sum", body=inner):
                return self.reading(inner, rows)
            case Call(function="conj", arguments=(inner,)) if algebra.conjugates:
                return self.reading(inner, rows)
            case Add(terms=terms):
                return _joined(algebra.add, [self.reading(term, rows) for term in terms])
            case Multiply(factors=factors, inverted=inverted):
                parts = [self.reading(factor, rows) for factor in factors]
                fixed = [
                    _joined(algebra.function, [part]) if below else part
                    for part, below in zip(parts, inverted, strict=True)
                ]
                return _joined(algebra.product, fixed)
            case Binary(op="^", left=left, right=right):
                return self._power(left, right, rows)
            case Reduce(op=op, arguments=arguments):
                joins = {"prod": algebra.product, "sum": algebra.add}
                return self._reduce(joins.get(op, algebra.function), arguments, rows)
            case Over(body=inner):
                return _joined(algebra.function, [self.reading(inner, rows)])
            case Call(arguments=arguments):
                return _joined(algebra.function, [self.reading(argument, rows) for argument in arguments])
        return self._number(expr, rows)

    def _use(self, use: Use, rows: Rows) -> Reading[T]:
        columns = [self.net.scope.integers(subscript, rows) for subscript in use.subscripts]
        subscripts = np.array(columns, np.int64).reshape(len(columns), rows.count).T
        positions = self.net.tables.tensors[use.name].find(subscripts) + self.members.starts[use.name]
        numbers = positions.tolist()
        return lambda found, row: found[numbers[row]]

    def _number(self, expr: Expr, rows: Rows) -> Reading[T]:
        zero = (self.net.scope.numbers(expr, rows) == 0).tolist()
        return lambda _found, row: None if zero[row] else self.algebra.constant

    def _power(self, left: Expr, right: Expr, rows: Rows) -> Reading[T]:
        algebra = self.algebra
        if not any(isinstance(node, Use) for node in nodes_of(left)):
            return lambda _found, _row: algebra.constant
        base = self.reading(left, rows)
        exponents = self.net.scope.integers(right, rows).tolist()

        def power(found: list[T | None], row: int) -> T | None:
            exponent = exponents[row]
            if exponent == 0:
                return algebra.constant
            of = base(found, row)
            if exponent < 0:
                return algebra.function([of])
            return of if exponent == 1 else algebra.power(of, exponent)

        return power

    def _reduce(self, join: Joined[T], arguments: Sequence[Looped], rows: Rows) -> Reading[T]:
        parts: list[tuple[Reading[T], list[list[int]]]] = []
        for argument in arguments:
            inner, parent = self.net.scope.expand(argument.loops, rows)
            parts.append((self.reading(argument.body, inner), _grouped(parent, rows.count)))

        def reduce(found: list[T | None], row: int) -> T | None:
            return join([reading(found, place) for reading, groups in parts for place in groups[row]])

        return reduce


def _grouped(parent: Ints, count: int) -> list[list[int]]:
    groups: list[list[int]] = [[] for _ in range(count)]
    for place, row in enumerate(parent.tolist()):
        groups[row].append(place)
    return groups


def _joined(join: Joined[T], parts: Sequence[Reading[T]]) -> Reading[T]:
    return lambda found, row: join([part(found, row) for part in parts])
