"""From what the parser recognises to expression nodes, judged in the words of the language.

A method for each rule of the grammar; the parser calls it with what the rule's parts became. What
stands in brackets is kept as it was written (`Bracketed`, with `Loop`, `Range`, `Looped`, `Ranged`,
`OverPart` inside) until it is known what the brackets belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isinf
from typing import Any, Final

from tncompile.language.tokens import Token
from tncompile.network.syntax import (
    Add,
    Binary,
    Call,
    Choice,
    Compare,
    Expr,
    Index,
    Item,
    ListExpr,
    Logic,
    Loop,
    Looped,
    Multiply,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Over,
    Range,
    Reduce,
    Use,
)
from tncompile.network.syntax.text import expression_text
from tncompile.network.syntax.words import FUNCTIONS, REDUCTIONS
from tncompile.network.values.limits import LARGEST_DOUBLE, LIST_ITEMS
from tncompile.source import Diagnostic, Fault, Span
from tncompile.source.records import record

_NUMERAL_LENGTH: Final = 400
_LARGEST_EXPONENT: Final = 400


@record
class Ranged(Node):
    """``NAME in first..last`` inside parentheses: a free index, or an axis of a constant."""

    name: str
    domain: Range | Expr


@record
class OverPart(Node):
    """``body over i, j`` inside parentheses."""

    body: Expr
    indices: tuple[Argument, ...]


Argument = Expr | Looped | Ranged | OverPart
Subscript = Expr | Range | Loop


@record
class Subscripts(Node):
    """What stands in square brackets behind a name."""

    items: tuple[Subscript, ...]


@record
class Arguments(Node):
    """What stands in parentheses behind a name."""

    items: tuple[Argument, ...]


@record
class Loops(Node):
    """``for k in 1..d, ...``"""

    items: tuple[Loop, ...]


def fault(span: Span, message: str, advice: str = "") -> Fault:
    """A problem at a place, to be raised."""
    return Fault(Diagnostic(message, span, help=advice))


def span_of(part: Token | Node) -> Span:
    """Where a part stands."""
    if isinstance(part, Node):
        return part.span
    return Span(part.start_pos, part.end_pos)


def hull(parts: Sequence[Any]) -> Span:
    """From the first part to the last."""
    return span_of(parts[0]) | span_of(parts[-1])


class ExpressionBuilder:
    """The rules that build expressions, loops and what stands in brackets."""

    # --- leaves ---

    def number(self, parts: list[Token]) -> Number:
        span, text = span_of(parts[0]), str(parts[0])
        exponent = text.lower().removesuffix("i").partition("e")[2]
        if len(text) > _NUMERAL_LENGTH or (exponent and abs(int(exponent)) > _LARGEST_EXPONENT):
            raise fault(
                span,
                f"a number has at most {_NUMERAL_LENGTH} characters and an exponent within ±{_LARGEST_EXPONENT}",
            )
        if isinf(float(text.removesuffix("i"))):
            raise fault(span, f"this number is beyond double precision, which ends at {LARGEST_DOUBLE}")
        return Number(text, span=span)

    def name(self, parts: list[Any]) -> Expr:
        token, span = parts[0], hull(parts)
        subscripts = next((part for part in parts if isinstance(part, Subscripts)), None)
        arguments = next((part for part in parts if isinstance(part, Arguments)), None)
        if token in FUNCTIONS:
            return _call(token, subscripts, arguments, span)
        members = () if subscripts is None else member(subscripts)
        if arguments is not None:
            if token == "range":
                raise fault(span, "ranges are written `1..d` (both ends included)")
            return Use(str(token), members, tuple(map(as_index, arguments.items)), span=span)
        return Item(str(token), members, span=span) if subscripts else Name(str(token), span=span)

    def group(self, parts: list[Any]) -> Expr:
        inner: Expr = parts[1]
        return replace(inner, span=hull(parts))

    def list_literal(self, parts: list[Any]) -> ListExpr:
        if len(parts) - 2 > LIST_ITEMS:
            raise fault(hull(parts), f"a list has at most {LIST_ITEMS} entries, here are {len(parts) - 2}")
        return ListExpr(tuple(parts[1:-1]), span=hull(parts))

    # --- operators ---

    def power(self, parts: list[Expr]) -> Expr:
        return Binary("^", parts[0], parts[1], span=hull(parts))

    def negative(self, parts: list[Any]) -> Expr:
        return Negative(parts[1], span=hull(parts))

    def multiplication(self, parts: list[Any]) -> Expr:
        factors, inverted = [parts[0]], [False]
        for i in range(1, len(parts), 2):
            op, right = str(parts[i]), parts[i + 1]
            if op in ("*", "/"):
                factors.append(right)
                inverted.append(op == "/")
            else:
                left = _multiply(factors, inverted)
                factors, inverted = (
                    [Binary("//" if op == "//" else "%", left, right, span=left.span | right.span)],
                    [False],
                )
        return _multiply(factors, inverted)

    def addition(self, parts: list[Any]) -> Expr:
        signs = (1, *(1 if sign == "+" else -1 for sign in parts[1::2]))
        return Add(tuple(parts[::2]), signs, span=hull(parts))

    def comparison(self, parts: list[Any]) -> Expr:
        return Compare(tuple(parts[::2]), tuple(map(str, parts[1::2])), span=hull(parts))

    def inversion(self, parts: list[Any]) -> Expr:
        return Not(parts[1], span=hull(parts))

    def conjunction(self, parts: list[Any]) -> Expr:
        return Logic("and", tuple(parts[::2]), span=hull(parts))

    def disjunction(self, parts: list[Any]) -> Expr:
        return Logic("or", tuple(parts[::2]), span=hull(parts))

    def choice(self, parts: list[Any]) -> Expr:
        then, _, test, _, other = parts
        return Choice(then, test, other, span=hull(parts))

    # --- loops and brackets ---

    def bounds(self, parts: list[Any]) -> Range | Loop:
        bounds = Range(parts[0], parts[1], span=parts[0].span | parts[1].span)
        return bounds if len(parts) == 2 else Loop((), bounds, parts[3], span=hull(parts))

    def loop(self, parts: list[Any]) -> Loop:
        where = next(i for i, part in enumerate(parts) if isinstance(part, Token) and part.type == "IN")
        names = [part for part in parts[:where] if part.type == "NAME"]
        for token in names:
            plain_name(token, "the variable of a loop")
        condition = parts[-1] if len(parts) > where + 2 else None
        return Loop(tuple(map(str, names)), parts[where + 1], condition, span=hull(parts))

    def loops(self, parts: list[Any]) -> Loops:
        return Loops(tuple(parts[1:]), span=hull(parts))

    def subscripts(self, parts: list[Any]) -> Subscripts:
        if len(parts) == 2:
            raise fault(
                hull(parts),
                "nothing stands in the brackets",
                "leave `[]` away where there is one member only",
            )
        return Subscripts(tuple(parts[1:-1]), span=hull(parts))

    def arguments(self, parts: list[Any]) -> Arguments:
        return Arguments(tuple(parts[1:-1]), span=hull(parts))

    def ranged(self, parts: list[Any]) -> Ranged:
        usable_name(parts[0])
        return Ranged(str(parts[0]), parts[2], span=hull(parts))

    def looped(self, parts: list[Any]) -> Looped:
        return Looped(parts[0], parts[1].items, span=hull(parts))

    def over(self, parts: list[Any]) -> OverPart:
        return OverPart(parts[0], tuple(parts[1:]), span=hull(parts))


def _multiply(factors: Sequence[Expr], inverted: Sequence[bool]) -> Expr:
    return factors[0] if len(factors) == 1 else Multiply(tuple(factors), tuple(inverted), span=hull(factors))


# --- names -----------------------------------------------------------------------------------------


def usable_name(token: Token) -> str:
    """A name that is not a function's."""
    if token in FUNCTIONS:
        raise fault(span_of(token), f"`{token}` is the name of a function; choose another name")
    return str(token)


