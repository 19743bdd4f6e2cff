"""What a rule computes, on its way to flat rules: a tree that knows its rows, extents and wires.

A tree stands for all rows of a group of instances at once. Inside a loop a node has one row for each
round, the rounds of one outer row side by side. A *wire* is an `Index` as it is said in the group:
outside of inner loops equal objects are one index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tncompile.network import Call, Expr, Index, Ints, Loop, Name, Number, Rows, Use, nodes_of
from tncompile.network.syntax.substitute import substitute
from tncompile.source.records import record
from tncompile.transform.flat import Factor

Operation = Literal["prod", "sum", "max", "min"]


class Term:
    """A node of the tree."""

    @property
    def parts(self) -> tuple[Term, ...]:
        """The terms directly inside, without those in loops."""
        return ()


@record(eq=False)
class Leaf(Term):
    """A use; ``extents`` has a column for each of its indices."""

    use: Use
    extents: tuple[Ints, ...]
    conjugate: bool = False

    @property
    def factor(self) -> Factor:
        """The use as it stands in a flat rule."""
        return Factor(self.use, self.conjugate)


@record(eq=False)
class BuiltIn(Term):
    """``delta`` or ``one``."""

    name: Literal["delta", "one"]
    wires: tuple[Index, ...]


@record(eq=False)
class Value(Term):
    """A number."""

    expr: Expr


@record(eq=False)
class Column(Term):
    """A number for each row."""

    values: npt.NDArray[np.generic]


@record(eq=False)
class Product(Term):
    """Factors; ``inverted[i]`` says that factor i divides."""

    factors: tuple[Term, ...]
    inverted: tuple[bool, ...]

    @property
    def parts(self) -> tuple[Term, ...]:
        return self.factors


@record(eq=False)
class Sum(Term):
    """Terms with signs."""

    terms: tuple[Term, ...]
    signs: tuple[int, ...]

    @property
    def parts(self) -> tuple[Term, ...]:
        return self.terms


@record(eq=False)
class Over(Term):
    """A reduction over wires."""

    op: Literal["sum", "max", "min"]
    body: Term
    wires: tuple[Index, ...]

    @property
    def parts(self) -> tuple[Term, ...]:
        return (self.body,)


@record(eq=False)
class Function(Term):
    """A function of the language, or ``^`` of a term and a `Value`."""

    name: str
    arguments: tuple[Term, ...]

    @property
    def parts(self) -> tuple[Term, ...]:
        return self.arguments


@record(eq=False)
class Inside:
    """An argument of a reduction: ``parent`` is the outer row of each of its ``rows`` (increasing)."""

    body: Term
    loops: tuple[Loop, ...]
    rows: Rows
    parent: Ints

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of its loops."""
        return tuple(name for loop in self.loops for name in loop.variables)


@record(eq=False)
class Reduction(Term):
    """``prod``, ``sum``, ``max`` or ``min`` of arguments with loops."""

    op: Operation
    arguments: tuple[Inside, ...]


# --- rebuilding --------------------------------------------------------------------------------


def rebuilt(term: Term, function: Callable[[Term], Term]) -> Term:
    """The term with ``function`` applied to the terms directly inside it, those in loops too."""
    match term:
        case Product(factors=factors):
            return replace(term, factors=tuple(map(function, factors)))
        case Sum(terms=terms):
            return replace(term, terms=tuple(map(function, terms)))
        case Over(body=body):
            return replace(term, body=function(body))
        case Function(arguments=arguments):
            return replace(term, arguments=tuple(map(function, arguments)))
        case Reduction(arguments=insides):
            return replace(term, arguments=tuple(replace(one, body=function(one.body)) for one in insides))
    return term


def walk(term: Term, loops: bool = True) -> Iterator[Term]:
    """The term and everything inside it, in reading order; ``loops``: what stands in loops too."""
    yield term
    inside = [one.body for one in term.arguments] if isinstance(term, Reduction) and loops else term.parts
    for part in inside:
        yield from walk(part, loops)


def renamed(term: Term, wire: Callable[[Index], Index]) -> Term:
    """The term with other wires."""

    def visit(node: Term) -> Term:
        match node:
            case Leaf(use=use):
                return replace(node, use=replace(use, indices=tuple(map(wire, use.indices))))
            case BuiltIn(wires=wires):
                return replace(node, wires=tuple(map(wire, wires)))
            case Over(wires=wires):
                node = replace(node, wires=tuple(map(wire, wires)))
        return rebuilt(node, visit)

    return visit(term)


