"""Extents as expressions of a text."""

from __future__ import annotations

from functools import cache
from math import lcm

from tncompile.language import parse
from tncompile.network import Expr, Formula, Let
from tncompile.source import Source


@cache
def formula_expr(formula: Formula) -> Expr:
    """A formula in the sizes, of an integer, as a text would say it."""
    denominator = lcm(*(factor.denominator for _, factor in formula.terms))
    # Term by term the division need not be exact: n^2/2 - n/2.
    text = str(formula) if denominator == 1 else f"({formula * denominator})/{denominator}"
    (statement,) = parse(Source("<extent>", f"network extent\nlet value = {text}\n")).statements
    assert isinstance(statement, Let)
    return statement.value