def plain_name(token: Token, what: str) -> str:
    """A name without primes, for whatever is not an index."""
    if token.endswith("'"):
        raise fault(span_of(token), f"`{token}`: only an index may have primes, {what} may not")
    return usable_name(token)


# --- what stands in brackets, in its place ---------------------------------------------------------


def member(subscripts: Subscripts) -> tuple[Expr, ...]:
    """Subscripts that say which member: expressions."""
    return tuple(map(_member_subscript, subscripts.items))


def _member_subscript(item: Subscript) -> Expr:
    if isinstance(item, Expr):
        return item
    text = expression_text(item)
    if isinstance(item, Range) or not item.variables:
        raise fault(
            item.span,
            f"`{text}` is a range; a subscript says one member",
            "several members: `prod(x[k](i) for k in 1..d)`, or a rule `for k in 1..d`",
        )
    raise fault(
        item.span,
        f"`{text}` is a loop; a subscript says one member",
        f"write the subscript `{item.variables[0]}` here, and `for {text}` behind the expression",
    )


def as_index(item: Argument) -> Index:
    """An argument that must be an index."""
    match item:
        case Name(name):
            return Index(name, span=item.span)
        case Item(name, subscripts):
            return Index(name, subscripts, span=item.span)
        case Looped(body, loops):
            index = as_index(body)
            return replace(index, loops=loops, span=item.span)
        case Ranged(name, _):
            raise fault(
                item.span,
                f"the extent of `{name}` is said where it is a free index, on the left of `=`",
                f"write `{name}`",
            )
        case OverPart():
            raise fault(item.span, "`over` stands in `sum`, `max` or `min`: `sum(f(i) over i)`")
    text = expression_text(item, tight=True)
    advice = ""
    if isinstance(item, Add | Multiply | Binary | Negative):
        advice = "many wires of one kind: `j[k+1]`; a shifted position: a constant `shift(j, j')`"
    elif isinstance(item, Number):
        advice = "a member is chosen in square brackets: `A[2](i)`; a position of an axis by a constant: `A(i) * e(i)`"
    raise fault(item.span, f"`{text}` is not an index: indices are names", advice)


