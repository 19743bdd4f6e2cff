"""The nodes of a `.tn` text. One expression grammar serves integers, numbers and tensors.

Nodes are frozen and compare by value; where a node stood (``span``) does not count. Names and
places are judged when a network is bound, not here.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction
from typing import Literal

from tncompile.source import NOWHERE, Span
from tncompile.source.records import record


@record
class Node:
    """What all nodes share: the place they came from."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


class Expr(Node):
    """Any expression."""


# --- expressions -----------------------------------------------------------------------------


@record
class Number(Expr):
    """A literal as it was written: ``3``, ``2.5e-3``, ``1i``."""

    text: str

    @property
    def imaginary(self) -> bool:
        return self.text.endswith("i")

    @property
    def value(self) -> Fraction:
        """The decimal text, read exactly (of ``2i`` the 2)."""
        return Fraction(self.text.removesuffix("i"))


@record
class Name(Expr):
    """A bare name: a size, number, let, loop variable, ``pi``."""

    name: str


@record
class Item(Expr):
    """A member of a size, number or let: ``r[l]``, ``edges[2, 1]``."""

    name: str
    subscripts: tuple[Expr, ...]


@record
class ListExpr(Expr):
    """``[1, 2, [3]]``: the value of a size, number or constant."""

    items: tuple[Expr, ...]


@record
class Negative(Expr):
    """``-operand``"""

    operand: Expr


@record
class Add(Expr):
    """A sum of terms; ``signs`` holds +1 or -1 for each. The first sign is always +1."""

    terms: tuple[Expr, ...]
    signs: tuple[int, ...]


@record
class Multiply(Expr):
    """A product; ``inverted[i]`` says that factor i divides. The first never does."""

    factors: tuple[Expr, ...]
    inverted: tuple[bool, ...]


@record
class Binary(Expr):
    """``//``, ``%`` and ``^``."""

    op: Literal["//", "%", "^"]
    left: Expr
    right: Expr


@record
class Compare(Expr):
    """``0 < k < d``: operands one more than operators (``== != < <= > >=``)."""

    operands: tuple[Expr, ...]
    ops: tuple[str, ...]


@record
class Logic(Expr):
    """``and`` / ``or`` of two or more."""

    op: Literal["and", "or"]
    operands: tuple[Expr, ...]


@record
class Not(Expr):
    """``not operand``"""

    operand: Expr


@record
class Choice(Expr):
    """``then if test else other``"""

    then: Expr
    test: Expr
    other: Expr


@record
class Call(Expr):
    """A function of values (``relu exp conj log2 len gcd ...``), or ``min``/``max`` without a loop."""

    function: str
    arguments: tuple[Expr, ...]


@record
class Loop(Node):
    """One range of a loop or of a family.

    ``variables`` is empty for an unnamed range of a family, several for ``for (i, j) in edges``.
    ``domain`` is a `Range`, or an expression that yields a list.
    """

    variables: tuple[str, ...]
    domain: Range | Expr
    condition: Expr | None = None


@record
class Range(Node):
    """``first..last``, both included."""

    first: Expr
    last: Expr


@record
class Looped(Node):
    """An argument of ``prod sum max min`` with the loops behind it (maybe none)."""

    body: Expr
    loops: tuple[Loop, ...] = ()


@record
class Reduce(Expr):
    """``prod``, ``sum``, ``max`` or ``min`` of arguments of which at least one has a loop.

    ``prod`` and ``sum`` are always this node, with or without loops.
    """

    op: Literal["prod", "sum", "max", "min"]
    arguments: tuple[Looped, ...]


@record
class Index(Node):
    """A wire: a name, subscripts if there are many of its kind, loops if it stands for several."""

    name: str
    subscripts: tuple[Expr, ...] = ()
    loops: tuple[Loop, ...] = ()


@record
class Over(Expr):
    """``sum(body over i, j)``; also ``max`` and ``min``, and ``power`` within the compiler (`transform/balance.py`)."""

    op: Literal["sum", "max", "min", "power"]
    body: Expr
    indices: tuple[Index, ...]


@record
class Use(Expr):
    """A member of a tensor or definition with its indices: ``A[k](i, j)``, ``delta(i, j)``, ``b()``."""

    name: str
    subscripts: tuple[Expr, ...]
    indices: tuple[Index, ...]


# --- statements ------------------------------------------------------------------------------


@record
class Statement(Node):
    """Any statement; ``comments`` are the comment lines above it, without the ``#``."""

    name_span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@record
class Size(Statement):
    """``size NAME[family] = default``; for ``number`` see `real`."""

    name: str
    family: tuple[Loop, ...] = ()
    default: Expr | None = None
    real: bool = False


@record
class Let(Statement):
    """``let NAME[family] = value``"""

    name: str
    family: tuple[Loop, ...]
    value: Expr


@record
class Field(Statement):
    """``field complex`` or ``field real``"""

    name: Literal["real", "complex"]


@record
class Require(Statement):
    """``require condition "message"``"""

    condition: Expr
    message: str = ""


@record
class Axis(Node):
    """One axis of a tensor: its extent, for a constant maybe a name (``o in 1..m``), maybe a loop."""

    extent: Expr
    variable: str = ""
    first: Expr | None = None
    loops: tuple[Loop, ...] = ()


@record
class Initialiser(Node):
    """``~ normal(std)`` and its kin."""

    name: str
    arguments: tuple[Expr, ...] = ()


@record
class Tensor(Statement):
    """A declared tensor or family of tensors."""

    role: Literal["input", "weight", "constant"]
    name: str
    family: tuple[Loop, ...]
    axes: tuple[Axis, ...]
    init: Initialiser | None = None
    value: Expr | None = None


@record
class FreeIndex(Node):
    """An index on the left of ``=``, with its extent where the file says one (``i in 1..H``)."""

    index: Index
    extent: Expr | None = None


@record
class Definition(Statement):
    """``NAME[subscripts](indices) = body for loops``; `role` tells ``inline`` and ``output`` apart."""

    role: Literal["plain", "inline", "output"]
    name: str
    subscripts: tuple[Expr, ...]
    indices: tuple[FreeIndex, ...]
    body: Expr
    loops: tuple[Loop, ...] = ()


@record
class CutItem(Node):
    """``x[1..4]``, ``x``, ``x[k] for k in ... if ...``; a subscript may be a `Range`."""

    name: str
    subscripts: tuple[Expr | Range, ...] = ()
    loops: tuple[Loop, ...] = ()


@record
class Cut(Statement):
    """``cut NAME = rows`` or ``rows | columns``; columns are ``None`` where they are the rest."""

    name: str
    rows: tuple[CutItem, ...]
    columns: tuple[CutItem, ...] | None = None