def put_in(term: Term, values: Mapping[str, Expr]) -> Term:
    """The term with expressions in the place of loop variables."""
    match term:
        case Leaf(use=use):
            return replace(term, use=substitute(use, values))
        case BuiltIn(wires=wires):
            return replace(term, wires=tuple(substitute(wire, values) for wire in wires))
        case Value(expr=expr):
            return Value(substitute(expr, values))
        case Over(wires=wires):
            term = replace(term, wires=tuple(substitute(wire, values) for wire in wires))
        case Reduction(arguments=insides):
            loops = [tuple(substitute(loop, values) for loop in one.loops) for one in insides]
            arguments = zip(insides, loops, strict=True)
            term = replace(
                term, arguments=tuple(replace(a, loops=b, rows=_said(a.rows, values)) for a, b in arguments)
            )
    return rebuilt(term, lambda inner: put_in(inner, values))


def _said(rows: Rows, values: Mapping[str, Expr]) -> Rows:
    """The rows as they are said with these values: no loop binds their variables any more, but for one of another name."""
    names = [_other_name(values[name]) if name in values else name for name in rows.names]
    kept = [at for at, name in enumerate(names) if name and name not in names[:at]]
    return Rows(tuple(names[at] for at in kept), rows.columns[kept], rows.count)


def _other_name(value: Expr) -> str:
    return value.name if isinstance(value, Name) else ""


def restricted(term: Term, wanted: Ints) -> Term:
    """The term for some of its rows."""
    if isinstance(term, Leaf):
        return replace(term, extents=tuple(extent[wanted] for extent in term.extents))
    if isinstance(term, Column):
        return Column(term.values[wanted])
    if isinstance(term, Reduction):
        return replace(term, arguments=tuple(_restricted_inside(one, wanted) for one in term.arguments))
    return rebuilt(term, lambda inner: restricted(inner, wanted))


def _restricted_inside(inside: Inside, wanted: Ints) -> Inside:
    starts = np.searchsorted(inside.parent, wanted, "left")
    counts = np.searchsorted(inside.parent, wanted, "right") - starts
    parent = np.repeat(np.arange(len(wanted)), counts)
    which = np.arange(len(parent)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)
    return replace(inside, body=restricted(inside.body, which), rows=inside.rows.take(which), parent=parent)


def conjugated(term: Term) -> Term:
    """The complex conjugate, brought down to the uses as far as it goes."""
    match term:
        case Leaf(conjugate=conjugate):
            return replace(term, conjugate=not conjugate)
        case BuiltIn():
            return term
        case Value(expr=expr):
            return Value(conjugated_number(expr))
        case Column(values=values):
            return Column(np.conj(values))
        case Function(name="conj", arguments=(inner,)):
            return inner
        case Function(name=name) if name != "^":
            return Function("conj", (term,))
        case Over(op=op) | Reduction(op=op) if op in ("max", "min"):
            return Function("conj", (term,))
        case Function(arguments=(base, exponent)):
            return replace(term, arguments=(conjugated(base), exponent))
    return rebuilt(term, conjugated)


def conjugated_number(expr: Expr) -> Expr:
    """The conjugate of a number; what holds no imaginary literal is real."""
    imaginary = any(isinstance(node, Number) and node.imaginary for node in nodes_of(expr))
    return Call("conj", (expr,)) if imaginary else expr


def unbound(term: Term) -> Iterator[Index]:
    """The wires of a term that no ``over`` inside it names, as often as they stand there."""
    match term:
        case Leaf(use=use):
            yield from use.indices
        case BuiltIn(wires=wires):
            yield from wires
        case Over(body=body, wires=wires):
            yield from (wire for wire in unbound(body) if wire not in wires)
        case Reduction(arguments=insides):
            for one in insides:
                yield from unbound(one.body)
        case _:
            for part in term.parts:
                yield from unbound(part)


def product_of(factors: Sequence[Term]) -> Term:
    """A product without divisors; of one factor the factor itself."""
    return factors[0] if len(factors) == 1 else Product(tuple(factors), (False,) * len(factors))


def reduced(op: Operation, parts: Sequence[Term]) -> Term:
    """What the parts are together: their sum, product, maximum or minimum."""
    if op == "sum":
        return Sum(tuple(parts), (1,) * len(parts))
    return Product(tuple(parts), (False,) * len(parts)) if op == "prod" else Function(op, tuple(parts))
