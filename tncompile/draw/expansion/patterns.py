"""The equation of a class, prepared for drawing: numbers left out, element-wise work gathered in one mark."""

from __future__ import annotations

from collections.abc import Iterator

from tncompile.network import (
    Add,
    Binary,
    Call,
    Expr,
    Index,
    Looped,
    Multiply,
    Negative,
    Number,
    Over,
    Reduce,
    RuleClass,
    Use,
    UseTable,
)
from tncompile.source.records import record

BUILT_IN = frozenset({"delta", "one"})


@record
class Pattern:
    """Any part of a prepared equation."""


@record
class Value(Pattern):
    """A number: an expression of sizes."""

    text: str


@record(eq=False)
class Leaf(Pattern):
    """A use of a tensor or a definition; ``rows`` finds the row of the table from the loop values."""

    use: Use
    table: UseTable
    rows: dict[tuple[int, ...], int]
    conjugate: bool = False


@record
class Join(Pattern):
    """``delta`` or ``one``"""

    name: str
    indices: tuple[Index, ...]


@record
class Product(Pattern):
    """A product without its numbers."""

    factors: tuple[Pattern, ...]


@record
class Apply(Pattern):
    """An element-wise operation with a label."""

    label: str
    arguments: tuple[Pattern, ...]


@record(eq=False)
class Repeat(Pattern):
    """A part that is written out over loops; ``steps`` gives the loop values within the rows around."""

    around: tuple[str, ...]
    variables: tuple[str, ...]
    steps: dict[tuple[int, ...], list[tuple[int, ...]]]
    body: Pattern


@record
class Summed(Pattern):
    """A part within which indices are summed (``operation`` is empty) or reduced."""

    indices: tuple[Index, ...]
    body: Pattern
    operation: str = ""


def parts_of(pattern: Pattern) -> Iterator[Pattern]:
    """A pattern and all its parts, in reading order."""
    yield pattern
    match pattern:
        case Product(parts) | Apply(_, parts):
            for part in parts:
                yield from parts_of(part)
        case Repeat(body=body) | Summed(body=body):
            yield from parts_of(body)


def leaves(pattern: Pattern) -> Iterator[Leaf]:
    """All uses in a pattern, in reading order."""
    return (part for part in parts_of(pattern) if isinstance(part, Leaf))


def pattern_of(rule: RuleClass, is_complex: bool = False) -> Pattern:
    """The equation of a class as a pattern; of real numbers ``conj`` is nothing."""
    return _Preparation(rule, is_complex).pattern(rule.equation, rule.rows.names)


class _Preparation:
    def __init__(self, rule: RuleClass, is_complex: bool) -> None:
        self.tables = iter(rule.uses)
        self.is_complex = is_complex

    def pattern(self, expr: Expr, around: tuple[str, ...]) -> Pattern:
        """One expression; uses are met in reading order, as the tables list them."""
        match expr:
            case Use(name, _, indices) if name in BUILT_IN:
                return Join(name, indices)
            case Use():
                return self._leaf(expr)
            case Multiply(factors, inverted):
                return self._product(factors, inverted, around)
            case Negative(operand):
                return self.pattern(operand, around)
            case Over(op, body, indices):
                return Summed(indices, self.pattern(body, around), "" if op == "sum" else op)
            case Reduce(op, arguments):
                parts = tuple(self._looped(argument, around) for argument in arguments)
                return _product_of(parts) if op == "prod" else _apply("Σ" if op == "sum" else op, parts)
            case Add(terms, signs):
                return self._sum(terms, signs, around)
            case Binary("^", left, right) if isinstance(right, Number):
                return _apply(f"^{right.text}", (self.pattern(left, around),))
            case Call(function, arguments):
                return self._call(function, arguments, around)
        return Value(expr.text if isinstance(expr, Number) else "·")

    def _leaf(self, use: Use) -> Leaf:
        table = next(self.tables)
        columns = zip(*table.rows.columns.tolist(), strict=True) if table.rows.names else [()]
        return Leaf(use, table, {values: row for row, values in enumerate(columns)})

    def _product(
        self, factors: tuple[Expr, ...], inverted: tuple[bool, ...], around: tuple[str, ...]
    ) -> Pattern:
        parts = [self.pattern(factor, around) for factor in factors]
        above = _product_of(tuple(p for p, under in zip(parts, inverted, strict=True) if not under))
        below = _product_of(tuple(p for p, under in zip(parts, inverted, strict=True) if under))
        return above if isinstance(below, Value) else _apply("÷", (above, below))

    def _looped(self, argument: Looped, around: tuple[str, ...]) -> Pattern:
        variables = tuple(name for loop in argument.loops for name in loop.variables)
        body = self.pattern(argument.body, around + variables)
        if not variables or isinstance(body, Value):
            return body
        leaf = max(leaves(body), key=lambda leaf: len(leaf.table.rows.names))
        return Repeat(around, variables, _steps(leaf, around, variables), body)

    def _sum(self, terms: tuple[Expr, ...], signs: tuple[int, ...], around: tuple[str, ...]) -> Pattern:
        parts = tuple(self.pattern(term, around) for term in terms)
        label = "−" if signs == (1, -1) else "+"
        if len(parts) == 2 and isinstance(parts[0], Value):
            label = f"{parts[0].text}{label}"
        return _apply(label, parts)

    def _call(self, function: str, arguments: tuple[Expr, ...], around: tuple[str, ...]) -> Pattern:
        parts = tuple(self.pattern(argument, around) for argument in arguments)
        if function == "conj":
            return _conjugate(parts[0]) if self.is_complex else parts[0]
        return _apply(function, parts)


