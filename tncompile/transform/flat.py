"""The forms that a rule of a flat network has (see docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from tncompile.network import (
    Add,
    Binary,
    Call,
    Definition,
    Expr,
    Index,
    Loop,
    Multiply,
    Negative,
    Number,
    Over,
    Reduce,
    Use,
    nodes_of,
)
from tncompile.network.syntax.substitute import substitute
from tncompile.source import UsageError
from tncompile.source.records import record


@record
class Factor:
    """A use, or its complex conjugate."""

    use: Use
    conjugate: bool = False

    @property
    def expr(self) -> Expr:
        """The factor as it stands in a text."""
        return Call("conj", (self.use,)) if self.conjugate else self.use

    def conjugated(self) -> Factor:
        """The conjugate of this factor; a `delta` is its own."""
        return self if self.use.name == "delta" else Factor(self.use, not self.conjugate)

    def with_values(self, values: Mapping[str, Expr]) -> Factor:
        """The factor with expressions in the place of loop variables."""
        return Factor(substitute(self.use, values), self.conjugate)

    def with_indices(self, names: Mapping[Index, Index]) -> Factor:
        """The factor with some indices renamed."""
        indices = tuple(names.get(index, index) for index in self.use.indices)
        return Factor(replace(self.use, indices=indices), self.conjugate)


@record
class Term:
    """``coefficient * factor``; without a factor a number, without a coefficient the factor itself."""

    coefficient: Expr | None
    factor: Factor | None


@record
class Contract:
    """``coefficient`` times one or two factors; indices that are not free, and ``loops``, are summed."""

    coefficient: Expr | None
    factors: tuple[Factor, ...]
    loops: tuple[Loop, ...] = ()


@record
class Combine:
    """A sum of terms, each constant along the free indices that it lacks."""

    terms: tuple[Term, ...]


@record
class Apply:
    """A function element by element; ``/`` and ``^`` are functions here. Arguments without a use are numbers."""

    function: str
    arguments: tuple[Factor | Expr, ...]


@record
class Reduction:
    """``prod``, ``max`` or ``min`` of one factor over loops, or over indices; ``power`` over indices."""

    op: Literal["prod", "max", "min", "power"]
    factor: Factor
    loops: tuple[Loop, ...] = ()
    over: tuple[Index, ...] = ()


Form = Contract | Combine | Apply | Reduction


def flat_form(definition: Definition) -> Form:
    """Which form the body of a rule has. Raises UsageError where the network is not flat."""
    body = definition.body
    match body:
        case Add():
            return Combine(
                tuple(_term(definition, e, s) for e, s in zip(body.terms, body.signs, strict=True))
            )
        case Multiply(factors=(above, below), inverted=(False, True)) if has_use(below):
            return Apply("/", (_argument(definition, above), _argument(definition, below)))
        case Binary(op="^", left=left, right=right) if has_use(left):
            return Apply("^", (_argument(definition, left), right))
        case Call(function=function, arguments=arguments) if function != "conj" and has_use(body):
            return Apply(function, tuple(_argument(definition, argument) for argument in arguments))
        case Reduce(op="prod" | "max" | "min" as op, arguments=(looped,)) if has_use(body):
            return Reduction(op, _factor(definition, looped.body), looped.loops)
        case Over(op="max" | "min" | "power" as op, body=inner, indices=indices):
            return Reduction(op, _factor(definition, inner), over=indices)
    if not has_use(body):
        return Combine((Term(body, None),))
    return _contract(definition, body)


def uses_of(node: Expr) -> Iterator[Use]:
    """The uses in an expression in reading order, without ``delta`` and ``one``: those that tables list."""
    return (n for n in nodes_of(node) if isinstance(n, Use) and n.name not in ("delta", "one"))


def has_use(node: Expr) -> bool:
    """Whether a tensor occurs in an expression."""
    return any(isinstance(n, Use) for n in nodes_of(node))


def signed(expr: Expr | None, sign: int) -> Expr | None:
    """A coefficient times +1 or -1; None stands for 1."""
    if sign > 0:
        return expr
    if expr is None:
        return Negative(Number("1"))
    return expr.operand if isinstance(expr, Negative) else Negative(expr)


def _term(definition: Definition, expr: Expr, sign: int) -> Term:
    if not has_use(expr):
        return Term(signed(expr, sign), None)
    contract = _contract(definition, expr)
    if contract.loops or len(contract.factors) != 1:
        raise _not_flat(definition)
    return Term(signed(contract.coefficient, sign), contract.factors[0])


def _argument(definition: Definition, expr: Expr) -> Factor | Expr:
    return _factor(definition, expr) if has_use(expr) else expr


def _factor(definition: Definition, expr: Expr) -> Factor:
    match expr:
        case Use():
            return Factor(expr)
        case Call(function="conj", arguments=(Use() as use,)):
            return Factor(use, True)
        case Call(function="conj", arguments=(Over(op="sum", body=Use() as use),)):
            # The trace of a conjugate: a function sees finished sums, but `conj` may pass them.
            return Factor(use, True)
    raise _not_flat(definition)


def _contract(definition: Definition, expr: Expr) -> Contract:
    """Peels signs, numbers and sums off a product."""
    numbers: list[tuple[Expr, bool]] = []
    sign = 1
    loops: tuple[Loop, ...] = ()
    while True:
        match expr:
            case Negative(operand=inner):
                sign, expr = -sign, inner
            case Over(op="sum", body=inner):
                expr = inner
            case Reduce(op="sum", arguments=(looped,)):
                loops, expr = (*loops, *looped.loops), looped.body
            case Multiply(factors=parts, inverted=inverted):
                pairs = list(zip(parts, inverted, strict=True))
                numbers += [(part, below) for part, below in pairs if not has_use(part)]
                tensors = [(part, below) for part, below in pairs if has_use(part)]
                if any(below for _, below in tensors):
                    raise _not_flat(definition)
                if len(tensors) > 1:
                    for part, _ in tensors:
                        sign = -sign if isinstance(part, Negative) else sign
                    bare = [part.operand if isinstance(part, Negative) else part for part, _ in tensors]
                    factors = tuple(_factor(definition, part) for part in bare)
                    return _contraction(definition, numbers, sign, factors, loops)
                expr = tensors[0][0]
            case _:
                return _contraction(definition, numbers, sign, (_factor(definition, expr),), loops)


def _contraction(
    definition: Definition,
    numbers: list[tuple[Expr, bool]],
    sign: int,
    factors: tuple[Factor, ...],
    loops: tuple[Loop, ...],
) -> Contract:
    if len(factors) > 2:
        raise _not_flat(definition)
    coefficient: Expr | None = None
    if numbers:
        parts = numbers if not numbers[0][1] else [(Number("1"), False), *numbers]
        one = len(parts) == 1
        coefficient = parts[0][0] if one else Multiply(tuple(p for p, _ in parts), tuple(i for _, i in parts))
    return Contract(signed(coefficient, sign), factors, loops)


def _not_flat(definition: Definition) -> UsageError:
    return UsageError(
        f"a rule for `{definition.name}` is not flat; bring the network into order first, with `tn.order`"
    )
