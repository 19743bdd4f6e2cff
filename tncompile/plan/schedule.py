"""The folded program: loops and steps over buffers. What the emitter turns into text.

Every label in here is a string: names of tensor indices and names of loop variables. A loop
variable over which a step is batched is an index like any other, so "a batched contraction" is just
a contraction with one more label. The label counts 0, 1, ... along its extent, whatever the values
of the variable; the variable of a `Loop` takes the values that the loop says.
`tests/plan/interpret.py` runs a schedule directly and so says exactly what each field means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt

from tncompile.network import Expr, Extent, Formula, Network
from tncompile.plan.cost import ZERO
from tncompile.source.records import record


@record
class Affine:
    """``constant + sum of coefficient * variable`` over variables of the loops around; ``formula``
    is the constant in the sizes where it is known (so that code can say ``d - 1``)."""

    constant: int
    terms: tuple[tuple[str, int], ...] = ()
    formula: Formula | None = None


@record
class Span:
    """A family axis read along the label ``label``: positions ``start, start + step, ...``.

    ``step`` is not 0 and may be negative. A result never has two spans of one label, an operand may.
    """

    label: str
    start: Affine
    step: int
    count: Extent


@record(eq=False)
class Gather:
    """A family axis read through a table of positions: ``table[at..., labels...]``.

    The first axes of the table are read at ``at`` (rows chosen by the loops around; none outside of
    loops), the others are the labels. All gathers of one access have the same ``labels``, and these
    labels stand in no `Span` of that access.
    """

    labels: tuple[str, ...]
    table: npt.NDArray[np.int64]
    at: tuple[Affine, ...] = ()


@record(eq=False)
class Buffer:
    """An array that lives while the program runs.

    Its axes are the family axes (``family``: how many positions each; none for a single member),
    then the axes of a member (``shape``). ``members[position]`` (in C order of the family axes) is
    the member's place in the tensor's table. ``delta`` is a constant without family: tensor
    ``"delta"``, 1 where all axes agree.

    A value buffer with ``rolling`` variables has no axes for these loop variables: each round of the
    loops writes over what the round before has left, and ``family`` and ``members`` speak of what it
    holds in the end. Without other family axes it is a plain variable that is bound anew; with them
    it may be written part by part, and keeps the rest.

    A buffer of ``exponents`` holds whole numbers: powers of two of a scaled schedule (`tncompile.plan.scaling`);
    a ``wide`` one there holds numbers in double precision, whatever that of the others is.
    """

    name: str  # a Python identifier, no two alike
    tensor: str  # the name in the network
    role: Literal["input", "weight", "constant", "value"]
    members: npt.NDArray[np.int64]
    family: tuple[Extent, ...]
    shape: tuple[Extent, ...]
    rolling: tuple[str, ...] = ()
    exponents: bool = False
    wide: bool = False


@record
class Access:
    """A reading or writing of a buffer: a subscript for each family axis, a label for each other axis."""

    buffer: str
    subscripts: tuple[Affine | Span | Gather, ...]
    indices: tuple[str, ...]
    conjugate: bool = False


@record
class Step:
    """One array operation: ``result[labels] = op(operands)``. Every position is written once.

    contract: the product of one or two operands times ``coefficients[0]`` (``()`` or ``None``: 1),
              summed over ``summed``; each summed label stands in an operand.
    combine:  ``sum of coefficients[i] * operands[i], + constant`` (``None``: 1, and no constant);
              maybe no operands.
    apply:    ``function`` element by element: a function of the language, ``"/"`` or ``"^"``, of
              ``arguments`` in this order; an argument is the number of an operand, or an expression.
    reduce:   ``function`` (prod, max, min) over the labels ``summed`` of one operand.

    Scaled schedules have more ways of computing. Their exponents are whole numbers, that of 0 is `EMPTY`.

    measure:  the exponent e of ``sum of |entry|`` of the first operand over the labels ``summed``
              (2^(e-1) <= sum < 2^e) plus the second operand (0 if there is none); `EMPTY` where it is 0 all over.
    rescale:  the first operand is divided in its place by 2^e, so that ``|entry|`` is between 1/2 and 2 on the average over
              the labels ``summed``; the result is e plus the second operand, which is the result as it was before. In
              the loop variable ``turn[0]`` only where that, plus ``offset``, is a multiple of ``turn[1]``. With the function
              ``last`` it is the largest ``|entry|`` that is at least 1 and less than 2, and the exponent of 0 is `EMPTY`
              (otherwise it may be any).
    balance:  like ``rescale``, but the second operand becomes the exponent, added to what it was, and the result is 2^-e,
              by which it multiplies.
    follow:   the first operand is multiplied in its place by the second, if there is one; the result is then the
              ``sum of |entry|`` over the labels ``summed``.
    reduce with ``prod`` and a second operand: the product comes out divided by a power of two, so that products of two such
              entries stay in range, and the exponent is added to the second operand in its place.

    Functions of `apply` there: ``shift`` (x, e, s, f): x * 2^(e - f), but 0 where s, the exponent of x * 2^e, is far below
    f; ``lower`` (x, s, f): the same with e = 0; ``plain`` (x, e): x * 2^e whatever e is; ``log`` (x, e): log(x) + e log(2).

    A label of the result that no operand carries is broadcast, in all four. An operand may carry a
    label twice (a diagonal). Expressions hold numbers and sizes only, no loop variables.
    """

    op: Literal["contract", "combine", "apply", "reduce", "measure", "rescale", "balance", "follow"]
    result: Access
    operands: tuple[Access, ...]
    labels: Mapping[str, Extent]  # every label of the step
    summed: tuple[str, ...] = ()
    coefficients: tuple[Expr | None, ...] = ()
    constant: Expr | None = None
    function: str = ""
    arguments: tuple[int | Expr, ...] = ()  # apply: the number of an operand, or a constant
    comment: str = ""  # the equation, as the file says it
    flops: Extent = ZERO  # of one execution, counted as `cost` counts
    turn: tuple[str, int] | None = None  # rescale, balance, follow
    offset: int = 0  # added to the loop variable of a turn


@record
class Loop:
    """Steps repeated for ``variable = first, first + step, ..., last``: both included, step 1 or -1.

    At least two rounds. No two loops around one another share a variable, no step within has a label
    of that name.
    """

    variable: str
    first: Affine
    last: Affine
    step: int
    body: tuple[Step | Loop, ...]


Node = Step | Loop
Nodes = tuple[Node, ...]


@record
class Slices:
    """A part of the body that runs once for each slice, with other selectors each time.

    ``selectors`` are inputs, matrices whose columns are unit vectors: in slice ``s`` the selector of an extent
    ``n`` and width ``w`` holds columns ``w * q, ..., w * q + w - 1`` of the identity, ``q`` its digit of
    ``s`` (the last selector counts fastest). A selector without a second axis is one column. The body
    runs once up to node ``start``, and from there for each slice; the outputs of the slices are added up.
    """

    start: int
    selectors: tuple[str, ...]  # buffers
    counts: tuple[int, ...]  # slices of each

    @property
    def count(self) -> int:
        """How many slices there are."""
        return prod(self.counts)


@record
class Balance:
    """The buffers that say what came of a balanced gradient (`plan/scaling/balance.py`).

    All weights have the exponent ``shared``. The gradient is right if no score is 0 (``scale`` are their exponents), and
    the ``sizes`` of adjoints are in range, or 0 where the ``cotangent`` is.
    """

    shared: str
    scale: str
    cotangent: str
    sizes: tuple[str, ...]


@record(eq=False)
class Schedule:
    """A network in the order in which it is computed.

    ``dead[i]`` names the value buffers that nothing reads after ``body[i]``, in no slice. ``exponents`` names for buffers
    of a scaled schedule the buffer of their exponents, which has their family axes and their axis of samples.
    The first ``bound`` nodes depend on weights alone, and what others read of them is kept.
    ``tries`` says that a scaled schedule brings numbers to size more seldom than those of any size need it: where one that it
    does so with is far from 1, all is to be computed again, by a schedule that does not try.
    """

    network: Network
    buffers: Mapping[str, Buffer]
    body: tuple[Step | Loop, ...]
    # Output name -> its blocks: which buffers (whole) hold the members.
    outputs: Mapping[str, tuple[Access, ...]]
    dead: tuple[tuple[str, ...], ...] = ()
    slices: Slices | None = None
    exponents: Mapping[str, str] = field(default_factory=dict)
    bound: int = 0
    balance: Balance | None = None
    tries: bool = False


__all__ = [
    "Access",
    "Affine",
    "Balance",
    "Buffer",
    "Gather",
    "Loop",
    "Node",
    "Nodes",
    "Schedule",
    "Slices",
    "Span",
    "Step",
]
