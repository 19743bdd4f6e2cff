"""From a rule's body to its sites: choices made, loops expanded, members found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

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
    Negative,
    Node,
    Not,
    Number,
    Over,
    Range,
    Reduce,
    Use,
)
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.network.syntax.walk import children as children_of
from tncompile.network.syntax.walk import map_children, nodes_of, outermost
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.scope import Scope
from tncompile.network.written.choices import index_loops_differ
from tncompile.network.written.sites import Kind, Site, Slot
from tncompile.source import Diagnostic, Fault

INTEGER_FUNCTIONS = ("len", "log2", "gcd", "binomial", "multichoose")
Find = Callable[[Use, Rows, Ints, Sequence[Slot]], Ints | None]


class BodyBuilder:
    """Builds the sites of one group of instances that choose alike.

    ``find`` says which members a use leads to (None where that is not known, or for ``delta`` and ``one``).
    With ``write_out`` (for a single instance) each loop with indices of several kinds, or with a loop inside, is written
    out row by row.
    """

    def __init__(self, scope: Scope, find: Find, write_out: bool = False) -> None:
        self.scope = scope
        self.find = find
        self.write_out = write_out
        self.faults: list[Diagnostic] = []

    def build(self, expr: Expr, rows: Rows, owner: Ints, parent: Ints | None = None) -> Site:
        """The site of an expression. Where a part is not right, ``faults`` says so and the site is of no use."""
        parent = np.arange(rows.count) if parent is None else parent
        try:
            return self.build_any(expr, rows, owner, parent)
        except Fault as fault:
            self.faults.append(fault.diagnostic)
            return Site("value", expr, rows, owner, parent)

    def build_any(self, expr: Expr, rows: Rows, owner: Ints, parent: Ints) -> Site:
        """The site of an expression by its kind. Raises Fault."""
        if isinstance(expr, Choice):
            return self.build(self.chosen(expr, rows), rows, owner, parent)
        if isinstance(expr, Use):
            return self.build_use(expr, rows, owner, parent)
        if not has_structure(expr):
            return self.build_value(expr, rows, owner, parent)
        if isinstance(expr, Reduce):
            return self.build_reduce(expr, rows, owner, parent)
        if isinstance(expr, Over):
            slots = self.slots(expr.indices, rows)
            inner = self.build(expr.body, rows, owner)
            return Site("over", expr, rows, owner, parent, [inner], slots=slots)
        return self.build_operation(expr, rows, owner, parent)

    def build_operation(self, expr: Expr, rows: Rows, owner: Ints, parent: Ints) -> Site:
        self.refuse_integer_operations(expr, rows)
        if isinstance(expr, Multiply):
            self.refuse_zero_divisors(expr, rows)
        children: list[Site] = []
        for part in children_of(
            expr
        ):  # no comprehension: deep nesting would need a frame more for each level
            if isinstance(part, Expr):
                children.append(self.build(part, rows, owner))
        if isinstance(expr, Multiply):
            children = [
                Site("finished", child.node, rows, owner, np.arange(rows.count), [child])
                if inverted
                else child
                for child, inverted in zip(children, expr.inverted, strict=True)
            ]
            return Site("product", expr, rows, owner, parent, children)
        return Site(
            "terms" if isinstance(expr, Add | Negative) else "function", expr, rows, owner, parent, children
        )

    def refuse_integer_operations(self, expr: Expr, rows: Rows) -> None:
        """Raises Fault for operations that tensors do not have."""
        if isinstance(expr, Logic | Not | Compare):
            help = "`step(...)` is 1 where its argument is positive" if isinstance(expr, Compare) else ""
            raise Fault(Diagnostic("a condition stands where a value is needed", expr.span, help=help))
        if isinstance(expr, ListExpr | Item | Range):
            raise Fault(Diagnostic("a tensor cannot stand where a number is needed", expr.span))
        if isinstance(expr, Binary):
            if expr.op != "^":
                raise Fault(Diagnostic(f"`{expr.op}` takes integers, here is a tensor", expr.span))
            if has_structure(expr.right):
                raise Fault(Diagnostic("an exponent is an integer, here is a tensor", expr.right.span))
            self.scope.integers(expr.right, rows)
        if isinstance(expr, Call) and expr.function in INTEGER_FUNCTIONS:
            raise Fault(Diagnostic(f"`{expr.function}` takes integers, here is a tensor", expr.span))

    def refuse_zero_divisors(self, expr: Multiply, rows: Rows) -> None:
        """Raises Fault where a divisor without tensors is zero."""
        for factor, inverted in zip(expr.factors, expr.inverted, strict=True):
            if inverted and rows.count and not has_structure(factor):
                zero = self.scope.numbers(factor, rows) == 0
                if zero.any():
                    row = int(np.argmax(zero))
                    raise Fault(Diagnostic("division by zero", factor.span, values=rows.values(row)))

    def build_value(self, expr: Expr, rows: Rows, owner: Ints, parent: Ints) -> Site:
        has_choices = any(isinstance(node, Choice) for node in nodes_of(expr))
        resolved = self.without_choices(expr, rows) if has_choices else expr
        if rows.count and not isinstance(resolved, Number):
            self.scope.numbers(resolved, rows)
        return Site("value", resolved, rows, owner, parent)

    def without_choices(self, expr: Expr, rows: Rows) -> Expr:
        """A value with its choices made."""
        if isinstance(expr, Choice):
            return self.without_choices(self.chosen(expr, rows), rows)
        return map_children(
            expr, lambda node: self.without_choices(node, rows) if isinstance(node, Expr) else node
        )

    def chosen(self, choice: Choice, rows: Rows) -> Expr:
        """The branch that all rows take (rows that differ have been parted before)."""
        return (
            choice.then if rows.count == 0 or bool(self.scope.truths(choice.test, rows)[0]) else choice.other
        )

    # --- uses ---------------------------------------------------------------------------------

    def build_use(self, use: Use, rows: Rows, owner: Ints, parent: Ints) -> Site:
        use = self.with_chosen_subscripts(use, rows)
        slots = self.slots(use.indices, rows)
        columns = [self.scope.integers(subscript, rows) for subscript in use.subscripts]
        subscripts = np.stack(columns, axis=1) if columns else np.zeros((rows.count, 0), np.int64)
        positions = self.find(use, rows, subscripts, slots)
        return Site("use", use, rows, owner, parent, positions=positions, slots=slots)

    def with_chosen_subscripts(self, use: Use, rows: Rows) -> Use:
        """A use with the choices in its subscripts made; those of an index with a loop tell rounds apart, by number."""
        if not any(isinstance(node, Choice) for node in nodes_of(use)):
            return use
        subscripts = tuple(self.without_choices(subscript, rows) for subscript in use.subscripts)
        indices = tuple(
            index
            if index.loops
            else replace(index, subscripts=tuple(self.without_choices(one, rows) for one in index.subscripts))
            for index in use.indices
        )
        return replace(use, subscripts=subscripts, indices=indices)

    def slots(self, indices: Sequence[Index], rows: Rows) -> list[Slot]:
        """The indices with their loops written out."""
        found = []
        for index in indices:
            for plain in self.written_out(index, rows):
                columns = [self.scope.integers(subscript, rows) for subscript in plain.subscripts]
                subscripts = np.stack(columns, axis=1) if columns else np.zeros((rows.count, 0), np.int64)
                found.append(Slot(plain, subscripts))
        return found

    def written_out(self, index: Index, rows: Rows) -> list[Index]:
        """An index with a loop, once for each row of the loop (alike for all rows)."""
        if not index.loops:
            return [index]
        if not rows.count:
            return []
        inner, _ = self.scope.expand(index.loops, rows.take(np.zeros(1, np.int64)))
        new = inner.names[len(rows.names) :]
        columns = inner.columns[len(rows.names) :].T.tolist()
        return [
            replace(
                index,
                subscripts=tuple(substitute(s, _numbers(new, values)) for s in index.subscripts),
                loops=(),
            )
            for values in columns
        ]

    # --- loops --------------------------------------------------------------------------------

    def build_reduce(self, reduce: Reduce, rows: Rows, owner: Ints, parent: Ints) -> Site:
        children: list[Site] = []
        loops: list[tuple[Loop, ...]] = []
        for argument in reduce.arguments:
            inner, inside = self.scope.expand(argument.loops, rows)
            for part, chosen in self.parted(argument, inner):
                part_rows, part_parent = inner.take(chosen), inside[chosen]
                for body, again, places in self.unrolled(part, part_rows, part_parent):
                    where = part_parent[places]
                    frame = part_rows.take(places) if again else rows.take(where)
                    children.append(self.build(body, frame, owner[where], where))
                    loops.append(again)
        if reduce.op in ("max", "min"):
            self.refuse_empty(reduce, rows, children)
        kind: Kind = {"prod": "product", "sum": "terms"}.get(reduce.op, "function")  # type: ignore[assignment]
        return Site(kind, reduce, rows, owner, parent, children, loops)

    def refuse_empty(self, reduce: Reduce, rows: Rows, children: Sequence[Site]) -> None:
        """Raises Fault where nothing is left to take the maximum of."""
        counts = sum(
            (np.bincount(child.parent, minlength=rows.count) for child in children), np.zeros(rows.count)
        )
        if (counts == 0).any():
            row = int(np.argmax(counts == 0))
            raise Fault(
                Diagnostic(
                    f"the `{reduce.op}` of nothing has no value: its loop is empty here",
                    reduce.span,
                    values=rows.values(row),
                )
            )

    def parted(self, argument: Looped, rows: Rows) -> list[tuple[Looped, Ints]]:
        """The argument, parted by its loop's conditions so that all rows of a part choose alike."""
        pending, done = [(argument, np.arange(rows.count))], []
        while pending:
            part, which = pending.pop()
            mixed = self.first_mixed(part.body, rows.take(which))
            if mixed is None:
                done.append((part, which))
                continue
            choice, taken = mixed
            for branch, test, chosen in (
                (choice.other, Not(choice.test, span=choice.test.span), which[~taken]),
                (choice.then, choice.test, which[taken]),
            ):
                body = _replaced(part.body, choice, branch)
                pending.append((Looped(body, _with_condition(part.loops, test), span=part.span), chosen))
        return done

    def first_mixed(self, body: Expr, rows: Rows) -> tuple[Choice, np.typing.NDArray[np.bool_]] | None:
        """The first choice on which the rows differ, and which of them take its first branch."""
        while True:
            choice = next(outermost(body, Choice), None)
            if choice is None or not rows.count:
                return None
            taken = self.scope.truths(choice.test, rows)
            if taken.any() and not taken.all():
                return choice, taken
            body = _replaced(body, choice, choice.then if taken[0] else choice.other)

    def unrolled(
        self, argument: Looped, rows: Rows, parent: Ints
    ) -> list[tuple[Expr, tuple[Loop, ...], Ints]]:
        """The argument as it is, or row by row where its indices have loops that differ from row to row."""
        everything = np.arange(rows.count)
        if not argument.loops or not rows.count or not self.must_write_out(argument.body, rows):
            return [(argument.body, argument.loops, everything)]
        first = np.flatnonzero(parent == parent[0])
        names = [name for loop in argument.loops for name in loop.variables]
        rounds = everything.reshape(-1, len(first))
        return [
            (
                substitute(argument.body, _numbers(names, [int(rows.column(name)[row]) for name in names])),
                (),
                rounds[:, n],
            )
            for n, row in enumerate(first.tolist())
        ]

    def must_write_out(self, body: Expr, rows: Rows) -> bool:
        if self.write_out and any(
            isinstance(node, Reduce) or (isinstance(node, Index) and node.subscripts)
            for node in nodes_of(body)
        ):
            return True
        return index_loops_differ(self.scope, body, rows)


def _numbers(names: Sequence[str], values: Sequence[int]) -> dict[str, Expr]:
    return {name: integer(value) for name, value in zip(names, values, strict=True)}


def has_structure(expr: Node) -> bool:
    """Whether tensors, or sums and products over loops, occur in an expression."""
    return any(isinstance(node, Use | Reduce | Over) for node in nodes_of(expr))


def _with_condition(loops: tuple[Loop, ...], test: Expr) -> tuple[Loop, ...]:
    last = loops[-1]
    condition = test if last.condition is None else Logic("and", (last.condition, test), span=test.span)
    return (*loops[:-1], replace(last, condition=condition))


def _replaced(node: Any, old: Expr, new: Expr) -> Any:
    """The same with one expression in the place of another, in subscripts of indices too."""
    if node is old:
        return new
    return map_children(node, lambda child: _replaced(child, old, new))
