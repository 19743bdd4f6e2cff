"""The sizes, numbers and lets of a network, and evaluation of expressions, loops and families in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tncompile.network.syntax import Expr, Item, Let, ListExpr, Loop, Name, Size, Statement
from tncompile.network.syntax.walk import nodes_of
from tncompile.network.values.arithmetic import Column, Ints
from tncompile.network.values.evaluate import Evaluator, list_literal
from tncompile.network.values.formula import Formula
from tncompile.network.values.held import FamilyValue, GrowingFamily, Lists, NotYetKnown, Value
from tncompile.network.values.limits import INSTANCES, LET_DEPTH, LOOP_STEPS, RECURSIVE_LETS
from tncompile.network.values.loops import loop_description, loop_rows
from tncompile.network.values.rows import UNIT_ROWS, Rows
from tncompile.network.values.structural import generic_sizes
from tncompile.network.values.symbolic import symbolic_value
from tncompile.source import Diagnostic, Fault

__all__ = ["UNIT_ROWS", "Scope"]

CYCLE_SHOWN = 7  # members that the message about a cycle lists


class Scope:
    """What names mean in a network whose sizes are bound (the default of each size is its value).

    Lets are evaluated when they are first asked for. ``replaced`` puts other values in the place of
    some sizes (see `generic`).
    """

    def __init__(self, statements: Sequence[Statement], replaced: Mapping[str, Value] | None = None) -> None:
        self._statements = statements
        self._replaced = dict(replaced or {})
        self._declared = {s.name: s for s in statements if isinstance(s, Size | Let)}
        self._values: dict[str, Value] = {}
        self._pending: list[str] = []
        self._steps: dict[Loop, int] = {}
        self._formulas: dict[str, Formula] = {}
        self._opened = 0
        self._trouble: Fault | None = None

    # --- names --------------------------------------------------------------------------------

    def names(self) -> Sequence[str]:
        """The names of all sizes, numbers and lets, in file order."""
        return tuple(self._declared)

    def lookup(self, name: str) -> Value | None:
        """The value of a size, number or let; None if there is none of that name. Raises Fault."""
        if name not in self._values:
            statement = self._declared.get(name)
            if statement is None:
                return None
            if not self._pending:
                self._prepare(name)
            if name in self._pending:
                cycle = " → ".join([*self._pending[self._pending.index(name) :], name])
                raise Fault(Diagnostic(f"`{name}` depends on itself: {cycle}", statement.span))
            if len(self._pending) >= LET_DEPTH:
                message = f"a circle of more than {LET_DEPTH} values that depend on each other"
                raise self._trouble or Fault(Diagnostic(message, statement.span))
            self._pending.append(name)
            try:
                self._values[name] = self._evaluate(statement)
            finally:
                self._pending.pop()
        return self._values[name]

    def _prepare(self, name: str) -> None:
        """Evaluates what a name depends on, so that chains of lets are no deep recursion; stops at a problem."""
        opened: set[str] = set()
        waiting = [name]
        while waiting:
            last = waiting[-1]
            if last in opened:
                waiting.pop()
                if last == name or last in self._values:
                    continue
                try:
                    self._pending.append(last)
                    self._values[last] = self._evaluate(self._declared[last])
                except Fault as fault:
                    self._trouble = fault
                    return
                finally:
                    self._pending.pop()
                continue
            opened.add(last)
            parts = nodes_of(self._declared[last])
            names = [node.name for node in parts if isinstance(node, Name | Item)]
            waiting += [n for n in names if n in self._declared and n not in self._values and n not in opened]

    def loop_help(self, name: str) -> str:
        """How to give a loop variable of this name a value, as another loop of the text does."""
        for statement in self._statements:
            for node in nodes_of(statement):
                if isinstance(node, Loop) and name in node.variables:
                    return f"add `for {loop_description(node)}`"
        return ""

    def _evaluate(self, statement: Size | Let) -> Value:
        if statement.name in self._replaced:
            return self._replaced[statement.name]
        expr = statement.default if isinstance(statement, Size) else statement.value
        if expr is None:
            raise Fault(Diagnostic(f"size `{statement.name}` has no value", statement.span))
        exact = not (isinstance(statement, Size) and statement.real)
        if statement.family:
            rows = self.family(statement.family)
            return FamilyValue(rows.columns.T.copy(), self._family_values(statement, expr, rows, exact))
        return self._single(expr, exact)

    def _single(self, expr: Expr, exact: bool) -> Value:
        value = Evaluator(self, UNIT_ROWS, exact).value(expr)
        if isinstance(value, Lists):
            return value
        number = value[0].item()
        return int(number) if value.dtype == np.int64 else number

    def _family_values(self, statement: Size | Let, expr: Expr, rows: Rows, exact: bool) -> Column:
        if isinstance(expr, ListExpr):
            return self._listed_values(statement, expr, rows, exact)
        recursive = any(isinstance(node, Item) and node.name == statement.name for node in nodes_of(expr))
        if not recursive:
            return Evaluator(self, rows, exact).column(expr)
        return self._recursive_values(statement, expr, rows, exact)

    def _listed_values(self, statement: Size | Let, expr: ListExpr, rows: Rows, exact: bool) -> Column:
        items = list(_flattened(list_literal(Evaluator(self, UNIT_ROWS, exact), expr)))
        if len(items) != rows.count:
            raise Fault(
                Diagnostic(
                    f"`{statement.name}` has {rows.count} members, the list has {len(items)} items",
                    expr.span if expr.span.start >= 0 else statement.span,
                )
            )
        return np.array(items, np.int64) if exact else np.array(items) + 0.0

    def _recursive_values(self, statement: Size | Let, expr: Expr, rows: Rows, exact: bool) -> Column:
        # A member that asks for another waits until that has its value, so members may be known in any order.
        if rows.count > RECURSIVE_LETS:
            message = f"a family that refers to its own members has at most {RECURSIVE_LETS:,} of them"
            raise Fault(Diagnostic(message, statement.span))
        values = np.zeros(rows.count, np.int64 if exact else np.float64)
        family = GrowingFamily.empty(rows.columns.T, values)
        self._values[statement.name] = family
        try:
            for row in np.arange(rows.count).tolist():
                self._fill(statement, family, row, Evaluator(self, rows, exact), expr)
        finally:
            self._values.pop(statement.name, None)
        return values

    def _fill(
        self, statement: Size | Let, family: GrowingFamily, row: int, evaluator: Evaluator, expr: Expr
    ) -> None:
        """Gives a member its value, and before it those that it asks for."""
        waiting: dict[int, None] = {} if family.known[row] else {row: None}
        while waiting:
            last = next(reversed(waiting))
            try:
                family.values[last] = evaluator.among(np.array([last])).column(expr)[0]
            except NotYetKnown as missing:
                if missing.family is not family:
                    raise
                if missing.place in waiting:
                    raise Fault(_cycle(statement, family, list(waiting), missing.place)) from None
                waiting[missing.place] = None
                continue
            family.known[last] = True
            del waiting[last]

    # --- evaluation ---------------------------------------------------------------------------

    def integers(self, expr: Expr, rows: Rows = UNIT_ROWS) -> Ints:
        """An integer for each row, exactly; raises Fault with the values of the first row that fails."""
        return Evaluator(self, rows, exact=True).integers(expr)

    def numbers(self, expr: Expr, rows: Rows = UNIT_ROWS) -> Column:
        """A number for each row with ordinary division (int64, float64 or complex128); raises Fault."""
        return Evaluator(self, rows, exact=False).column(expr)

    def truths(self, expr: Expr, rows: Rows = UNIT_ROWS) -> npt.NDArray[np.bool_]:
        """A condition for each row; raises Fault."""
        return Evaluator(self, rows, exact=True).truths(expr)

    def lists(self, expr: Expr, rows: Rows) -> Lists:
        """A list for each row; raises Fault."""
        value = Evaluator(self, rows, exact=True).value(expr)
        if not isinstance(value, Lists):
            if not rows.count:  # an entry of no list is neither a number nor a list
                return Lists((), np.zeros(0, np.int64))
            raise Fault(Diagnostic("a list is needed here", expr.span, help="ranges are written `1..d`"))
        return value

    def expand(self, loops: Iterable[Loop], rows: Rows = UNIT_ROWS) -> tuple[Rows, Ints]:
        """The rows of loops inside each given row, and the given row that each belongs to. Raises Fault."""
        parent = np.arange(rows.count)
        for loop in loops:
            rows, inner = loop_rows(self, loop, rows)
            parent = parent[inner]
        return rows, parent

    def family(self, family: Iterable[Loop]) -> Rows:
        """The members of a family, one row each; a range without a name has a column of its own."""
        return self.expand(family)[0]

    def count_steps(self, steps: int, kept: int, loop: Loop) -> None:
        """Notes loop steps that are about to be tried; raises Fault past the limits."""
        # A loop that is written out several times while tables are built counts once.
        self._steps[loop] = max(steps, self._steps.get(loop, 0))
        if sum(self._steps.values()) > LOOP_STEPS:
            raise Fault(
                Diagnostic(f"the loops of this network take more than {LOOP_STEPS:,} steps", loop.span)
            )
        if kept > INSTANCES:
            raise Fault(
                Diagnostic(
                    f"a loop or family of {kept:,} members is past the limit of {INSTANCES:,}",
                    loop.span,
                    help="make the sizes in its range smaller",
                )
            )

    # --- symbols ------------------------------------------------------------------------------

    def formula(self, expr: Expr, values: Mapping[str, int] | None = None) -> Formula:
        """What an integer expression is in the sizes, at given loop values."""
        return symbolic_value(self, expr, dict(values or {}))

    def let_formula(self, text: str, expr: Expr, values: dict[str, int]) -> Formula:
        """The formula of a let, or of the member of one, that is written ``text``; far down in a chain of lets
        its name."""
        if text not in self._formulas:
            if self._opened >= LET_DEPTH:
                return Formula.atom(text)
            self._opened += 1
            try:
                self._formulas[text] = symbolic_value(self, expr, values)
            finally:
                self._opened -= 1
        return self._formulas[text]

    def let(self, name: str) -> Let | None:
        """The let of this name."""
        statement = self._declared.get(name)
        return statement if isinstance(statement, Let) else None

    @cached_property
    def generic(self) -> Scope:
        """The same scope with every size that only extents read replaced by a prime of its own.

        What agrees here agrees whatever the sizes are; structure (ranges, conditions, subscripts)
        is the same as in this scope.
        """
        return Scope(self._statements, generic_sizes(self, self._statements))


def _cycle(statement: Size | Let, family: GrowingFamily, waiting: Sequence[int], first: int) -> Diagnostic:
    """What is said of a member that waits for itself; of a long cycle the middle is left out."""
    members = [*waiting[waiting.index(first) :], first]
    named = [f"{statement.name}[{', '.join(map(str, family.members[place].tolist()))}]" for place in members]
    shown = named if len(named) <= CYCLE_SHOWN else [*named[: CYCLE_SHOWN - 2], "...", named[-1]]
    return Diagnostic(f"`{named[0]}` depends on itself: {' → '.join(shown)}", statement.span)


def _flattened(value: object) -> Iterable[object]:
    if isinstance(value, list):
        for item in value:
            yield from _flattened(item)
    else:
        yield value
