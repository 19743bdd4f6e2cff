"""Binding: the sizes of a text get their values, and the text becomes a `Network`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from numbers import Integral, Real

from tncompile.language.syntax import Syntax
from tncompile.network import (
    Expr,
    FamilyValue,
    ListExpr,
    Lists,
    Name,
    Negative,
    Network,
    Number,
    Require,
    Scope,
    Size,
    Statement,
    nodes_of,
)
from tncompile.network.values.limits import INTEGER, LARGEST_DOUBLE, LIST_ITEMS
from tncompile.source import NOWHERE, Diagnostic, Fault, Span, TnError


def bind(syntax: Syntax, sizes: Mapping[str, object]) -> Network:
    """The network of a text at given sizes; sizes that are not given take their defaults.

    Values are integers, numbers, or (nested) sequences of them. Raises TnError with every problem
    of the sizes and requirements; the rest of the text is not looked at here.
    """
    binding = _Binding(syntax, sizes)
    statements = binding.run()
    if binding.problems:
        raise TnError(binding.problems, syntax.source)
    return Network(syntax.name, statements, syntax.doc, syntax.source)


@dataclass
class _Binding:
    """The sizes of one text on their way to values."""

    syntax: Syntax
    given: Mapping[str, object]
    problems: list[Diagnostic] = field(default_factory=list)

    def run(self) -> tuple[Statement, ...]:
        declared = [s.name for s in self.syntax.statements if isinstance(s, Size)]
        self.problems += [_unknown(name, declared) for name in self.given if name not in declared]
        bound = [self._given(s) if isinstance(s, Size) else s for s in self.syntax.statements]
        if self.problems:
            return tuple(bound)
        scope = Scope(bound)
        bound = [self._checked(s, scope) if isinstance(s, Size) else s for s in bound]
        if not self.problems:
            self._require(scope)
        return tuple(bound)

    def _given(self, statement: Size) -> Size:
        """The size with the value that was given as its default."""
        try:
            if statement.name in self.given:
                value = _literal(self.given[statement.name], statement.real, f"`{statement.name}`")
                _check_kind(statement, value)
                return replace(statement, default=value)
            if statement.default is None:
                raise _missing(statement)
        except Fault as fault:
            self.problems.append(fault.diagnostic)
        return statement

    def _checked(self, statement: Size, scope: Scope) -> Size:
        """The size with its value, written out, as its default."""
        try:
            value = scope.lookup(statement.name)
            if not statement.real:
                _positive(statement, value, statement.name in self.given)
            return replace(statement, default=_canonical(value, statement))
        except Fault as fault:
            self.problems.append(fault.diagnostic)
            return statement

    def _require(self, scope: Scope) -> None:
        for statement in self.syntax.statements:
            if not isinstance(statement, Require):
                continue
            try:
                if not scope.truths(statement.condition)[0]:
                    text = statement.message or "this requirement does not hold"
                    here = _values_read(statement.condition, scope)
                    self.problems.append(Diagnostic(text, statement.condition.span, help=here))
            except Fault as fault:
                self.problems.append(fault.diagnostic)


def _unknown(name: str, declared: Sequence[str]) -> Diagnostic:
    near = get_close_matches(name, declared, 1)
    has = f"this network has {', '.join(declared)}" if declared else "this network has no sizes"
    return Diagnostic(f"no size is called `{name}`; {has}", help=f"did you mean `{near[0]}`?" if near else "")


def _missing(statement: Size) -> Fault:
    word, example = ("number", "0.5") if statement.real else ("size", "4")
    return Fault(
        Diagnostic(
            f"{word} `{statement.name}` has no default and was not given",
            statement.name_span,
            help=f"`-s {statement.name}={example}`, or `{word} {statement.name} = {example}` in the file",
        )
    )


def _values_read(condition: Expr, scope: Scope) -> str:
    names = dict.fromkeys(node.name for node in nodes_of(condition) if isinstance(node, Name))
    values = [(name, scope.lookup(name)) for name in names]
    return ", ".join(f"{name} is {value}" for name, value in values if isinstance(value, int | float))


def _literal(value: object, real: bool, where: str) -> Expr:
    """A given value as syntax. Raises Fault for what is no size."""
    if (isinstance(value, Sequence) and not isinstance(value, str | bytes)) or hasattr(value, "tolist"):
        items = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(items, Sequence):
            return _literal(items, real, where)
        if len(items) > LIST_ITEMS:
            raise Fault(Diagnostic(f"the list given for {where} has more than {LIST_ITEMS:,} items"))
        return ListExpr(tuple(_literal(item, real, where) for item in items))
    if isinstance(value, bool):
        raise Fault(Diagnostic(f"{where} was given {value}, which is not a number"))
    if isinstance(value, Integral):
        if abs(int(value)) >= INTEGER:
            raise Fault(
                Diagnostic(f"{where} was given a value past 2^63", help="every integer must stay below 2^63")
            )
        return _number(str(abs(int(value))), int(value) < 0)
    if real and isinstance(value, Real):
        number = _nearest(value)
        if not math.isfinite(number):
            raise Fault(Diagnostic(f"{where} was given {value}, which is not a finite number"))
        return _real(number)
    kind = "a number" if real else "an integer"
    raise Fault(Diagnostic(f"{where} was given {value!r}, which is not {kind}"))


def _check_kind(statement: Size, value: Expr) -> None:
    """Raises Fault for a list in place of one number, and for one number in place of a list."""
    one = "one number" if statement.real else "one integer"
    if statement.family or not isinstance(statement.default, Number | Negative | ListExpr):
        return
    given, declared = isinstance(value, ListExpr), isinstance(statement.default, ListExpr)
    if given and not declared:
        raise Fault(Diagnostic(f"`{statement.name}` was given a list; it is {one}"))
    if declared and not given:
        raise Fault(Diagnostic(f"`{statement.name}` was given {one}; it is a list"))


def _nearest(value: Real) -> float:
    """The double nearest to a number; infinity where there is none."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _number(text: str, negative: bool) -> Expr:
    return Negative(Number(text)) if negative else Number(text)


