"""What one use of a tensor adds to its adjoint, and which loops are summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tncompile.network import Expr, Index, Ints, Item, Loop, Name, Range, Rows
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.network.values.sets import unique, unique_rows
from tncompile.source.records import record
from tncompile.transform.context import Context, loop_variables, variables_in
from tncompile.transform.flat import Factor


@record(eq=False)
class Contribution:
    """``adjoint[subscripts](indices) += coefficient * factors``, once for each row of the loops.

    Indices of the factors that are not among ``indices`` are summed. ``positions`` are the members
    touched, one for each row; ``shapes`` numbers the extents of what is summed, for each row.
    """

    tensor: str
    subscripts: tuple[Expr, ...]
    indices: tuple[Index, ...]
    coefficient: Expr | None
    factors: tuple[Factor, ...]
    loops: tuple[Loop, ...]
    rows: Rows
    positions: Ints
    shapes: Ints

    def only(self, context: Context, chosen: npt.NDArray[np.bool_]) -> list[Contribution]:
        """The contribution of some of the rows, as one or more."""
        return [
            replace(
                self,
                subscripts=tuple(substitute(s, piece.values) for s in self.subscripts),
                factors=tuple(factor.with_values(piece.values) for factor in self.factors),
                loops=piece.loops,
                rows=self.rows.take(piece.which),
                positions=self.positions[piece.which],
                shapes=self.shapes[piece.which],
            )
            for piece in context.restricted(self.loops, self.rows, chosen, self.tensor)
        ]


@record
class Arranged:
    """A contribution with the loops that are summed told from those that stand behind the rule."""

    subscripts: tuple[Expr, ...]
    factors: tuple[Factor, ...]
    outer: tuple[Loop, ...]
    inner: tuple[Loop, ...] = ()


def arranged(context: Context, contribution: Contribution) -> Arranged:
    """The loops of a contribution so that each member it touches is defined once.

    Loops whose variables are not in the subscripts are summed; where the order of the loops or the
    subscripts forbid that, the rows are described anew, and as a last resort listed member by member.
    """
    inside = variables_in(contribution.subscripts)
    kept = [loop for loop in contribution.loops if inside & set(loop.variables)]
    summed = [loop for loop in contribution.loops if not inside & set(loop.variables)]
    touched = len(unique(contribution.positions))
    if not summed:
        if touched == contribution.rows.count:
            return Arranged(contribution.subscripts, contribution.factors, contribution.loops)
        return _listed(context, contribution)
    names = loop_variables(kept)
    members = _unique(contribution.rows, names)
    if members.count == touched:
        if (
            not variables_in(kept) & set(loop_variables(summed))
            and context.scope.expand(kept)[0].count == touched
        ):
            return Arranged(contribution.subscripts, contribution.factors, tuple(kept), tuple(summed))
        found = _reordered(context, contribution, kept, summed)
        if found is not None:
            return found
    return _listed(context, contribution)


def _unique(rows: Rows, names: Sequence[str]) -> Rows:
    if not names:
        return Rows((), np.zeros((0, 1), np.int64), 1)
    columns = unique_rows(np.array([rows.column(name) for name in names]).T).T
    return Rows(tuple(names), columns, columns.shape[1])


def _reordered(
    context: Context, contribution: Contribution, kept: Sequence[Loop], summed: Sequence[Loop]
) -> Arranged | None:
    """The kept loops first, all ranges described anew: `t in s..T` for what was `s in 1..t`."""
    loops = [_closed(context, loop, contribution.loops, contribution.rows) for loop in (*kept, *summed)]
    lists = len(context.lists)
    pieces = context.described(loops, contribution.rows, contribution.tensor)
    if len(pieces) != 1 or len(context.lists) > lists:
        del context.lists[lists:]
        return None
    piece = pieces[0]
    inner = set(loop_variables(summed))
    return Arranged(
        tuple(substitute(s, piece.values) for s in contribution.subscripts),
        tuple(f.with_values(piece.values) for f in contribution.factors),
        tuple(loop for loop in piece.loops if not inner & set(loop.variables)),
        tuple(loop for loop in piece.loops if inner & set(loop.variables)),
    )


def _closed(context: Context, loop: Loop, loops: Sequence[Loop], rows: Rows) -> Loop:
    """The loop with bounds in which no other variable stands, and without its condition."""
    others = set(loop_variables(loops))
    if not variables_in([loop]) & others or len(loop.variables) != 1:
        return replace(loop, condition=None)
    column = rows.column(loop.variables[0])
    bounds: list[Expr] = []
    for side, value in ((0, int(column.min())), (1, int(column.max()))):
        said = integer(value)
        if isinstance(loop.domain, Range):
            for ends in (1, 0):
                expr = _at_ends((loop.domain.first, loop.domain.last)[side], loops, ends)
                if not variables_in([expr]) & others and int(context.scope.integers(expr)[0]) == value:
                    said = expr
        bounds.append(said)
    return Loop(loop.variables, Range(bounds[0], bounds[1]))


def _at_ends(expr: Expr, loops: Sequence[Loop], end: int) -> Expr:
    """An expression at the first (0) or last (1) value of every loop variable."""
    values: dict[str, Expr] = {}
    for loop in loops:
        if isinstance(loop.domain, Range) and loop.variables:
            bound = loop.domain.last if end else loop.domain.first
            values[loop.variables[0]] = substitute(bound, values)
    return substitute(expr, values)


def _listed(context: Context, contribution: Contribution) -> Arranged:
    """The rows in a list, sorted by the members they touch; the sum runs over a stretch of it."""
    free, contribution = _separated(contribution)
    order = np.argsort(contribution.positions, kind="stable")
    firsts = np.flatnonzero(np.diff(contribution.positions[order], prepend=-1))
    lasts = np.append(firsts[1:], len(order))
    inside = variables_in([factor.use for factor in contribution.factors])
    used = [n for n in loop_variables(contribution.loops) if n in inside and n not in free]
    place, first, last = (context.names.near(name) for name in ("u", "first", "last"))
    values = _looked_up(context, contribution, used, order, place)
    subscripts, columns = list(contribution.subscripts), []
    members = context.network.tables.tensors[contribution.tensor].members[
        contribution.positions[order[firsts]]
    ]
    taken: list[str] = []
    for at, subscript in enumerate(contribution.subscripts):
        if variables_in([subscript]) & set(loop_variables(contribution.loops)) - free:
            taken.append(context.names.near(f"m{len(taken) + 1}"))
            subscripts[at] = Name(taken[-1])
            columns.append(members[:, at])
    table = context.listed(f"{contribution.tensor}_members", np.array([*columns, firsts + 1, lasts]).T)
    outer = [loop for loop in contribution.loops if loop.variables and set(loop.variables) <= free]
    return Arranged(
        tuple(subscripts),
        tuple(f.with_values(values) for f in contribution.factors),
        (*outer, Loop((*taken, first, last), table)),
        (Loop((place,), Range(Name(first), Name(last))),),
    )


def _looked_up(
    context: Context, contribution: Contribution, used: Sequence[str], order: Ints, place: str
) -> dict[str, Expr]:
    """For each variable its value at a place of a new list, which holds the rows in the order given."""
    if not used:
        return {}
    columns = [contribution.rows.column(name)[order] for name in used]
    if len(used) == 1:
        table = context.listed(f"{contribution.tensor}_uses", columns[0])
        return {used[0]: Item(table.name, (Name(place),))}
    table = context.listed(f"{contribution.tensor}_uses", np.array(columns).T)
    return {name: Item(table.name, (Name(place), integer(i + 1))) for i, name in enumerate(used)}


def _separated(contribution: Contribution) -> tuple[set[str], Contribution]:
    """Variables that stand alone in one subscript and go with every row of the others; the rows at one value of each."""
    free: set[str] = set()
    for loop in contribution.loops:
        name = loop.variables[0] if len(loop.variables) == 1 else ""
        others = [other for other in contribution.loops if other is not loop]
        apart = not variables_in([loop]) & set(loop_variables(others)) and name not in variables_in(others)
        alone = [s for s in contribution.subscripts if name in variables_in([s])] == [Name(name)]
        if not apart or not alone:
            continue
        column = contribution.rows.column(name)
        chosen = column == column[0]
        # Independent loops give every value of the variable the same rows, unless some were left out.
        if np.count_nonzero(chosen) * len(unique(column)) != len(column) or not _alike(
            contribution.rows, name
        ):
            continue
        free.add(name)
        rows, positions = contribution.rows.take(chosen), contribution.positions[chosen]
        contribution = replace(
            contribution, rows=rows, positions=positions, shapes=contribution.shapes[chosen]
        )
    return free, contribution


def _alike(rows: Rows, name: str) -> bool:
    """Whether the rows beside every value of a variable are the same."""
    at = rows.names.index(name)
    rest = np.delete(rows.columns, at, axis=0)
    order = np.lexsort((*rest[::-1], rows.columns[at]))
    count = int(np.count_nonzero(rows.columns[at] == rows.columns[at, 0]))
    shaped = rest[:, order].reshape(len(rest), -1, count)
    return bool((shaped == shaped[:, :1]).all())
