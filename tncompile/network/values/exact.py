"""Numbers of a network as exact rational (or Gaussian rational) values: decimal text is read as it stands."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import numpy as np

from tncompile.network.syntax import Add, Binary, Call, Choice, Expr, Item, Multiply, Name, Negative, Number
from tncompile.network.values.rows import UNIT_ROWS, Rows
from tncompile.network.values.scope import Scope
from tncompile.source import Diagnostic, Fault

Exact = tuple[Fraction, Fraction]  # real and imaginary part
NOTHING = Fraction(0)
MOST_BITS = 10**6  # of a power


class Irrational(Fault):
    """A number that is not rational, such as pi or sqrt(2)."""


def exact_numbers(scope: Scope, expr: Expr, rows: Rows = UNIT_ROWS) -> list[Exact]:
    """The value of an expression without tensors at each row. Raises Irrational, or Fault where it has none."""
    try:
        return [(Fraction(value), NOTHING) for value in scope.integers(expr, rows).tolist()]
    except Fault:
        return _numbers(scope, expr, rows)


def _numbers(scope: Scope, expr: Expr, rows: Rows) -> list[Exact]:
    match expr:
        case Number():
            value = (NOTHING, expr.value) if expr.imaginary else (expr.value, NOTHING)
            return [value] * rows.count
        case Name(name=name) if name != "pi" or name in rows.names:
            return _looked_up(scope, expr, rows)
        case Item():
            return _looked_up(scope, expr, rows)
        case Negative(operand=operand):
            return [(-re, -im) for re, im in exact_numbers(scope, operand, rows)]
        case Add(terms=terms, signs=signs):
            columns = [exact_numbers(scope, term, rows) for term in terms]
            return [_sum(row, signs) for row in zip(*columns, strict=True)]
        case Multiply(factors=factors, inverted=inverted):
            columns = [exact_numbers(scope, factor, rows) for factor in factors]
            return [_product(expr, row, inverted) for row in zip(*columns, strict=True)]
        case Binary(op="^", left=left, right=right):
            exponents = scope.integers(right, rows).tolist()
            return [
                _power(expr, base, exponent)
                for base, exponent in zip(exact_numbers(scope, left, rows), exponents, strict=True)
            ]
        case Choice(then=then, test=test, other=other):
            return _chosen(scope, then, other, scope.truths(test, rows), rows)
        case Call(function="conj", arguments=(argument,)):
            return [(re, -im) for re, im in exact_numbers(scope, argument, rows)]
        case Call(function="min" | "max" as called, arguments=arguments):
            pick = min if called == "min" else max
            reals = [[re for re, _ in exact_numbers(scope, argument, rows)] for argument in arguments]
            return [(pick(row), NOTHING) for row in zip(*reals, strict=True)]
        case Call(function="abs", arguments=(argument,)):
            return [(abs(re), NOTHING) for re, _ in exact_numbers(scope, argument, rows)]
    raise Irrational(Diagnostic("this number is not rational", expr.span))


def _looked_up(scope: Scope, expr: Expr, rows: Rows) -> list[Exact]:
    """Values of names. A float that was bound reads as the shortest decimal that stands for it."""
    return [(Fraction(repr(value)), NOTHING) for value in scope.numbers(expr, rows).tolist()]


def _sum(values: tuple[Exact, ...], signs: tuple[int, ...]) -> Exact:
    real = sum((sign * re for (re, _), sign in zip(values, signs, strict=True)), NOTHING)
    return real, sum((sign * im for (_, im), sign in zip(values, signs, strict=True)), NOTHING)


def _product(expr: Expr, values: tuple[Exact, ...], inverted: tuple[bool, ...]) -> Exact:
    total = (Fraction(1), NOTHING)
    for value, below in zip(values, inverted, strict=True):
        total = _times(total, _power(expr, value, -1) if below else value)
    return total


def _times(left: Exact, right: Exact) -> Exact:
    return left[0] * right[0] - left[1] * right[1], left[0] * right[1] + left[1] * right[0]


def _power(expr: Expr, base: Exact, exponent: int) -> Exact:
    if exponent < 0:
        size = base[0] ** 2 + base[1] ** 2
        if not size:
            raise Fault(Diagnostic("division by zero", expr.span))
        base, exponent = (base[0] / size, -base[1] / size), -exponent
    if exponent * _bits(base[0] ** 2 + base[1] ** 2) > MOST_BITS:
        raise Irrational(Diagnostic("this number is too long to be held exactly", expr.span))
    total = (Fraction(1), NOTHING)
    while exponent:
        if exponent % 2:
            total = _times(total, base)
        base, exponent = _times(base, base), exponent // 2
    return total


def _bits(number: Fraction) -> int:
    """The length of a number; 0 where its powers do not grow."""
    return 0 if number in (0, 1) else max(number.numerator.bit_length(), number.denominator.bit_length())


def _chosen(scope: Scope, then: Expr, other: Expr, test: np.ndarray, rows: Rows) -> list[Exact]:
    found: list[Exact | None] = [None] * rows.count
    for expr, mask in ((then, test), (other, ~test)):
        if mask.any():
            values = exact_numbers(scope, expr, rows.take(mask))
            for place, value in zip(np.flatnonzero(mask).tolist(), values, strict=True):
                found[place] = value
    return cast("list[Exact]", found)
