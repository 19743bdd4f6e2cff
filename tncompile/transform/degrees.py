"""The degree of each member of a network in each of some inputs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

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
from tncompile.transform.dependence import Members

# The degree in each input that occurs, by member number; -1 where it is no one degree. None is the zero.
Degrees = dict[int, int] | None
# The degrees at one row, from those of the members found so far.
Reading = Callable[[list[Degrees], int], Degrees]
MIXED = -1


def output_degrees(
    net: Network, inputs: Collection[int], *, highest: bool = False
) -> dict[tuple[str, int], dict[int, int]]:
    """The degrees of every output member in the input members given by number (see `Members`).

    A sum of terms of different degree has none (`MIXED`), or the ``highest``.
    """
    members = Members(net)
    rules: dict[int, tuple[Reading, int]] = {}
    for rule in net.tables.classes:
        reading = _Reader(net, members, _highest if highest else _sum).reading(rule.equation, rule.rows)
        start = members.starts[rule.definition.name]
        for row, target in enumerate(rule.target.tolist()):
            rules[start + target] = reading, row
    found: list[Degrees] = [{} for _ in range(members.count)]
    for node, _ in members.in_order():
        if node in rules:
            reading, row = rules[node]
            found[node] = reading(found, row)
        elif node in inputs:
            found[node] = {node: 1}
    return {
        (name, position): found[members.starts[name] + position] or {}
        for name in net.outputs
        for position in range(len(net.tables.tensors[name].members))
    }


class _Reader:
    """Turns equations into functions that read off degrees, subscripts evaluated for all rows at once."""

    def __init__(self, net: Network, members: Members, add: Callable[[Sequence[Degrees]], Degrees]) -> None:
        self.net, self.members, self.add = net, members, add

    def reading(self, expr: Expr, rows: Rows) -> Reading:
        match expr:
            case Use(name="delta" | "one"):
                return lambda _found, _row: {}
            case Use():
                return self._use(expr, rows)
            case Negative(operand=inner) | Over(op="sum", body=inner):
                return self.reading(inner, rows)
            case Call(function="conj", arguments=(inner,)) if self.net.field == "real":
                return self.reading(inner, rows)
            case Add(terms=terms):
                return _joined(self.add, [self.reading(term, rows) for term in terms])
            case Multiply(factors=factors, inverted=inverted):
                parts = [self.reading(factor, rows) for factor in factors]
                fixed = [
                    _joined(_mixed, [p]) if below else p for p, below in zip(parts, inverted, strict=True)
                ]
                return _joined(_product, fixed)
            case Binary(op="^", left=left, right=right):
                return self._power(left, right, rows)
            case Reduce(op=op, arguments=arguments):
                return self._reduce({"prod": _product, "sum": self.add}.get(op, _mixed), arguments, rows)
            case Over(body=inner):
                return _joined(_mixed, [self.reading(inner, rows)])
            case Call(arguments=arguments):
                return _joined(_mixed, [self.reading(argument, rows) for argument in arguments])
        return self._number(expr, rows)

    def _use(self, use: Use, rows: Rows) -> Reading:
        columns = [self.net.scope.integers(subscript, rows) for subscript in use.subscripts]
        subscripts = np.array(columns, np.int64).reshape(len(columns), rows.count).T
        positions = self.net.tables.tensors[use.name].find(subscripts) + self.members.starts[use.name]
        numbers = positions.tolist()
        return lambda found, row: found[numbers[row]]

    def _number(self, expr: Expr, rows: Rows) -> Reading:
        zero = (self.net.scope.numbers(expr, rows) == 0).tolist()
        return lambda _found, row: None if zero[row] else {}

    def _power(self, left: Expr, right: Expr, rows: Rows) -> Reading:
        if not any(isinstance(node, Use) for node in nodes_of(left)):
            return lambda _found, _row: {}
        base = self.reading(left, rows)
        exponents = self.net.scope.integers(right, rows).tolist()

        def power(found: list[Degrees], row: int) -> Degrees:
            degrees, exponent = base(found, row), exponents[row]
            if exponent < 0:
                return _mixed([degrees])
            return _raised(degrees, exponent)

        return power

    def _reduce(
        self, join: Callable[[Sequence[Degrees]], Degrees], arguments: Sequence[Looped], rows: Rows
    ) -> Reading:
        parts: list[tuple[Reading, list[list[int]]]] = []
        for argument in arguments:
            inner, parent = self.net.scope.expand(argument.loops, rows)
            parts.append((self.reading(argument.body, inner), _grouped(parent, rows.count)))

        def reduce(found: list[Degrees], row: int) -> Degrees:
            return join([reading(found, place) for reading, groups in parts for place in groups[row]])

        return reduce


def _grouped(parent: Ints, count: int) -> list[list[int]]:
    groups: list[list[int]] = [[] for _ in range(count)]
    for place, row in enumerate(parent.tolist()):
        groups[row].append(place)
    return groups


def _joined(join: Callable[[Sequence[Degrees]], Degrees], parts: Sequence[Reading]) -> Reading:
    return lambda found, row: join([part(found, row) for part in parts])


def _product(parts: Iterable[Degrees]) -> Degrees:
    total: dict[int, int] = {}
    for part in parts:
        if part is None:
            return None
        for number, degree in part.items():
            before = total.get(number, 0)
            total[number] = MIXED if MIXED in (before, degree) else before + degree
    return total


def _raised(degrees: Degrees, exponent: int) -> Degrees:
    """The degrees of a power with an exponent from 0."""
    if not exponent:
        return {}
    if degrees is None:
        return None
    return {number: MIXED if degree == MIXED else exponent * degree for number, degree in degrees.items()}


def _sum(parts: Sequence[Degrees]) -> Degrees:
    """Terms of different degree make it none; the zero goes with every degree."""
    terms = [part for part in parts if part is not None]
    if not terms:
        return None
    numbers = dict.fromkeys(number for term in terms for number in term)
    return {n: terms[0].get(n, 0) if len({term.get(n, 0) for term in terms}) == 1 else MIXED for n in numbers}


def _highest(parts: Sequence[Degrees]) -> Degrees:
    """The degree of a sum of terms that do not cancel."""
    total: dict[int, int] = {}
    for part in parts:
        for number, degree in (part or {}).items():
            before = total.get(number, 0)
            total[number] = MIXED if MIXED in (before, degree) else max(before, degree)
    return total


def _mixed(parts: Sequence[Degrees]) -> Degrees:
    """Under a function there is no degree."""
    return {number: MIXED for part in parts if part is not None for number in part}
