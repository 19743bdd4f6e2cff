"""Sizes, lets and loops as the language page has them, one value at a time, in exact fractions."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from tncompile.network import (
    Add,
    Binary,
    Call,
    Choice,
    Compare,
    Expr,
    Item,
    Let,
    ListExpr,
    Logic,
    Loop,
    Multiply,
    Name,
    Negative,
    Not,
    Number,
    Range,
    Reduce,
    Size,
    Statement,
)

Environment = Mapping[str, int]

COMPARE = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Values:
    """The values of a network's sizes, numbers and lets, each found when it is first asked for."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._declared = {s.name: s for s in statements if isinstance(s, Size | Let)}
        self._found: dict[tuple[str, tuple[int, ...]], Any] = {}

    def value(self, expr: Expr, env: Environment) -> Any:
        """An integer or a fraction; a float or complex number; a truth value; a list."""
        match expr:
            case Number():
                return complex(0, float(expr.value)) if expr.imaginary else expr.value
            case Name("pi"):
                return math.pi
            case Name(name):
                return env[name] if name in env else self.named(name, ())
            case Item(name, subscripts):
                return self.named(name, tuple(int(self.value(s, env)) for s in subscripts))
            case ListExpr(items):
                return [self.value(item, env) for item in items]
            case Negative(operand):
                return -self.value(operand, env)
            case Add(terms, signs):
                return sum(sign * self.value(term, env) for term, sign in zip(terms, signs, strict=True))
            case Multiply(factors, inverted):
                parts = [self.value(factor, env) for factor in factors]
                return math.prod(
                    1 / part if down else part for part, down in zip(parts, inverted, strict=True)
                )
            case Binary(op, left, right):
                return self.binary(op, self.value(left, env), self.value(right, env))
            case Choice(then, test, other):
                return self.value(then if self.value(test, env) else other, env)
            case Call(function, arguments):
                return call(function, [self.value(argument, env) for argument in arguments])
            case Reduce(op, arguments):
                parts = [self.value(a.body, inner) for a in arguments for inner in self.rows(a.loops, env)]
                return {"prod": math.prod, "sum": sum, "max": max, "min": min}[op](parts)
        return self.truth(expr, env)

    def truth(self, expr: Expr, env: Environment) -> bool:
        match expr:
            case Compare(operands, ops):
                parts = [self.value(operand, env) for operand in operands]
                return all(COMPARE[op](a, b) for op, a, b in zip(ops, parts, parts[1:], strict=False))
            case Logic(op, operands):
                return (all if op == "and" else any)(self.truth(operand, env) for operand in operands)
            case Not(operand):
                return not self.truth(operand, env)
        raise TypeError(expr)

    @staticmethod
    def binary(op: str, left: Any, right: Any) -> Any:
        if op == "^":
            return left ** int(right)
        return left // right if op == "//" else left % right

    def named(self, name: str, subscripts: tuple[int, ...]) -> Any:
        """A size, number or let, or a member of one."""
        key = name, subscripts
        if key not in self._found:
            self._found[key] = self._find(name, subscripts)
        return self._found[key]

    def _find(self, name: str, subscripts: tuple[int, ...]) -> Any:
        statement = self._declared[name]
        expr = statement.value if isinstance(statement, Let) else statement.default
        assert expr is not None, f"{name} is not bound"
        if not statement.family:
            value = self.value(expr, {})
            for place in subscripts:  # lists count from 1
                value = value[place - 1]
            return value
        for number, (env, member) in enumerate(self.members(statement.family)):
            if member == subscripts:
                value = self.value(expr, env if isinstance(statement, Let) else {})
                return _flat(value)[number] if isinstance(value, list) else value
        raise KeyError(f"{name}{list(subscripts)}")

    def rows(self, loops: Sequence[Loop], env: Environment) -> Iterator[dict[str, int]]:
        """The assignments of loop variables, in order, each with what was given."""
        for inner, _ in self._rows(loops, dict(env), ()):
            yield inner

    def members(self, family: Sequence[Loop]) -> Iterator[tuple[dict[str, int], tuple[int, ...]]]:
        """The members of a family with the values of its variables."""
        yield from self._rows(family, {}, ())

    def _rows(
        self, loops: Sequence[Loop], env: dict[str, int], chosen: tuple[int, ...]
    ) -> Iterator[tuple[dict[str, int], tuple[int, ...]]]:
        if not loops:
            yield env, chosen
            return
        loop = loops[0]
        for item in self._domain(loop, env):
            inner = {**env, **dict(zip(loop.variables, item, strict=bool(loop.variables)))}
            if loop.condition is None or self.value(loop.condition, inner):
                yield from self._rows(loops[1:], inner, (*chosen, *item))

    def _domain(self, loop: Loop, env: Environment) -> Iterator[tuple[int, ...]]:
        if isinstance(loop.domain, Range):
            first, last = self.value(loop.domain.first, env), self.value(loop.domain.last, env)
            yield from ((i,) for i in range(int(first), int(last) + 1))
        else:
            for item in self.value(loop.domain, env):
                yield tuple(int(i) for i in item) if isinstance(item, list) else (int(item),)


def _flat(value: Any) -> list[Any]:
    return [entry for item in value for entry in _flat(item)] if isinstance(value, list) else [value]


def call(function: str, arguments: list[Any]) -> Any:
    """The functions of values."""
    first = arguments[0]
    match function:
        case "min" | "max":
            return (min if function == "min" else max)(arguments)
        case "abs":
            return abs(first)
        case "len":
            return len(first)
        case "gcd":
            return math.gcd(*(int(a) for a in arguments))
        case "binomial":
            return math.comb(int(first), int(arguments[1]))
        case "multichoose":
            return math.comb(int(first) + int(arguments[1]) - 1, int(arguments[1]))
        case "log2":
            exact = Fraction(first).denominator == 1 and int(first).bit_count() == 1
            return int(first).bit_length() - 1 if exact else math.log2(first)
        case "relu":
            return max(first, 0)
        case "step":
            return int(first > 0)
        case "sign":
            return (first > 0) - (first < 0)
        case "sigmoid":
            return 1 / (1 + math.exp(-first))
        case "softplus":
            return math.log1p(math.exp(first))
        case "conj":
            return first.conjugate()
    library = cmath if isinstance(first, complex) else math
    return getattr(library, function)(first)


def scalar(value: Any) -> float | complex:
    """A value as a number that arrays can hold."""
    return value if isinstance(value, complex) else float(value)