# --- functions -------------------------------------------------------------------------------------


def _call(token: Token, subscripts: Subscripts | None, arguments: Arguments | None, span: Span) -> Expr:
    """A function with its arguments; the token is one of `FUNCTIONS`."""
    name = str(token)
    if subscripts is not None:
        raise fault(subscripts.span, f"`{name}` is a function; it has no members", f"`{name}(...)`")
    if arguments is None or not arguments.items:
        raise fault(
            span,
            f"`{name}` is a function and needs an argument",
            f"write `{name}(...)`, or choose another name",
        )
    first = arguments.items[0]
    if isinstance(first, OverPart):
        return _over(name, first, span)
    if name in REDUCTIONS and (
        name in ("prod", "sum") or any(isinstance(item, Looped) for item in arguments.items)
    ):
        return Reduce(name, tuple(map(_looped, arguments.items)), span=span)  # type: ignore[arg-type]
    values = tuple(_value(name, item) for item in arguments.items)
    if name in REDUCTIONS and len(values) == 1:
        raise fault(
            span,
            f"`{name}` compares: it needs two arguments, or a loop, or `over`",
            f"`{name}(f[k](i) for k in 1..d)`, `{name}(f(i) over i)`",
        )
    fewest, most = FUNCTIONS[name]
    if len(values) < fewest or (most is not None and len(values) > most):
        wanted = {1: "one argument", 2: "two arguments"}[fewest] + (" or more" if most is None else "")
        raise fault(span, f"`{name}` takes {wanted}, here are {len(values)}")
    return Call(name, values, span=span)


def _over(name: str, part: OverPart, span: Span) -> Expr:
    if name == "prod" or name not in REDUCTIONS:
        advice = "a product over an index: `exp(sum(log(f(i)) over i))`" if name == "prod" else ""
        raise fault(part.span, "`over` stands in `sum`, `max` or `min` only", advice)
    return Over(name, part.body, tuple(map(as_index, part.indices)), span=span)  # type: ignore[arg-type]


def _looped(item: Argument) -> Looped:
    if isinstance(item, Looped):
        return item
    return Looped(_value("sum", item), span=item.span)


def _value(function: str, item: Argument) -> Expr:
    if isinstance(item, Expr):
        return item
    if isinstance(item, Looped):
        raise fault(item.span, f"a loop stands in `prod`, `sum`, `max` or `min`, not in `{function}`")
    if isinstance(item, Ranged):
        raise fault(
            item.span, f"`{item.name} in` belongs behind `for`", f"`{function}(... for {item.name} in ...)`"
        )
    raise fault(item.span, "`over` stands once, behind the only argument of `sum`, `max` or `min`")