def _real(value: float) -> Expr:
    return _number(repr(abs(value)), math.copysign(1.0, value) < 0)


def _positive(statement: Size, value: object, given: bool) -> None:
    """Plain sizes are at least 1; items of a list may be anything."""
    smallest = value if isinstance(value, int) else None
    if isinstance(value, FamilyValue) and len(value.values):
        smallest = int(value.values.min())
    if smallest is None or smallest >= 1:
        return
    default: Expr | Size = statement.default or statement
    span: Span = NOWHERE if given else default.span
    raise Fault(Diagnostic(f"size `{statement.name}` is {smallest}; a size is at least 1", span))


def _canonical(value: object, statement: Size) -> Expr:
    """The value of a size as it is printed: a number, or a list. Raises Fault for what is no finite number."""
    if isinstance(value, FamilyValue):
        values = value.values.tolist()
        if values and all(v == values[0] for v in values):
            return _canonical(values[0], statement)
        return _canonical(values, statement)
    if isinstance(value, Lists):
        return _canonical(list(value.pool[0]), statement)
    if isinstance(value, list):
        return ListExpr(tuple(_canonical(item, statement) for item in value))
    if statement.real:
        span = (statement.default or statement).span
        if not isinstance(value, int | float):
            raise Fault(Diagnostic(f"`{statement.name}` is complex, and a `number` is real", span))
        if not math.isfinite(value):
            raise Fault(
                Diagnostic(
                    f"`{statement.name}` is not finite: double precision ends at {LARGEST_DOUBLE}", span
                )
            )
        return _real(float(value))
    assert isinstance(value, int)
    return _number(str(abs(value)), value < 0)
