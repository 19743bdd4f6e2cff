"""The value of a term without tensors, for each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.network import Rows, Scope
from tncompile.network.values.functions import NUMERIC
from tncompile.plan.flatten.terms import Column, Function, Product, Reduction, Sum, Term, Value
from tncompile.source import InternalError

Numbers = npt.NDArray[Any]

_REDUCTIONS: Mapping[str, tuple[float, np.ufunc]] = {
    "prod": (1, np.multiply),
    "sum": (0, np.add),
    "max": (-np.inf, np.maximum),
    "min": (np.inf, np.minimum),
}


def numeric(term: Term, rows: Rows, scope: Scope) -> Numbers:
    """A number for each row; ``term`` holds no tensor."""
    match term:
        case Value(expr=expr):
            return scope.numbers(expr, rows)
        case Column(values=values):
            return values
        case Product(factors=factors, inverted=inverted):
            total: Numbers = np.ones(rows.count, np.int64)
            for factor, below in zip(factors, inverted, strict=True):
                value = numeric(factor, rows, scope)
                total = total / value if below else total * value
            return total
        case Sum(terms=terms, signs=signs):
            parts = [numeric(part, rows, scope) * sign for part, sign in zip(terms, signs, strict=True)]
            return np.asarray(np.sum(parts, axis=0))
        case Function(name="^", arguments=(base, exponent)):
            return np.power(numeric(base, rows, scope).astype(np.float64), numeric(exponent, rows, scope))
        case Function(name="max" | "min" as name, arguments=arguments):
            columns = [numeric(argument, rows, scope) for argument in arguments]
            return np.asarray(_REDUCTIONS[name][1].reduce(columns, axis=0))
        case Function(name=name, arguments=(argument,)):
            return NUMERIC[name](numeric(argument, rows, scope))
        case Reduction():
            return _reduced(term, rows, scope)
    raise InternalError("a tensor stands where only numbers are expected")


def _reduced(term: Reduction, rows: Rows, scope: Scope) -> Numbers:
    start, function = _REDUCTIONS[term.op]
    bodies = [numeric(inside.body, inside.rows, scope) for inside in term.arguments]
    whole = start in (0, 1) and all(np.issubdtype(body.dtype, np.integer) for body in bodies)
    total: Numbers = np.full(rows.count, start, np.int64 if whole else np.result_type(np.float64, *bodies))
    for inside, body in zip(term.arguments, bodies, strict=True):
        function.at(total, inside.parent, body)
    return total
