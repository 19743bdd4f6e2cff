"""From rows back to loops: a set of rows of a rule's loops as a few loop nests that a person would write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tncompile.network.syntax import Binary, Compare, Expr, ListExpr, Loop, Name, Range, Size
from tncompile.network.syntax.substitute import integer, integer_value, shifted, substitute
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.sets import within
from tncompile.source import Fault
from tncompile.source.records import record

if TYPE_CHECKING:
    from tncompile.network.values.scope import Scope

MOST_NESTS = 4  # more than these, and a list of the rows reads better
DEEPEST = 3  # how often a set of rows is split


@record
class Nest:
    """Loops that yield some rows, and what stands in the place of the variables that have no loop.

    ``values`` are to be put in with `substitute`; they hold variables of ``loops`` at most. ``lists``
    are statements that the loops refer to, to be added to the network.
    """

    loops: tuple[Loop, ...]
    values: Mapping[str, Expr]
    lists: tuple[Size, ...] = ()


def describe_rows(
    loops: Sequence[Loop], rows: Rows, scope: Scope, fresh_name: Callable[[], str]
) -> tuple[Nest, ...]:
    """Loop nests that together yield exactly ``rows`` (some of the rows of ``loops``, in any order).

    ``rows`` has the variables of ``loops`` in their order; every loop has a variable.
    ``fresh_name`` names a list of rows where nothing shorter says it.
    """
    return _Describer(tuple(loops), scope, fresh_name).nests(rows)


class _Describer:
    def __init__(self, loops: tuple[Loop, ...], scope: Scope, fresh_name: Callable[[], str]) -> None:
        self.loops, self.scope, self.fresh_name = loops, scope, fresh_name

    def nests(self, rows: Rows) -> tuple[Nest, ...]:
        if not rows.count:
            return ()
        if _same(self.scope.expand(self.loops)[0], rows):
            return (Nest(self.loops, {}),)
        found = self._few(rows, DEEPEST)
        return found if found is not None else (self._listed(rows),)

    def _few(self, rows: Rows, depth: int) -> tuple[Nest, ...] | None:
        """At most `MOST_NESTS` nests, or None."""
        single = self._single(rows)
        if single is not None:
            return (single,)
        if depth == 0:
            return None
        best: tuple[Nest, ...] | None = None
        for parts in self._splits(rows):
            nests = self._all_few(parts, depth - 1, MOST_NESTS if best is None else len(best) - 1)
            if nests is not None:
                best = nests
            if best is not None and len(best) == 2:
                break
        return best

    def _all_few(self, parts: Sequence[Rows], depth: int, most: int) -> tuple[Nest, ...] | None:
        """The nests of several parts, or None if there are more than ``most``."""
        nests: tuple[Nest, ...] = ()
        for part in parts:
            found = self._few(part, depth)
            if found is None or len(nests) + len(found) > most:
                return None
            nests += found
        return nests

    def _single(self, rows: Rows) -> Nest | None:
        """One nest of tightened ranges, with the conditions of the rule only where they are needed."""
        for conditions in ("none", "own", "step"):
            nest = self._tight(rows, conditions)
            if nest is not None and self._yields(nest, rows):
                return nest
        return None

    def _yields(self, nest: Nest, rows: Rows) -> bool:
        try:
            found = self.scope.expand(nest.loops)[0]
            columns = [
                found.column(name)
                if name not in nest.values
                else self.scope.integers(nest.values[name], found)
                for name in rows.names
            ]
        except Fault:
            return False  # a list or a condition that is only sensible on the rows of the rule
        return _same(
            Rows(rows.names, np.array(columns, np.int64).reshape(len(columns), found.count), found.count),
            rows,
        )

    def _tight(self, rows: Rows, conditions: str) -> Nest | None:
        kept: list[Loop] = []
        values: dict[str, Expr] = {}
        for loop in self.loops:
            at = rows.names.index(loop.variables[0])
            settled = self._settled(loop, rows, at, values)
            if settled is not None:
                values.update(settled)
                continue
            current = substitute(loop, values)
            if isinstance(loop.domain, Range):
                low, high = self._bounds(loop.domain, rows, at, values)
                condition = _step_condition(rows, at) if conditions == "step" else None
                condition = current.condition if conditions == "own" else condition
                current = replace(current, domain=Range(low, high), condition=condition)
            elif conditions == "none":
                current = replace(current, condition=None)
            kept.append(current)
        return Nest(tuple(kept), values)

    def _settled(self, loop: Loop, rows: Rows, at: int, values: Mapping[str, Expr]) -> dict[str, Expr] | None:
        """Expressions for the variables of a loop that takes one value in each row around it."""
        if not isinstance(loop.domain, Range):
            columns = rows.columns[at : at + len(loop.variables)]
            if (columns == columns[:, :1]).all():
                return {
                    name: integer(int(column[0]))
                    for name, column in zip(loop.variables, columns, strict=True)
                }
            return None
        first, last, _ = _extremes(rows, at)
        if (first != last).any():
            return None
        low, high = self._bounds(loop.domain, rows, at, values)
        # Of two ways to say one value the plainer: a literal before a size.
        return {loop.variables[0]: low if integer_value(low) is not None else high}

    def _bounds(self, domain: Range, rows: Rows, at: int, values: Mapping[str, Expr]) -> tuple[Expr, Expr]:
        smallest, largest, representatives = _extremes(rows, at)
        around = rows.take(representatives)
        first, last = self.scope.integers(domain.first, around), self.scope.integers(domain.last, around)
        anchors = [(domain.first, first), (domain.last, last)]
        anchors += [(Name(name), around.column(name)) for name in rows.names[:at]]
        low = _said(smallest, anchors) or domain.first
        high = _said(largest, [anchors[1], anchors[0], *anchors[2:]]) or domain.last
        return substitute(low, values), substitute(high, values)

    def _splits(self, rows: Rows) -> list[list[Rows]]:
        """Ways to cut the rows in parts, the most promising first."""
        found: list[list[Rows]] = []
        for loop in self.loops:
            if isinstance(loop.domain, Range):
                parts = _alike(rows, rows.names.index(loop.variables[0]))
                if 2 <= len(parts) <= MOST_NESTS:
                    found.append(parts)
        found.sort(key=len)
        for loop in self.loops:
            column = rows.column(loop.variables[0])
            for edge in (column.min(), column.max()):
                if isinstance(loop.domain, Range) and (column != edge).any():
                    found.append([rows.take(column == edge), rows.take(column != edge)])
        return found

    def _listed(self, rows: Rows) -> Nest:
        """The rows as a literal list; a variable with one value is put in."""
        ordered = rows.take(_order(rows.columns))
        varying = [i for i in range(len(rows.names)) if (ordered.columns[i] != ordered.columns[i, 0]).any()]
        varying = varying or [0]
        values = {
            name: integer(int(rows.columns[i, 0])) for i, name in enumerate(rows.names) if i not in varying
        }
        items = [[integer(value) for value in item] for item in ordered.columns[varying].T.tolist()]
        single = len(varying) == 1
        literal = ListExpr(tuple(item[0] if single else ListExpr(tuple(item)) for item in items))
        size = Size(self.fresh_name(), default=literal)
        return Nest((Loop(tuple(rows.names[i] for i in varying), Name(size.name)),), values, (size,))


def _order(columns: Ints) -> Ints:
    if not len(columns):
        return np.arange(columns.shape[1])
    return np.lexsort(columns[::-1])


def _same(left: Rows, right: Rows) -> bool:
    """Whether two sets of rows are equal, each row as often; names are those of the left."""
    if left.count != right.count or left.names != right.names:
        return False
    a, b = left.columns, right.columns
    return bool((a[:, _order(a)] == b[:, _order(b)]).all())


def _groups(columns: Ints) -> Ints:
    """A number for each row, the same for rows that are equal."""
    if not len(columns):
        return np.zeros(columns.shape[1], np.int64)
    return np.unique(columns, axis=1, return_inverse=True)[1].reshape(-1)


def _extremes(rows: Rows, at: int) -> tuple[Ints, Ints, Ints]:
    """The smallest and largest value of column ``at`` for each row of the columns before it, and a row of each."""
    group = _groups(rows.columns[:at])
    column = rows.columns[at]
    order = np.lexsort((column, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    ends = np.append(starts[1:], len(order)) - 1
    return column[order[starts]], column[order[ends]], order[starts]


def _said(bound: Ints, anchors: Sequence[tuple[Expr, Ints]]) -> Expr | None:
    """The bound as an anchor and an offset, the smallest offset first; None if it has no such form."""
    best: tuple[int, Expr] | None = None
    for expr, column in anchors:
        offset = bound - column
        if (offset == offset[0]).all() and (best is None or abs(int(offset[0])) < best[0]):
            best = abs(int(offset[0])), shifted(expr, int(offset[0]))
    if best is not None and (best[0] <= 2 or (bound != bound[0]).any()):
        return best[1]
    return integer(int(bound[0])) if (bound == bound[0]).all() else None


def _step_condition(rows: Rows, at: int) -> Expr | None:
    """``k % 2 == 1`` where all values of the column are so, and there are more than two."""
    column = rows.columns[at]
    step = int(np.gcd.reduce(column - column[0]))
    if step < 2 or column.max() - column.min() <= step:
        return None
    remainder = Binary("%", Name(rows.names[at]), integer(step))
    return Compare((remainder, integer(int(column[0]) % step)), ("==",))


def _alike(rows: Rows, at: int) -> list[Rows]:
    """The rows cut into those values of one column that have the same rows beside them, runs of values each."""
    column = rows.columns[at]
    rest = np.delete(rows.columns, at, axis=0)
    beside: dict[bytes, list[int]] = {}
    order = np.lexsort((*rest[::-1], column))
    values, starts = np.unique(column[order], return_index=True)
    for value, which in zip(values.tolist(), np.split(order, starts[1:]), strict=True):
        beside.setdefault(rest[:, which].tobytes(), []).append(value)
    parts = []
    for alike in beside.values():
        members = np.array(alike)
        breaks = np.flatnonzero(np.diff(members) != 1) + 1
        runs = np.split(members, breaks) if len(beside) == 1 else [members]
        parts += [rows.take(within(column, run)) for run in runs]
        if len(parts) > MOST_NESTS:
            break
    return parts