def _conjugate(pattern: Pattern) -> Pattern:
    """The conjugate of a part: that of each tensor in it, as far as sums and products reach."""
    match pattern:
        case Leaf(use, table, rows, conjugate):
            return Leaf(use, table, rows, not conjugate)
        case Product(factors):
            return Product(tuple(_conjugate(factor) for factor in factors))
        case Repeat(around, variables, steps, body):
            return Repeat(around, variables, steps, _conjugate(body))
        case Summed(indices, body, ""):
            return Summed(indices, _conjugate(body))
        case Apply():
            return _apply("conj", (pattern,))
    return pattern


def _steps(
    leaf: Leaf, around: tuple[str, ...], variables: tuple[str, ...]
) -> dict[tuple[int, ...], list[tuple[int, ...]]]:
    """The values of some loop variables for each row of those around, in loop order, each once."""
    rows = leaf.table.rows
    outer = [rows.column(name).tolist() for name in around]
    inner = [rows.column(name).tolist() for name in variables]
    found: dict[tuple[int, ...], dict[tuple[int, ...], None]] = {}
    for row in range(rows.count):
        key = tuple(column[row] for column in outer)
        found.setdefault(key, {})[tuple(column[row] for column in inner)] = None
    return {key: list(steps) for key, steps in found.items()}


def _product_of(parts: tuple[Pattern, ...]) -> Pattern:
    """A product without its numbers; a number if nothing else is left."""
    factors = [part for part in parts if not isinstance(part, Value)]
    if not factors:
        return parts[0] if len(parts) == 1 else Value("1" if not parts else "·")
    return factors[0] if len(factors) == 1 and not isinstance(factors[0], Repeat) else Product(tuple(factors))


def _apply(label: str, parts: tuple[Pattern, ...]) -> Pattern:
    """An operation on what is not a number; one mark for all that is done to one and the same operand."""
    arguments = tuple(part for part in parts if not isinstance(part, Value))
    if not arguments:
        return Value("·") if parts else Value("0")
    inner = [_unwrapped(part) for part in arguments]
    operands = [operand for _, operand in inner]
    same = all(
        isinstance(o, Leaf) and o.use == operands[0].use for o in operands if isinstance(operands[0], Leaf)
    )
    if len(arguments) == 1 and inner[0][0]:
        return Apply(f"{label}∘{inner[0][0]}", (operands[0],))
    if len(arguments) > 1 and same and isinstance(operands[0], Leaf):
        return Apply(label.join(name or "id" for name, _ in inner), (operands[0],))
    return Apply(label, arguments)


def _unwrapped(part: Pattern) -> tuple[str, Pattern]:
    """What is done to an operand, and the operand."""
    if isinstance(part, Apply) and len(part.arguments) == 1:
        return part.label, part.arguments[0]
    return "", part
