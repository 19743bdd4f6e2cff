"""Evaluation of integers, numbers and conditions, over all rows of a loop at once.

A value is a column with one entry a row, or `Lists`. In exact mode (subscripts, ranges, extents,
sizes, lets) everything is an integer and `/` is exact; otherwise `/` is ordinary division. Only the
branch that is taken is evaluated, on just the rows that take it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import cast

import numpy as np
import numpy.typing as npt

from tncompile.network.syntax import (
    Add,
    Binary,
    Call,
    Choice,
    Compare,
    Expr,
    Item,
    ListExpr,
    Logic,
    Multiply,
    Name,
    Negative,
    Not,
    Number,
    Use,
)
from tncompile.network.values import arithmetic
from tncompile.network.values.arithmetic import Column, Inexact, Ints
from tncompile.network.values.functions import NUMERIC
from tncompile.network.values.held import FamilyValue, Lists, Names, Value
from tncompile.network.values.rows import Rows
from tncompile.network.values.sets import unique
from tncompile.source import Diagnostic, Fault, Span


class Evaluator:
    """Evaluates expressions over the rows of one loop nest."""

    def __init__(self, names: Names, rows: Rows, exact: bool) -> None:
        self.names, self.rows, self.exact = names, rows, exact

    def fault(self, message: str, span: Span, row: int = 0, help: str = "") -> Fault:
        """A problem at a place, with the loop values of the row where it shows."""
        values = self.rows.values(row) if self.rows.count else ()
        return Fault(Diagnostic(message, span, help=help, values=values))

    def column(self, expr: Expr) -> Column:
        """The value of an expression, one entry a row; a list is an error."""
        value = self.value(expr)
        if isinstance(value, Lists):
            raise self.fault("a list stands here where a number is needed", expr.span)
        return value

    def integers(self, expr: Expr) -> Ints:
        """The value of an expression that must be an integer."""
        value = self.column(expr)
        if value.dtype != np.int64:
            raise self.fault("an integer is needed here", expr.span)
        return cast(Ints, value)

    def truths(self, expr: Expr) -> npt.NDArray[np.bool_]:
        """The value of a condition."""
        value = self.column(expr)
        if value.dtype != np.bool_:
            raise self.fault(
                "a condition is needed here", expr.span, help="compare something: `k == 1`, `0 < k < d`"
            )
        return cast("npt.NDArray[np.bool_]", value)

    def value(self, expr: Expr) -> Column | Lists:
        """The value of any expression; raises Fault."""
        method = _METHODS.get(type(expr))
        if method is None:
            what = "a tensor" if isinstance(expr, Use) else "such an expression"
            raise self.fault(f"{what} cannot stand where a number is needed", expr.span)
        try:
            return method(self, expr)
        except Inexact as problem:
            raise self.fault(problem.message, expr.span, problem.row, problem.help) from None

    def _number(self, expr: Number) -> Column:
        value = expr.value
        if expr.imaginary and not self.exact:
            return np.full(self.rows.count, complex(0, float(value)))
        if not expr.imaginary and value.denominator == 1 and not set(expr.text) & set(".eE"):
            if value >= 2**63:
                raise self.fault(
                    "an integer here reaches 2^63", expr.span, help="every integer must stay below 2^63"
                )
            return np.full(self.rows.count, int(value), np.int64)
        if self.exact:
            raise self.fault(f"{expr.text} is not an integer", expr.span)
        return np.full(self.rows.count, float(value))

    def _name(self, expr: Name) -> Column | Lists:
        if expr.name in self.rows.names:
            return self.rows.column(expr.name)
        if expr.name == "pi" and not self.exact:
            return np.full(self.rows.count, np.pi)
        value = self._lookup(expr.name, expr.span)
        if isinstance(value, Lists):
            return Lists(value.pool, np.zeros(self.rows.count, np.int64))
        if isinstance(value, FamilyValue):
            raise self.fault(f"`{expr.name}` is a family: say which member, `{expr.name}[...]`", expr.span)
        if isinstance(value, int):
            return np.full(self.rows.count, value, np.int64)
        if self.exact:
            raise self.fault(f"`{expr.name}` is a number, not an integer", expr.span)
        return np.full(self.rows.count, value)

    def _lookup(self, name: str, span: Span) -> Value:
        value = self.names.lookup(name)
        if value is None:
            near = get_close_matches(name, [*self.rows.names, *self.names.names()], 1)
            help = self.names.loop_help(name) or (f"did you mean `{near[0]}`?" if near else "")
            raise self.fault(
                f"`{name}` has no value here: it is neither a size nor the variable of a loop",
                span,
                help=help,
            )
        return value

    def _item(self, expr: Item) -> Column | Lists:
        value = self._lookup(expr.name, expr.span)
        subscripts = [self.integers(s) for s in expr.subscripts]
        if isinstance(value, FamilyValue):
            return self._family_item(expr, value, subscripts)
        if not isinstance(value, Lists):
            raise self.fault(f"`{expr.name}` is one value, it takes no subscripts", expr.span)
        result: Column | Lists = Lists(value.pool, np.zeros(self.rows.count, np.int64))
        for subscript in subscripts:
            result = self._list_item(expr, result, subscript)
        return result

    def _family_item(self, expr: Item, family: FamilyValue, subscripts: list[Ints]) -> Column:
        if len(subscripts) != family.members.shape[1]:
            raise self.fault(
                f"`{expr.name}` takes {family.members.shape[1]} subscripts, here are {len(subscripts)}",
                expr.span,
            )
        wanted = np.stack(subscripts, axis=1)
        places = family.find(wanted)
        if (places < 0).any():
            row = int(np.argmax(places < 0))
            member = ", ".join(map(str, wanted[row]))
            raise self.fault(
                f"`{expr.name}[{member}]` is outside the family of `{expr.name}`", expr.span, row
            )
        if self.exact and family.values.dtype != np.int64:
            raise self.fault(f"`{expr.name}` is a number, not an integer", expr.span)
        return family.values[places]

    def _list_item(self, expr: Item, lists: Column | Lists, subscript: Ints) -> Column | Lists:
        if not isinstance(lists, Lists):
            raise self.fault(f"`{expr.name}` is not nested so deep", expr.span)
        lengths = np.array([len(items) for items in lists.pool], np.int64)[lists.which]
        outside = (subscript < 1) | (subscript > lengths)
        if outside.any():
            row = int(np.argmax(outside))
            raise self.fault(
                f"item {subscript[row]} of a list of {lengths[row]}",
                expr.span,
                row,
                help="lists count from 1",
            )
        return pick_items(lists.pool, lists.which, subscript)

    def _negative(self, expr: Negative) -> Column:
        value = self.column(expr.operand)
        return np.negative(value)

    def _add(self, expr: Add) -> Column:
        total = self.column(expr.terms[0])
        for term, sign in zip(expr.terms[1:], expr.signs[1:], strict=True):
            value = self.column(term)
            if _integral(total, value):
                total = (arithmetic.add if sign > 0 else arithmetic.subtract)(total, value)
            else:
                with np.errstate(all="ignore"):
                    total = total + value if sign > 0 else total - value
        return total

    def _multiply(self, expr: Multiply) -> Column:
        total = self.column(expr.factors[0])
        for factor, inverted in zip(expr.factors[1:], expr.inverted[1:], strict=True):
            value = self.column(factor)
            if inverted:
                total = self._divide(total, value, expr)
            elif _integral(total, value):
                total = arithmetic.multiply(total, value)
            else:
                with np.errstate(all="ignore"):
                    total = total * value
        return total

    def _divide(self, left: Column, right: Column, expr: Expr) -> Column:
        if self.exact:
            return arithmetic.divide(left, right)
        if (right == 0).any():
            raise self.fault("division by zero", expr.span, int(np.argmax(right == 0)))
        with np.errstate(all="ignore"):
            return left / right

    def _binary(self, expr: Binary) -> Column:
        left, right = self.column(expr.left), self.column(expr.right)
        if _integral(left, right):
            if expr.op != "^" or self.exact or not (right < 0).any():
                return _INTEGER_OPS[expr.op](left, right)
            left = left.astype(np.float64)
        elif expr.op != "^":
            raise self.fault(f"`{expr.op}` takes integers", expr.span)
        undefined = (left == 0) & (right < 0)
        if undefined.any():
            raise self.fault("division by zero", expr.span, int(np.argmax(undefined)))
        with np.errstate(all="ignore"):
            return left**right

    def _compare(self, expr: Compare) -> Column:
        result = np.ones(self.rows.count, np.bool_)
        left = self.column(expr.operands[0])
        for op, operand in zip(expr.ops, expr.operands[1:], strict=True):
            right = self.column(operand)
            result &= _COMPARISONS[op](left, right)
            left = right
        return result

    def _logic(self, expr: Logic) -> Column:
        # Only as much as is needed: later operands see just the rows that are still undecided.
        result = self.truths(expr.operands[0]).copy()
        for operand in expr.operands[1:]:
            open_rows = result if expr.op == "and" else ~result
            if open_rows.any():
                result[open_rows] = self.among(open_rows).truths(operand)
        return result

    def _not(self, expr: Not) -> Column:
        return ~self.truths(expr.operand)

    def _choice(self, expr: Choice) -> Column | Lists:
        test = self.truths(expr.test)
        if test.all():
            return self.value(expr.then)
        if not test.any():
            return self.value(expr.other)
        first = self.among(test).column(expr.then)
        second = self.among(~test).column(expr.other)
        result = np.empty(self.rows.count, np.result_type(first, second))
        result[test], result[~test] = first, second
        return result

    def among(self, mask: Ints | npt.NDArray[np.bool_]) -> Evaluator:
        """The same evaluator on a part of the rows."""
        return Evaluator(self.names, self.rows.take(mask), self.exact)

    def _call(self, expr: Call) -> Column:
        if expr.function == "len":
            return self._length(expr)
        values = [self.column(argument) for argument in expr.arguments]
        if expr.function in ("min", "max"):
            pick = np.minimum if expr.function == "min" else np.maximum
            result = values[0]
            for value in values[1:]:
                result = pick(result, value)
            return result
        integral = _integral(*values)
        if expr.function == "abs" and integral:
            return np.abs(values[0])
        if expr.function in _INTEGER_FUNCTIONS and integral:
            count, function = _INTEGER_FUNCTIONS[expr.function]
            if len(values) != count:
                raise self.fault(
                    f"`{expr.function}` takes {count} arguments, here are {len(values)}", expr.span
                )
            if expr.function != "log2" or self.exact:
                return function(*values)
        if self.exact or expr.function not in NUMERIC or len(values) != 1:
            raise self.fault(f"`{expr.function}` has no integer value here", expr.span)
        with np.errstate(all="ignore"):
            return NUMERIC[expr.function](values[0])

    def _length(self, expr: Call) -> Column:
        value = self.value(expr.arguments[0])
        if not isinstance(value, Lists):
            raise self.fault("`len` takes a list", expr.span)
        return np.array([len(items) for items in value.pool], np.int64)[value.which]

    def _list(self, expr: ListExpr) -> Lists:
        items = [list_literal(self, item) for item in expr.items]
        return Lists([items], np.zeros(self.rows.count, np.int64))


def list_literal(evaluator: Evaluator, expr: Expr) -> object:
    """The value of a list as written, for the one row there is: numbers and nested Python lists."""
    if isinstance(expr, ListExpr):
        return [list_literal(evaluator, item) for item in expr.items]
    column = evaluator.column(expr)
    return column[0].item() if len(column) else 0


def pick_items(pool: Sequence[Sequence[object]], which: Ints, subscript: Ints) -> Column | Lists:
    """Item ``subscript`` (from 1) of list ``pool[which]``, for each row."""
    starts = np.cumsum([0, *(len(items) for items in pool)])
    flat = [item for items in pool for item in items]
    places = starts[which] + subscript - 1
    if all(isinstance(flat[place], list) for place in unique(places)) and len(places):
        return Lists(cast("list[list[object]]", [x if isinstance(x, list) else [] for x in flat]), places)
    numbers = np.array([0 if isinstance(x, list) else x for x in flat])
    return numbers[places] if len(places) else np.zeros(0, np.int64)


def _integral(*values: Column) -> bool:
    return all(value.dtype == np.int64 for value in values)


_INTEGER_OPS: Mapping[str, Callable[[Ints, Ints], Ints]] = {
    "//": arithmetic.floor_divide,
    "%": arithmetic.modulo,
    "^": arithmetic.power,
}
_INTEGER_FUNCTIONS: Mapping[str, tuple[int, Callable[..., Ints]]] = {
    "log2": (1, arithmetic.log2),
    "gcd": (2, np.gcd),
    "binomial": (2, arithmetic.binomial),
    "multichoose": (2, arithmetic.multichoose),
}
_COMPARISONS: Mapping[str, Callable[[Column, Column], npt.NDArray[np.bool_]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_METHODS: Mapping[type, Callable[[Evaluator, Expr], Column | Lists]] = cast(
    "Mapping[type, Callable[[Evaluator, Expr], Column | Lists]]",
    {
        Number: Evaluator._number,
        Name: Evaluator._name,
        Item: Evaluator._item,
        Negative: Evaluator._negative,
        Add: Evaluator._add,
        Multiply: Evaluator._multiply,
        Binary: Evaluator._binary,
        Compare: Evaluator._compare,
        Logic: Evaluator._logic,
        Not: Evaluator._not,
        Choice: Evaluator._choice,
        Call: Evaluator._call,
        ListExpr: Evaluator._list,
    },
)
