"""Array expressions written into a given place: their last operation gets an ``out=``."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from tncompile.codegen.python.domain import Domain

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.MatMult: "matmul",
}
_ELEMENTWISE = (
    *("abs", "add", "cos", "divide", "exp", "log", "logaddexp", "maximum", "minimum", "multiply", "negative"),
    *("power", "sign", "sin", "sqrt", "subtract", "tanh"),
)
_REDUCTIONS = ("sum", "prod", "max", "min", "einsum")


def into(
    expr: ast.expr, place: ast.expr, domain: Domain, arrays: Collection[str], several: bool
) -> list[ast.stmt] | None:
    """Statements that write ``expr`` into ``place``, an array of its shape; None where that takes a copy.

    Element-wise operations one after the other all go there if ``several`` statements are allowed: if no variable of
    ``expr`` lies in ``place``. ``arrays`` are the variables that are arrays; all others are numbers.
    """
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr in _REDUCTIONS:
        written = [*expr.keywords, ast.keyword("out", place)]
        return [ast.Expr(ast.Call(expr.func, expr.args, written))]
    called, operands = _operation(expr, domain)
    if called is None:
        return None
    before: list[ast.stmt] = []
    for number, operand in enumerate(operands if several and called in _ELEMENTWISE else ()):
        if _is_computed(operand, domain) and _mentions(operand, arrays):
            first = into(operand, place, domain, arrays, several)
            if first is not None:
                before, operands = first, [*operands[:number], place, *operands[number + 1 :]]
                break
    return [*before, ast.Expr(domain.call(called, *operands, out=place))]


def _operation(expr: ast.expr, domain: Domain) -> tuple[str | None, Sequence[ast.expr]]:
    """The function of the array library that an expression calls in the end, and its arguments."""
    match expr:
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return _OPERATORS[type(operator)], [left, right]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return "negative", [operand]
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=library), attr=called), args=arguments, keywords=[]
        ):
            if library == domain.namespace and called in (*_ELEMENTWISE, "matmul"):
                return called, arguments
        case ast.Call(
            func=ast.Attribute(
                value=ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]), attr="astype"
            )
        ):
            return "greater", [left, right]  # its place says the dtype
    return None, []


def _is_computed(expr: ast.expr, domain: Domain) -> bool:
    called, _ = _operation(expr, domain)
    return called in _ELEMENTWISE


def _mentions(expr: ast.expr, words: Collection[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in words for node in ast.walk(expr))


__all__ = ["into"]
