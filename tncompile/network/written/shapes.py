"""Axes of many members at once: ragged rows of extents."""

from __future__ import annotations

import numpy as np

from tncompile.network.syntax import Expr
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.scope import Scope
from tncompile.network.written.arrays import group_rows
from tncompile.source import Diagnostic, Fault
from tncompile.source.records import record


@record(eq=False)
class Shapes:
    """The axes of the members of one tensor: member m has the axes ``offsets[m] <= a < offsets[m + 1]``.

    ``values`` and ``generics`` are the extents at the bound sizes and at the generic ones.
    """

    offsets: Ints
    values: Ints
    generics: Ints

    @property
    def counts(self) -> Ints:
        """How many axes each member has."""
        return np.diff(self.offsets)

    def groups(self) -> list[Ints]:
        """Members of equal shape, each group increasing, the groups by their first members."""
        groups: list[Ints] = []
        for alike in group_rows([self.counts], len(self.counts)):
            starts = self.offsets[alike]
            axes = range(int(self.counts[alike[0]]))
            columns = [table[starts + axis] for table in (self.values, self.generics) for axis in axes]
            groups += [alike[part] for part in group_rows(columns, len(alike))]
        return sorted(groups, key=lambda group: int(group[0]))


def offsets_of(counts: Ints) -> Ints:
    """Where the axes of each member begin, and the end of the last."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def positive_extents(expr: Expr, extents: Ints, rows: Rows) -> Ints:
    """The extents, all at least 1. Raises Fault."""
    if len(extents) and extents.min() < 1:
        row = int(np.argmax(extents < 1))
        message = f"an extent is at least 1, this one is {extents[row]}"
        raise Fault(Diagnostic(message, expr.span, values=rows.values(row)))
    return extents


def both_extents(scope: Scope, expr: Expr, rows: Rows) -> tuple[Ints, Ints]:
    """An extent for each row: at the bound sizes, and at generic ones. Raises Fault for the bound ones alone."""
    values = scope.integers(expr, rows)
    try:
        return values, scope.generic.integers(expr, rows)
    except Fault:  # generic sizes are large, and a high power of one may be past 2^63
        return values, values
