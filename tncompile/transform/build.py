"""Bodies of flat rules, built from their parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tncompile.network import (
    Add,
    Call,
    Definition,
    Expr,
    FreeIndex,
    Index,
    Loop,
    Looped,
    Multiply,
    Negative,
    Number,
    Over,
    Reduce,
    Use,
    nodes_of,
)
from tncompile.transform.flat import Factor, Term

ONE = Number("1")


def rule(
    name: str,
    subscripts: Sequence[Expr],
    indices: Iterable[Index | FreeIndex],
    body: Expr,
    loops: Sequence[Loop] = (),
    output: bool = False,
) -> Definition:
    """A definition, with plain indices or with such that say their extent."""
    free = tuple(i if isinstance(i, FreeIndex) else FreeIndex(i) for i in indices)
    return Definition("output" if output else "plain", name, tuple(subscripts), free, body, tuple(loops))


def use(name: str, subscripts: Sequence[Expr] = (), indices: Iterable[Index] = ()) -> Use:
    """A use, its parts in any sequence."""
    return Use(name, tuple(subscripts), tuple(indices))


def signed_one(sign: int) -> Expr:
    """1 or -1."""
    return ONE if sign > 0 else Negative(ONE)


def times(left: Expr | None, right: Expr | None) -> Expr | None:
    """The product of two coefficients; None stands for 1."""
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, Negative):
        product = times(None if left.operand == ONE else left.operand, right)
        return product.operand if isinstance(product, Negative) else Negative(product or ONE)
    if isinstance(right, Negative):
        return times(right, left)
    return _joined((left, right))


def product(coefficient: Expr | None, factors: Sequence[Factor]) -> Expr:
    """``coefficient * factor * ...``"""
    parts = [factor.expr for factor in factors]
    if isinstance(coefficient, Negative):
        # As it is read back: the sign belongs to the first factor.
        parts = parts if coefficient.operand == ONE else [coefficient.operand, *parts]
        return _joined([Negative(parts[0]), *parts[1:]])
    return _joined(parts if coefficient is None else [coefficient, *parts])


def contraction(
    coefficient: Expr | None, factors: Sequence[Factor], free: Iterable[Index], loops: Sequence[Loop] = ()
) -> Expr:
    """A product with everything summed that is not free, openly where an index would stand alone."""
    kept = set(free)
    counts = Counter(i for factor in factors for i in factor.use.indices)
    alone = tuple(i for i, count in counts.items() if count == 1 and i not in kept)
    body = product(coefficient, factors)
    if alone:
        body = Over("sum", body, alone)
    return Reduce("sum", (Looped(body, tuple(loops)),)) if loops else body


def combination(terms: Sequence[Term]) -> Expr:
    """``c1 * A + c2 * B - ...``"""
    exprs: list[Expr] = []
    signs: list[int] = []
    for term in terms:
        coefficient, sign = term.coefficient, 1
        if exprs and isinstance(coefficient, Negative):
            coefficient, sign = coefficient.operand, -1
            coefficient = None if coefficient == ONE and term.factor else coefficient
        exprs.append(product(coefficient, (term.factor,)) if term.factor else coefficient or ONE)
        signs.append(sign)
    return exprs[0] if len(exprs) == 1 else Add(tuple(exprs), tuple(signs))


def conjugate_number(coefficient: Expr | None) -> Expr | None:
    """The conjugate of a coefficient; itself where it is plainly real."""
    if coefficient is None or not any(
        isinstance(n, Call) or (isinstance(n, Number) and n.imaginary) for n in nodes_of(coefficient)
    ):
        return coefficient
    if isinstance(coefficient, Negative):
        return Negative(Call("conj", (coefficient.operand,)))
    return Call("conj", (coefficient,))


def _joined(parts: Sequence[Expr]) -> Expr:
    """A product of parts, quotients among them taken apart."""
    if len(parts) == 1:
        return parts[0]
    factors: list[Expr] = []
    inverted: list[bool] = []
    for part in parts:
        factors += part.factors if isinstance(part, Multiply) else (part,)
        inverted += part.inverted if isinstance(part, Multiply) else (False,)
    return Multiply(tuple(factors), tuple(inverted))
