"""Which sizes shape the network, and which are only extents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tncompile.network.syntax import (
    Axis,
    Call,
    Choice,
    Definition,
    Expr,
    FreeIndex,
    Index,
    Item,
    Let,
    Loop,
    Multiply,
    Name,
    Node,
    Size,
    Statement,
    Tensor,
    Use,
)
from tncompile.network.syntax.walk import children
from tncompile.network.values.evaluation import Evaluation
from tncompile.network.values.held import FamilyValue, Value

# Large enough to be no extent of a small network, small enough that `r^6` stays below 2^63.
FIRST_PRIME = 1009


def generic_sizes(scope: Evaluation, statements: Sequence[Statement]) -> dict[str, Value]:
    """For each size that no range, condition, subscript or exact division reads: a prime of its own."""
    shaping = structural_names(statements)
    primes = _primes()
    values: dict[str, Value] = {}
    for statement in statements:
        if not isinstance(statement, Size) or statement.real or statement.name in shaping:
            continue
        value = scope.lookup(statement.name)
        if isinstance(value, FamilyValue):
            count = len(value.members)
            values[statement.name] = FamilyValue(
                value.members, np.array([next(primes) for _ in range(count)], np.int64)
            )
        elif isinstance(value, int):
            values[statement.name] = next(primes)
    return values


def structural_names(statements: Sequence[Statement]) -> set[str]:
    """Names of sizes and lets that decide which members and instances there are."""
    lets = {s.name: s for s in statements if isinstance(s, Let)}
    found: set[str] = set()
    pending: list[str] = []

    def mark(node: Node, shaping: bool) -> None:
        if isinstance(node, Name | Item) and shaping and node.name not in found:
            found.add(node.name)
            pending.append(node.name)
        for child, inside in _parts(node, shaping):
            mark(child, inside)

    for statement in statements:
        for part, shaping in _statement_parts(statement):
            mark(part, shaping)
    while pending:
        let = lets.get(pending.pop())
        if let is not None:
            mark(let.value, True)
    return found


def _statement_parts(statement: Statement) -> list[tuple[Node, bool]]:
    match statement:
        case Size(family=family):
            return [(loop, True) for loop in family]
        case Let(family=family, value=value):
            return [*((loop, True) for loop in family), (value, False)]
        case Tensor(family=family, axes=axes):
            return [*((loop, True) for loop in family), *((axis, False) for axis in axes)]
        case Definition():
            shaping = [*statement.subscripts, *statement.loops]
            return [
                *((part, True) for part in shaping),
                *((free, False) for free in statement.indices),
                (statement.body, False),
            ]
    return []


def _parts(node: Node, shaping: bool) -> list[tuple[Node, bool]]:
    match node:
        case Loop():
            return [(child, True) for child in children(node)]
        case Choice(then=then, test=test, other=other):
            return [(then, shaping), (test, True), (other, shaping)]
        case Item(subscripts=subscripts):
            return [(s, True) for s in subscripts]
        case Use(subscripts=subscripts, indices=indices):
            return [*((s, True) for s in subscripts), *((i, False) for i in indices)]
        case Index(subscripts=subscripts, loops=loops):
            return [*((s, True) for s in subscripts), *((loop, True) for loop in loops)]
        case Multiply(factors=factors, inverted=inverted) if any(inverted) and _is_integer(factors):
            return [(f, True) for f in factors]
        case Call(function="log2" | "len" | "gcd" | "binomial" | "multichoose", arguments=arguments):
            return [(a, True) for a in arguments]
        case Axis() | FreeIndex() | Expr():
            return [(child, shaping) for child in children(node)]
    return [(child, shaping) for child in children(node)]


def _is_integer(factors: Sequence[Expr]) -> bool:
    """Whether a quotient is one of integers (extents divide exactly), not one of tensors."""
    return not any(isinstance(node, Use) for factor in factors for node in (factor, *children(factor)))


def _primes() -> Iterator[int]:
    candidate = FIRST_PRIME
    while True:
        if all(candidate % divisor for divisor in range(3, int(candidate**0.5) + 1, 2)):
            yield candidate
        candidate += 2
