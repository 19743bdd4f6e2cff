"""Expressions of numbers in the language as Python expressions."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from tncompile.codegen.python import nodes
from tncompile.codegen.python.symbols import Symbols
from tncompile.network import (
    Add,
    Binary,
    Call,
    Choice,
    Compare,
    Expr,
    Logic,
    Multiply,
    Name,
    Negative,
    Not,
    Number,
)

_COMPARISONS: Mapping[str, ast.cmpop] = {
    "==": ast.Eq(),
    "!=": ast.NotEq(),
    "<": ast.Lt(),
    "<=": ast.LtE(),
    ">": ast.Gt(),
    ">=": ast.GtE(),
}
_OPERATORS: Mapping[str, ast.operator] = {"//": ast.FloorDiv(), "%": ast.Mod(), "^": ast.Pow()}
_CALLS = ("min", "max", "abs")


class NotWritten(Exception):
    """The expression has a part that plain Python has no word for."""


def pythonic(expr: Expr, symbols: Symbols, variables: Mapping[str, ast.expr]) -> ast.expr:
    """The expression in Python, with the given variables. Raises `NotWritten`."""
    match expr:
        case Number(text=text):
            return (
                symbols.domain.literal(symbols.value(expr)) if not text.isdigit() else nodes.number(int(text))
            )
        case Name(name=name):
            found = variables.get(name) or symbols.plain(name)
            if found is None:
                raise NotWritten
            return found
        case Negative(operand=operand):
            return ast.UnaryOp(ast.USub(), pythonic(operand, symbols, variables))
        case Not(operand=operand):
            return ast.UnaryOp(ast.Not(), pythonic(operand, symbols, variables))
        case Add(terms=terms, signs=signs):
            operators: list[ast.operator] = [ast.Add() if sign > 0 else ast.Sub() for sign in signs]
            return _chain(terms, operators, symbols, variables)
        case Multiply(factors=factors, inverted=inverted):
            return _chain(
                factors, [ast.Div() if below else ast.Mult() for below in inverted], symbols, variables
            )
        case Binary(op=op, left=left, right=right):
            return _chain((left, right), [_OPERATORS[op]] * 2, symbols, variables)
    return _condition(expr, symbols, variables)


def _condition(expr: Expr, symbols: Symbols, variables: Mapping[str, ast.expr]) -> ast.expr:
    match expr:
        case Compare(operands=operands, ops=ops):
            first, *rest = (pythonic(operand, symbols, variables) for operand in operands)
            return ast.Compare(first, [_COMPARISONS[op] for op in ops], rest)
        case Logic(op=op, operands=operands):
            values = [pythonic(operand, symbols, variables) for operand in operands]
            return ast.BoolOp(ast.And() if op == "and" else ast.Or(), values)
        case Choice(then=then, test=test, other=other):
            chosen, condition, otherwise = (pythonic(e, symbols, variables) for e in (then, test, other))
            return ast.IfExp(condition, chosen, otherwise)
        case Call(function=function, arguments=arguments) if function in _CALLS:
            return nodes.call(nodes.name(function), *(pythonic(a, symbols, variables) for a in arguments))
    raise NotWritten


def _chain(
    parts: Sequence[Expr],
    operators: Sequence[ast.operator],
    symbols: Symbols,
    variables: Mapping[str, ast.expr],
) -> ast.expr:
    """``parts[0] operators[1] parts[1] ...``, from the left."""
    result = pythonic(parts[0], symbols, variables)
    for operator, part in zip(operators[1:], parts[1:], strict=True):
        result = nodes.binary(result, operator, pythonic(part, symbols, variables))
    return result
