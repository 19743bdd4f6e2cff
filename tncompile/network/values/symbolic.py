"""What an integer expression is in the sizes: its formula at given loop values."""

from __future__ import annotations

import numpy as np

from tncompile.network.syntax import Add, Binary, Call, Choice, Expr, Item, Multiply, Name, Negative, Number
from tncompile.network.values.evaluation import Evaluation
from tncompile.network.values.formula import Formula
from tncompile.network.values.held import FamilyValue
from tncompile.network.values.rows import Rows


def symbolic_value(scope: Evaluation, expr: Expr, values: dict[str, int]) -> Formula:
    """The formula of ``expr``; choices are made, lets are put in. What is no polynomial becomes an atom."""
    match expr:
        case Number():
            return Formula.constant(expr.value)
        case Name(name=name):
            return _name(scope, name, values)
        case Item():
            return _item(scope, expr, values)
        case Negative(operand=operand):
            return -symbolic_value(scope, operand, values)
        case Add(terms=terms, signs=signs):
            total = Formula.constant(0)
            for term, sign in zip(terms, signs, strict=True):
                total = total + symbolic_value(scope, term, values) * sign
            return total
        case Multiply():
            return _product(scope, expr, values)
        case Binary():
            return _binary(scope, expr, values)
        case Choice(then=then, test=test, other=other):
            taken = then if scope.truths(test, _row(values))[0] else other
            return symbolic_value(scope, taken, values)
    return _atom(scope, expr, values)


def _row(values: dict[str, int]) -> Rows:
    return Rows(tuple(values), np.array(list(values.values()), np.int64).reshape(len(values), 1), 1)


def _name(scope: Evaluation, name: str, values: dict[str, int]) -> Formula:
    if name in values:
        return Formula.constant(values[name])
    let = scope.let(name)
    return Formula.atom(name) if let is None else scope.let_formula(name, let.value, {})


def _item(scope: Evaluation, expr: Item, values: dict[str, int]) -> Formula:
    value = scope.lookup(expr.name)
    if not isinstance(value, FamilyValue):
        return Formula.constant(int(scope.integers(expr, _row(values))[0]))
    subscripts = [int(scope.integers(s, _row(values))[0]) for s in expr.subscripts]
    let = scope.let(expr.name)
    text = f"{expr.name}[{', '.join(map(str, subscripts))}]"
    if let is None:
        return Formula.atom(text)
    names = [loop.variables[0] if len(loop.variables) == 1 else "" for loop in let.family]
    return scope.let_formula(text, let.value, {n: s for n, s in zip(names, subscripts, strict=True) if n})


def _product(scope: Evaluation, expr: Multiply, values: dict[str, int]) -> Formula:
    total = Formula.constant(1)
    for factor, inverted in zip(expr.factors, expr.inverted, strict=True):
        part = symbolic_value(scope, factor, values)
        if not inverted:
            total = total * part
        elif part.number:
            total = total.divided(part.number)
        else:
            return _atom(scope, expr, values)
    return total


def _binary(scope: Evaluation, expr: Binary, values: dict[str, int]) -> Formula:
    exponent = symbolic_value(scope, expr.right, values).number
    if expr.op == "^" and exponent is not None and 0 <= exponent <= 64 and exponent.denominator == 1:
        return symbolic_value(scope, expr.left, values) ** int(exponent)
    return _atom(scope, expr, values)


def _atom(scope: Evaluation, expr: Expr, values: dict[str, int]) -> Formula:
    """An opaque symbol that shows the expression with its parts in the sizes; a number where it is one."""
    parts: tuple[Expr, ...]
    match expr:
        case Binary(left=left, right=right):
            parts = (left, right)
        case Call(arguments=parts):
            pass
        case Multiply(factors=parts):
            pass
        case _:
            return Formula.constant(int(scope.integers(expr, _row(values))[0]))
    formulas = [symbolic_value(scope, part, values) for part in parts]
    if all(formula.number is not None for formula in formulas):
        return Formula.constant(int(scope.integers(expr, _row(values))[0]))
    texts = [str(formula) for formula in formulas]
    if isinstance(expr, Call):
        return Formula.atom(f"{expr.function}({', '.join(texts)})")
    wrapped = [text if text.isidentifier() or text.isdigit() else f"({text})" for text in texts]
    if isinstance(expr, Multiply):
        signs = ["/" if inverted else "*" for inverted in expr.inverted]
        parts_text = "".join(s + w for s, w in zip(signs[1:], wrapped[1:], strict=True))
        return Formula.atom(f"({wrapped[0]}{parts_text})")
    return Formula.atom(f"({wrapped[0]}{expr.op}{wrapped[1]})")
