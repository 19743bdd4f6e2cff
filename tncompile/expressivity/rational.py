"""Whether the numbers in a network reach the arithmetic modulo a prime as they are."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from tncompile.network import Add, Expr, Multiply, Name, Network, Reduce, Rows, Use, children, nodes_of
from tncompile.network.values.exact import Irrational, exact_numbers
from tncompile.transform.build import ONE


def is_rational(net: Network) -> bool:
    """Whether all numbers that depend on loop variables are decimals that a float holds.

    Planning evaluates those numbers, in floating point: 1/3 would become another number, and pi is none at
    all. Numbers without loop variables stay expressions and are evaluated exactly.
    """
    return all(
        _is_exact(net, expr, rows)
        for rule in net.tables.classes
        for expr, rows in _numbers(net, rule.equation, rule.rows)
    )


def _numbers(net: Network, equation: Expr, rows: Rows) -> Iterator[tuple[Expr, Rows]]:
    """The largest parts of an equation without tensors and loops that depend on loop variables."""
    pending: list[tuple[Expr, Rows]] = [(equation, rows)]
    while pending:
        part, rows = pending.pop()
        if isinstance(part, Use):
            continue
        if isinstance(part, Reduce):
            pending += [(a.body, net.scope.expand(a.loops, rows)[0]) for a in part.arguments]
        elif _has_tensors(part):
            pending += [(child, rows) for child in _parts(part)]
        elif any(isinstance(node, Name) and node.name in rows.names for node in nodes_of(part)):
            yield part, rows


def _has_tensors(expr: Expr) -> bool:
    return any(isinstance(node, Use | Reduce) for node in nodes_of(expr))


def _parts(expr: Expr) -> list[Expr]:
    """What an expression is made from; the numbers of a product or a sum stay together."""
    if isinstance(expr, Multiply):
        pairs = [(f, b) for f, b in zip(expr.factors, expr.inverted, strict=True) if not _has_tensors(f)]
        numbers = Multiply((ONE, *(f for f, _ in pairs)), (False, *(below for _, below in pairs)))
        return [numbers, *(factor for factor in expr.factors if _has_tensors(factor))]
    if isinstance(expr, Add):
        terms = [(t, s) for t, s in zip(expr.terms, expr.signs, strict=True) if not _has_tensors(t)]
        total = Add((ONE, *(term for term, _ in terms)), (1, *(sign for _, sign in terms)))
        return [total, *(term for term in expr.terms if _has_tensors(term))]
    return [child for child in children(expr) if isinstance(child, Expr)]


def _is_exact(net: Network, expr: Expr, rows: Rows) -> bool:
    try:
        exact = exact_numbers(net.scope, expr, rows)
    except Irrational:
        return False
    values = net.scope.numbers(expr, rows).tolist()
    return all(
        Fraction(repr(complex(value).real)) == real and Fraction(repr(complex(value).imag)) == imaginary
        for value, (real, imaginary) in zip(values, exact, strict=True)
    )
