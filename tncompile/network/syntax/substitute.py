"""Putting expressions in the place of loop variables, and folding the integer arithmetic that this leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from tncompile.network.syntax import Add, Binary, Expr, Multiply, Name, Negative, Node, Number
from tncompile.network.syntax.walk import map_children

T = TypeVar("T", bound=Node)


def substitute(node: T, values: Mapping[str, Expr]) -> T:
    """The node with each `Name` of ``values`` replaced, and integer arithmetic folded where that happened.

    Loop variables are new names wherever they stand (the language demands it), so nothing is captured.
    """
    if not values:
        return node
    return cast(T, _substituted(node, values))


def _substituted(node: Node, values: Mapping[str, Expr]) -> Node:
    if isinstance(node, Name):
        return values.get(node.name, node)
    changed = map_children(node, lambda child: _substituted(child, values))
    return changed if changed is node else _folded(changed)


def integer(value: int) -> Expr:
    """A literal; a negative number is a `Negative`, as the text has it."""
    return Number(str(value)) if value >= 0 else Negative(Number(str(-value)))


def integer_value(expr: Expr) -> int | None:
    """The value of an integer literal, maybe with a minus; None for anything else."""
    match expr:
        case Number(text=text) if text.isdigit():
            return int(text)
        case Negative(operand=Number(text=text)) if text.isdigit():
            return -int(text)
    return None


def shifted(expr: Expr, offset: int) -> Expr:
    """``expr + offset``, folded: ``d - 1`` shifted by -1 is ``d - 2``."""
    if offset == 0:
        return expr
    return _folded_sum(Add((expr, integer(abs(offset))), (1, 1 if offset > 0 else -1)))


def _folded(node: Node) -> Node:
    match node:
        case Add():
            return _folded_sum(node)
        case Multiply():
            return _folded_product(node)
        case Negative(operand=operand):
            value = integer_value(operand)
            return node if value is None else integer(-value)
        case Binary(op=op, left=left, right=right):
            return _folded_binary(node, op, integer_value(left), integer_value(right))
    return node


def _folded_sum(node: Add) -> Expr:
    """Literals gathered at the end; a nested sum whose parts are names or literals is opened."""
    total, terms, signs = 0, [], []
    for term, sign in _opened(node):
        value = integer_value(term)
        if value is None:
            terms.append(term)
            signs.append(sign)
        else:
            total += sign * value
    if not terms:
        return integer(total)
    if signs[0] < 0:
        # The first sign is always +: a literal goes in front, where there is one.
        if total:
            return Add((integer(total), *terms), (1, *signs))
        terms[0], signs[0] = Negative(terms[0]), 1
    if total:
        terms.append(integer(abs(total)))
        signs.append(1 if total > 0 else -1)
    return terms[0] if len(terms) == 1 else Add(tuple(terms), tuple(signs), span=node.span)


def _opened(node: Add) -> list[tuple[Expr, int]]:
    parts: list[tuple[Expr, int]] = []
    for term, sign in zip(node.terms, node.signs, strict=True):
        if isinstance(term, Add) and any(integer_value(part) is not None for part in term.terms):
            parts += [(inner, sign * inner_sign) for inner, inner_sign in _opened(term)]
        else:
            parts.append((term, sign))
    return parts


def _folded_product(node: Multiply) -> Expr:
    values = [integer_value(factor) for factor in node.factors]
    if any(value is None for value in values):
        return node
    result = 1
    for value, inverted in zip(values, node.inverted, strict=True):
        assert value is not None
        if inverted and (value == 0 or result % value):
            return node
        result = result // value if inverted else result * value
    return integer(result)


def _folded_binary(node: Binary, op: str, left: int | None, right: int | None) -> Expr:
    if left is None or right is None:
        return node
    if op == "^":
        small = 0 <= right <= 63 and abs(left) ** right < 2**63
        return integer(left**right) if small else node
    if right == 0:
        return node
    return integer(left // right if op == "//" else left % right)
