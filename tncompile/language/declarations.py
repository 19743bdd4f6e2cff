"""From what the parser recognises to statement nodes, judged in the words of the language."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from tncompile.language.expressions import (
    Argument,
    Arguments,
    ExpressionBuilder,
    Loops,
    OverPart,
    Ranged,
    Subscript,
    Subscripts,
    as_index,
    fault,
    hull,
    member,
    plain_name,
    span_of,
)
from tncompile.language.tokens import Token
from tncompile.network.syntax import (
    Axis,
    Cut,
    CutItem,
    Definition,
    Expr,
    Field,
    FreeIndex,
    Index,
    Initialiser,
    Let,
    Loop,
    Looped,
    Node,
    Number,
    Range,
    Require,
    Size,
    Statement,
    Tensor,
)
from tncompile.network.syntax.text import expression_text
from tncompile.source import Fault
from tncompile.source.records import record


@record
class Header(Statement):
    """``network NAME``"""

    name: str


@record
class Head(Node):
    """``NAME[...](...)`` at the beginning of a declaration or definition."""

    name: Token
    subscripts: Subscripts | None
    arguments: Arguments | None


class StatementBuilder(ExpressionBuilder):
    """The rules that build statements; each returns a tuple of them, for one line may declare several."""

    def network(self, parts: list[Token]) -> tuple[Statement, ...]:
        name = plain_name(parts[1], "a network")
        return (Header(name, span=hull(parts), name_span=span_of(parts[1])),)

    # --- sizes ---

    def size(self, parts: list[Any]) -> Size:
        name = plain_name(parts[0], "a size")
        default = parts[-1] if isinstance(parts[-1], Expr) else None
        return Size(
            name, _family(_only(parts, Subscripts)), default, span=hull(parts), name_span=span_of(parts[0])
        )

    def sizes(self, parts: list[Any]) -> tuple[Statement, ...]:
        return tuple(parts[1:])

    def numbers(self, parts: list[Any]) -> tuple[Statement, ...]:
        return tuple(
            Size(size.name, size.family, size.default, real=True, span=size.span, name_span=size.name_span)
            for size in parts[1:]
        )

    def let(self, parts: list[Any]) -> tuple[Statement, ...]:
        name = plain_name(parts[1], "a value")
        family = _family(_only(parts, Subscripts))
        return (Let(name, family, parts[-1], span=hull(parts), name_span=span_of(parts[1])),)

    def field(self, parts: list[Token]) -> tuple[Statement, ...]:
        fields: dict[str, Literal["real", "complex"]] = {"real": "real", "complex": "complex"}
        if parts[1] not in fields:
            raise fault(
                span_of(parts[1]), f"no field is called `{parts[1]}`", "`field real` or `field complex`"
            )
        return (Field(fields[parts[1]], span=hull(parts), name_span=span_of(parts[1])),)

    def require(self, parts: list[Any]) -> tuple[Statement, ...]:
        message = str(parts[2])[1:-1] if len(parts) == 3 else ""
        return (Require(parts[1], message, span=hull(parts), name_span=span_of(parts[0])),)

    # --- tensors ---

    def head(self, parts: list[Any]) -> Head:
        return Head(parts[0], _only(parts, Subscripts), _only(parts, Arguments), span=hull(parts))

    def initialiser(self, parts: list[Any]) -> Initialiser:
        arguments = _only(parts, Arguments)
        items = () if arguments is None else tuple(map(_plain_argument, arguments.items))
        return Initialiser(str(parts[0]), items, span=hull(parts))

    def tensor(self, parts: list[Any]) -> Tensor:
        """A constant for now: the word in front tells the role."""
        head = parts[0]
        name = plain_name(head.name, "a tensor")
        if head.arguments is None:
            raise fault(
                head.span,
                f"`{name}` has no axes",
                f"`{name}(n)` for one axis of extent n, `{name}()` for a single number",
            )
        axes = tuple(map(_axis, head.arguments.items))
        init, value = _only(parts, Initialiser), parts[-1] if isinstance(parts[-1], Expr) else None
        family = _family(head.subscripts)
        return Tensor(
            "constant", name, family, axes, init, value, span=hull(parts), name_span=span_of(head.name)
        )

    def tensors(self, parts: list[Any]) -> tuple[Statement, ...]:
        role: Literal["input", "weight", "constant"] = str(parts[0])  # type: ignore[assignment]
        return tuple(_with_role(tensor, role) for tensor in parts[1:])

    # --- definitions and cuts ---

    def definition(self, parts: list[Any]) -> tuple[Statement, ...]:
        role: Literal["plain", "inline", "output"] = "plain"
        if isinstance(parts[0], Token):
            role = "inline" if parts[0].type == "INLINE" else "output"
        head, body = next((part, parts[i + 1]) for i, part in enumerate(parts) if isinstance(part, Head))
        loops = _only(parts, Loops)
        if head.arguments is None:
            raise _bare(head, role)
        name = plain_name(head.name, "a definition")
        subscripts = () if head.subscripts is None else member(head.subscripts)
        indices = tuple(map(_free_index, head.arguments.items))
        rule = Definition(
            role,
            name,
            subscripts,
            indices,
            body,
            () if loops is None else loops.items,
            span=hull(parts),
            name_span=span_of(head.name),
        )
        return (rule,)

    def cut_item(self, parts: list[Any]) -> CutItem:
        arguments, subscripts, loops = _only(parts, Arguments), _only(parts, Subscripts), _only(parts, Loops)
        name = plain_name(parts[0], "an input")
        if arguments is not None:
            raise fault(
                arguments.span,
                "a cut names inputs without their indices",
                f"`{name}[...]`, or `{name}` for all",
            )
        chosen = () if subscripts is None else tuple(map(_cut_subscript, subscripts.items))
        return CutItem(name, chosen, () if loops is None else loops.items, span=hull(parts))

    def cut_side(self, parts: list[Any]) -> tuple[CutItem, ...]:
        return tuple(parts)

    def cut(self, parts: list[Any]) -> tuple[Statement, ...]:
        name = plain_name(parts[1], "a cut")
        columns = parts[3] if len(parts) == 4 else None
        span = span_of(parts[0]) | parts[-1][-1].span
        return (Cut(name, parts[2], columns, span=span, name_span=span_of(parts[1])),)


def _only(parts: list[Any], kind: type[Any]) -> Any:
    """The part of a kind, of which there is at most one."""
    return next((part for part in parts if isinstance(part, kind)), None)


# --- what stands in brackets, in its place ---------------------------------------------------------


def _family(subscripts: Subscripts | None) -> tuple[Loop, ...]:
    return () if subscripts is None else tuple(map(_family_range, subscripts.items))


def _family_range(item: Subscript) -> Loop:
    if isinstance(item, Loop):
        return item
    if isinstance(item, Range):
        return Loop((), item, span=item.span)
    text = expression_text(item, tight=True)
    raise fault(
        item.span,
        f"`{text}` is not a range: a family is declared by its ranges",
        f"`[1..{text}]`, or `[k in 1..{text}]` where something depends on k",
    )


def _cut_subscript(item: Subscript) -> Expr | Range:
    if isinstance(item, Loop):
        raise fault(
            item.span, "the loop of a cut stands behind its item", f"`x[k] for {expression_text(item)}`"
        )
    return item


def _axis(item: Argument) -> Axis:
    match item:
        case Expr():
            return Axis(item, span=item.span)
        case Looped(body, loops):
            return Axis(body, loops=loops, span=item.span)
        case Ranged(name, Range(first, last)):
            return Axis(last, name, None if first == Number("1") else first, span=item.span)
        case Ranged(name, domain):
            text = expression_text(domain, tight=True)
            raise fault(domain.span, f"an axis is a range: `{name} in 1..{text}`")
        case OverPart():
            raise fault(item.span, "`over` stands in `sum`, `max` or `min`, not in an axis")


def _free_index(item: Argument) -> FreeIndex:
    if isinstance(item, Ranged):
        if not isinstance(item.domain, Range) or item.domain.first != Number("1"):
            raise fault(item.domain.span, f"the extent of an index is said as `{item.name} in 1..n`")
        return FreeIndex(Index(item.name, span=item.span), item.domain.last, span=item.span)
    index = as_index(item)
    return FreeIndex(index, span=index.span)


def _plain_argument(item: Argument) -> Expr:
    if not isinstance(item, Expr):
        raise fault(item.span, "an initialiser takes numbers: `normal(0.1)`")
    return item


# --- declarations in the wrong words ---------------------------------------------------------------


def _with_role(tensor: Tensor, role: Literal["input", "weight", "constant"]) -> Tensor:
    """A tensor as the word in front of it says; what that word does not allow is refused."""
    if tensor.init is not None and role != "weight":
        raise fault(
            tensor.init.span, f"only a weight has an initialiser, `{tensor.name}` is declared as {role}"
        )
    if tensor.value is not None and role != "constant":
        advice = f"`constant {tensor.name}... = ...` for fixed numbers"
        raise fault(
            tensor.value.span, f"only a constant has a value, `{tensor.name}` is declared as {role}", advice
        )
    if tensor.value is None and role == "constant":
        raise fault(
            tensor.span, f"the constant `{tensor.name}` has no value", f"`constant {tensor.name}... = ...`"
        )
    for axis in tensor.axes:
        if axis.variable and role != "constant":
            raise fault(
                axis.span,
                f"the axes of `{tensor.name}` have no names: an axis is its extent",
                "names of axes are for constants with a formula",
            )
    return replace(tensor, role=role)


def _bare(head: Head, role: str) -> Fault:
    """A definition without parentheses."""
    name = str(head.name)
    subscripts = "" if head.subscripts is None else "[...]"
    advice = f"`{name}{subscripts}() = ...` where it has no indices"
    if role == "plain":
        advice += (
            f"; a size is `size {name}{subscripts} = ...`, a derived value `let {name}{subscripts} = ...`"
        )
    return fault(head.span, f"the definition of `{name}` does not say its indices", advice)
