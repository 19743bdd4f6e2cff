"""What lowering hands on: numbers times one array, and the flat expressions that make arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

import numpy as np
import numpy.typing as npt

from tncompile.language import parse
from tncompile.network import (
    Add,
    Expr,
    Extent,
    Index,
    Ints,
    Loop,
    Multiply,
    Negative,
    Number,
    Rows,
    Size,
    Use,
    nodes_of,
)
from tncompile.network.syntax.substitute import integer_value
from tncompile.plan.flatten.terms import Inside, Leaf
from tncompile.source import InternalError, Source
from tncompile.source.records import record
from tncompile.transform.build import contraction


class NeedsSplit(Exception):
    """The rows of a group differ in a way that one rule cannot say; `alone`: not even those of one class agree."""

    def __init__(self, alone: bool = False) -> None:
        self.alone = alone
        super().__init__("the rows of this group need rules of their own")


@record(eq=False)
class Frame:
    """The rows for which something is computed: those of the rule, or those of loops inside it."""

    rows: Rows
    loops: tuple[Loop, ...]
    outer: Frame | None = None
    parent: Ints | None = None

    def inside(self, argument: Inside) -> Frame:
        """The frame of the loops of an argument."""
        return Frame(argument.rows, self.loops + argument.loops, self, argument.parent)


@record(eq=False)
class Operation:
    """A flat right side: a contraction of ``leaves``, or any other flat ``body``.

    ``extents`` has a column for each wire of the result.
    """

    wires: tuple[Index, ...]
    extents: Mapping[Index, Ints]
    leaves: tuple[Leaf, ...] = ()
    loops: tuple[Loop, ...] = ()
    other: Expr | None = None
    hint: tuple[str, ...] = ()

    @property
    def scalable(self) -> bool:
        """Whether a number may be multiplied in."""
        return self.other is None

    def body(self, coefficient: Expr | None = None) -> Expr:
        """The right side as it stands in a rule."""
        if self.other is not None:
            assert coefficient is None
            return self.other
        factors = [leaf.factor for leaf in self.leaves]
        return contraction(coefficient, factors, self.wires, self.loops)


@record(eq=False)
class Scaled:
    """``coefficient * content``; no coefficient is 1, no content a number."""

    coefficient: Expr | None
    content: Leaf | Operation | None


@record(eq=False)
class Numbers:
    """A product of numbers: what multiplies and what divides."""

    above: list[Expr] = field(default_factory=list)
    below: list[Expr] = field(default_factory=list)

    def add(self, expr: Expr | None, inverted: bool = False) -> None:
        """One more factor; a product is taken apart, ones are left out."""
        if expr is None:
            return
        if isinstance(expr, Negative) and integer_value(expr) is None:
            self.add(Negative(Number("1")), False)
            self.add(expr.operand, inverted)
        elif isinstance(expr, Multiply):
            for factor, below in zip(expr.factors, expr.inverted, strict=True):
                self.add(factor, inverted != below)
        elif integer_value(expr) == -1:
            minus = Negative(Number("1"))
            if minus in self.above:
                self.above.remove(minus)
            else:
                self.above.append(minus)
        elif expr != Number("1"):
            (self.below if inverted else self.above).append(expr)

    def product(self) -> Expr | None:
        """The number, None for 1; a minus stands in front."""
        minus = Negative(Number("1"))
        negative = minus in self.above
        above = [expr for expr in self.above if expr != minus]
        parts = [(expr, False) for expr in above] + [(expr, True) for expr in self.below]
        if not parts:
            return minus if negative else None
        if parts[0][1]:
            parts = [(Number("1"), False), *parts]
        one = (
            parts[0][0]
            if len(parts) == 1
            else Multiply(tuple(p for p, _ in parts), tuple(i for _, i in parts))
        )
        return Negative(one) if negative else one


def literal(value: complex | float | int) -> Expr:
    """A number as it is written."""
    if isinstance(value, complex):
        if value.imag == 0:
            return literal(value.real)
        imaginary: Expr = Number(f"{abs(value.imag)!r}i")
        if value.real == 0:
            return imaginary if value.imag > 0 else Negative(imaginary)
        return Add((literal(value.real), imaginary), (1, 1 if value.imag > 0 else -1))
    whole = isinstance(value, int) or (value.is_integer() and abs(value) < 2**53)
    text = str(abs(int(value))) if whole else repr(abs(value))
    return Negative(Number(text)) if value < 0 else Number(text)


def same_everywhere(column: npt.NDArray[np.generic]) -> bool:
    """Whether all entries of a column agree."""
    return bool((column == column[:1]).all())


def alias(leaf: Leaf) -> Operation:
    """A use as an operation of its own."""
    extents = joined_extents([leaf])
    return Operation(tuple(extents), extents, leaves=(leaf,), hint=(leaf.use.name,))


def number_alone(number: Expr) -> Operation:
    """A number as an operation of its own."""
    return Operation((), {}, other=number)


def joined_extents(leaves: Sequence[Leaf]) -> dict[Index, Ints]:
    """The wires of some uses in order, each with its extents."""
    found: dict[Index, Ints] = {}
    for leaf in leaves:
        for wire, extent in zip(leaf.use.indices, leaf.extents, strict=True):
            found.setdefault(wire, extent)
    return found


def mentions_wire(body: Expr, wire: Index) -> bool:
    """Whether an index stands in a body."""
    return any(node == wire for node in nodes_of(body) if isinstance(node, Index))


def carries(body: Expr, wire: Index) -> bool:
    """Whether a tensor or definition in a body has an index, not only a ``delta``."""
    uses = [node for node in nodes_of(body) if isinstance(node, Use) and node.name != "delta"]
    return any(wire in use.indices for use in uses)


def formula_expr(extent: Extent) -> Expr:
    """An extent as an expression in the sizes."""
    source = Source("<extent>", f"network extent\nsize extent = {extent.formula}\n")
    statement = parse(source).statements[0]
    if not isinstance(statement, Size) or statement.default is None:
        raise InternalError(f"the extent {extent.formula} is no expression")
    return statement.default
