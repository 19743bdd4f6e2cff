"""The factors of a `prod`, `max` or `min` over loops, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from tncompile.network import Call, Compare, Expr, Item, Logic, Loop, Name, Number, Range, Rows, Use
from tncompile.network.syntax.substitute import shifted, substitute
from tncompile.source.records import record
from tncompile.transform.adjoint.instances import Mask, RuleRows, UseRows
from tncompile.transform.context import Context
from tncompile.transform.flat import Factor, Reduction

Part = Literal["first", "middle", "rest", "last"]


@record(eq=False)
class Stretch:
    """Some of the factors of some instances, each at a place that the chain counts.

    ``owner`` is what the rule defines and ``factor`` the factor, both as the loops here have them.
    """

    loops: tuple[Loop, ...]
    owner: Use
    place: Expr
    factor: Factor
    used: UseRows


@record
class Count:
    """A loop that counts the factors: first and last place, and what its own variables are at ``variable``."""

    first: Expr
    last: Expr
    variable: str
    values: Mapping[str, Expr]


class Line:
    """The factors of each instance in a line, numbered by the loop variable or by a list made for it."""

    def __init__(self, context: Context, part: RuleRows, form: Reduction) -> None:
        self.context, self.part, self.form = context, part, form
        definition, used = part.definition, part.uses[0]
        indices = tuple(free.index for free in definition.indices)
        self.owner = Use(definition.name, definition.subscripts, indices)
        order = np.argsort(used.parent, kind="stable")
        self.used = UseRows(used.use, used.rows.take(order), used.parent[order], used.positions[order])
        self.counts = np.bincount(used.parent, minlength=part.rows.count)
        starts = np.cumsum(self.counts) - self.counts
        self.at = np.arange(len(order)) - starts[self.used.parent]
        self.count = _count(context, form.loops)
        self.listing = self._listing() if self.count is None else None

    def stretches(self, part: Part, least: int = 1) -> list[Stretch]:
        """Of every instance with ``least`` factors or more: the first, the last, those between, or all but the first."""
        chosen = self._chosen(part) & (self.counts[self.used.parent] >= least)
        if not chosen.any():
            return []
        if self.count is None:
            return [self._from_list(part, least, chosen)]
        if part in ("middle", "rest"):
            return [self._from_range(part, self.count, chosen)]
        return self._from_ends(part, self.count, chosen)

    def _chosen(self, part: Part) -> Mask:
        last: Mask = self.at == self.counts[self.used.parent] - 1
        match part:
            case "first":
                chosen: Mask = self.at == 0
            case "last":
                chosen = last
            case "rest":
                chosen = self.at > 0
            case "middle":
                chosen = (self.at > 0) & ~last
        return chosen

    def _from_range(self, part: Part, count: Count, chosen: Mask) -> Stretch:
        last = count.last if part == "rest" else shifted(count.last, -1)
        loop = Loop((count.variable,), Range(shifted(count.first, 1), last))
        rows = self.used.rows.take(chosen)
        if count.variable not in rows.names:
            places = self.at[chosen][None, :] + 1
            rows = rows.extended((count.variable,), np.arange(rows.count), places)
        loops = (*self.part.definition.loops, loop)
        used = UseRows(self.used.use, rows, self.used.parent[chosen], self.used.positions[chosen])
        return Stretch(
            loops, self.owner, Name(count.variable), self.form.factor.with_values(count.values), used
        )

    def _from_ends(self, part: Part, count: Count, chosen: Mask) -> list[Stretch]:
        place = count.first if part == "first" else count.last
        factor = self.form.factor.with_values(count.values).with_values({count.variable: place})
        parents, positions = self.used.parent[chosen], self.used.positions[chosen]
        instances = np.zeros(self.part.rows.count, np.bool_)
        instances[parents] = True
        found: list[Stretch] = []
        for piece in self.context.restricted(
            self.part.definition.loops, self.part.rows, instances, self.owner.name
        ):
            # Parents come in order, so the place of an instance among those chosen is that of its factor.
            places = np.searchsorted(parents, piece.which)
            rows = self.part.rows.take(piece.which)
            used = UseRows(self.used.use, rows, piece.which, positions[places])
            owner, here = substitute(self.owner, piece.values), substitute(place, piece.values)
            found.append(Stretch(piece.loops, owner, here, factor.with_values(piece.values), used))
        return found

    def _listing(self) -> tuple[Rows, Name]:
        """All factors with their number and how many there are, and the list that says so."""
        names = self.context.names
        counted = np.array([self.at + 1, self.counts[self.used.parent]])
        rows = self.used.rows
        columns = np.concatenate([counted, rows.columns])
        rows = Rows((names.near("n"), names.near("count"), *rows.names), columns, rows.count)
        return rows, self.context.listed(f"{self.owner.name}_factors", rows.columns.T)

    def _from_list(self, part: Part, least: int, chosen: Mask) -> Stretch:
        assert self.listing is not None
        rows, table = self.listing
        loop = Loop(rows.names, table, _condition(part, least, Name(rows.names[0]), Name(rows.names[1])))
        used = UseRows(
            self.used.use, rows.take(chosen), self.used.parent[chosen], self.used.positions[chosen]
        )
        return Stretch((loop,), self.owner, Name(rows.names[0]), self.form.factor, used)


def _condition(part: Part, least: int, number: Name, count: Name) -> Expr:
    one = Number("1")
    condition: Expr = {
        "first": Compare((number, one), ("==",)),
        "last": Compare((number, count), ("==",)),
        "rest": Compare((number, one), (">",)),
        "middle": Compare((one, number, count), ("<", "<")),
    }[part]
    if least == 1 or part in ("rest", "middle"):
        return condition
    return Logic("and", (condition, Compare((count, Number(str(least))), (">=",))))


def _count(context: Context, loops: tuple[Loop, ...]) -> Count | None:
    """How one unconditional loop over a range or a named list counts its factors; None for other loops."""
    if len(loops) != 1 or loops[0].condition is not None or len(loops[0].variables) != 1:
        return None
    (loop,) = loops
    if isinstance(loop.domain, Range):
        return Count(loop.domain.first, loop.domain.last, loop.variables[0], {})
    if isinstance(loop.domain, Name | Item):
        place = context.names.near("p")
        subscripts = loop.domain.subscripts if isinstance(loop.domain, Item) else ()
        item = Item(loop.domain.name, (*subscripts, Name(place)))
        return Count(Number("1"), Call("len", (loop.domain,)), place, {loop.variables[0]: item})
    return None
