"""The members of declared tensors, with their axes."""

from __future__ import annotations

import numpy as np

from tncompile.network.syntax import Axis, Tensor
from tncompile.network.values.formula import Formula
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.scope import Scope
from tncompile.network.written.problems import Problems
from tncompile.network.written.shapes import Shapes, both_extents, offsets_of, positive_extents
from tncompile.source import Diagnostic, Fault
from tncompile.source.records import record


@record(eq=False)
class Declared:
    """A declared tensor written out: member m stands in row m of ``rows``."""

    tensor: Tensor
    rows: Rows
    members: Ints
    shapes: Shapes
    axis_of: Ints  # for each entry of the shapes, the number of its `Axis`
    axis_rows: tuple[Rows, ...]  # for each `Axis` its rows (one for each member, or more if it has loops)
    row_of: Ints  # for each entry of the shapes, the row in ``axis_rows``

    def formula(self, scope: Scope, entry: int) -> Formula:
        """What an extent is in the sizes."""
        number = int(self.axis_of[entry])
        axis = self.tensor.axes[number]
        values = dict(self.axis_rows[number].values(int(self.row_of[entry])))
        last = scope.formula(axis.extent, values)
        return last if axis.first is None else last - scope.formula(axis.first, values) + 1


def declare(scope: Scope, tensor: Tensor) -> Declared:
    """Writes out a declaration. Raises Fault."""
    rows = _ordered(tensor, scope.family(tensor.family))
    parents, columns, numbers, places, axis_rows = [], [], [], [], []
    for number, axis in enumerate(tensor.axes):
        inner, parent = scope.expand(axis.loops, rows)
        parents.append(parent)
        columns.append(_extents(scope, axis, inner))
        numbers.append(np.full(inner.count, number))
        places.append(np.arange(inner.count))
        axis_rows.append(inner)
    empty = np.zeros(0, np.int64)
    parent = np.concatenate([empty, *parents])
    order = np.argsort(parent, kind="stable")
    table = np.concatenate([np.zeros((2, 0), np.int64), *columns], axis=1)[:, order]
    shapes = Shapes(offsets_of(np.bincount(parent, minlength=rows.count)), table[0], table[1])
    axis_of, row_of = np.concatenate([empty, *numbers])[order], np.concatenate([empty, *places])[order]
    return Declared(tensor, rows, rows.columns.T.copy(), shapes, axis_of, tuple(axis_rows), row_of)


def _ordered(tensor: Tensor, rows: Rows) -> Rows:
    """The rows of a family in lexicographic order, each once."""
    if not rows.names or rows.count < 2:
        return rows
    columns = rows.columns
    ordered = rows.take(np.lexsort(columns[::-1]))
    same = (ordered.columns[:, 1:] == ordered.columns[:, :-1]).all(axis=0)
    if same.any():
        member = ", ".join(map(str, ordered.columns[:, int(np.argmax(same))].tolist()))
        raise Fault(Diagnostic(f"`{tensor.name}[{member}]` stands twice in this family", tensor.span))
    return ordered


def _extents(scope: Scope, axis: Axis, rows: Rows) -> Ints:
    """The extents of one axis at the bound sizes and at generic ones, shape (2, rows). Raises Fault."""
    last = np.stack(both_extents(scope, axis.extent, rows))
    if axis.first is not None:
        last = last - np.stack(both_extents(scope, axis.first, rows)) + 1
    positive_extents(axis.extent, last[0], rows)
    return last


def declare_all(scope: Scope, tensors: list[Tensor], problems: Problems) -> dict[str, Declared]:
    """All declarations that can be understood."""
    found: dict[str, Declared] = {}
    for tensor in filter(problems.readable, tensors):
        with problems.catching(tensor.name):
            found[tensor.name] = declare(scope, tensor)
    return found
