"""The functions of the language as array expressions that neither overflow nor warn needlessly."""

from __future__ import annotations

import ast

from tncompile.codegen.python import nodes
from tncompile.codegen.python.domain import Domain
from tncompile.source import InternalError

_SAME_NAME = ("tanh", "exp", "log", "sqrt", "abs", "sign", "cos", "sin")


def function(called: str, arguments: list[ast.expr], domain: Domain) -> ast.expr:
    """``called(arguments)`` element by element. Raises InternalError for a name the language does not have."""
    first = arguments[0]
    if called in _SAME_NAME:
        return domain.call(called, first)
    match called:
        case "conj":
            return domain.conjugate(first)
        case "relu":
            return domain.call("maximum", first, nodes.number(0))
        case "step":
            positive = ast.Compare(first, [ast.Gt()], [nodes.number(0)])
            return nodes.method(positive, "astype", nodes.attribute(first, "dtype"))
        case "sigmoid":
            half = nodes.number(0.5)
            inner = domain.call("tanh", nodes.binary(half, ast.Mult(), first))
            return nodes.binary(half, ast.Mult(), nodes.binary(nodes.number(1), ast.Add(), inner))
        case "softplus" if domain.is_complex:
            return domain.call("log", nodes.binary(nodes.number(1), ast.Add(), domain.call("exp", first)))
        case "softplus":
            return domain.call("logaddexp", nodes.number(0), first)
        case "max" | "min":
            result = first
            for argument in arguments[1:]:
                result = domain.call(called + "imum", result, argument)
            return result
        case "/":
            return domain.divide(first, arguments[1])
        case "^":
            return domain.power(first, arguments[1])
    raise InternalError(f"no array function is known for `{called}`")
