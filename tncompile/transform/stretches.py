"""The factors of a `prod`, `max` or `min` over loops, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tncompile.network import Call, Compare, Expr, Ints, Item, Logic, Loop, Name, Number, Range, Rows, Use
from tncompile.network.substitute import shifted, substitute
from tncompile.transform.context import Context, projected
from tncompile.transform.flat import Factor, Reduction
from tncompile.transform.instances import RuleRows, UseRows

Part = Literal["first", "middle", "rest", "last"]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Some of the factors of some instances, each at a place that the chain counts.

    ``owner`` is what the rule defines and ``factor`` the factor, both as the loops here have them.
    """

    loops: tuple[Loop, ...]
    owner: Use
    place: Expr
    factor: Factor
    used: UseRows


class Line:
    """The factors of each instance in a line, numbered by the loop variable or by a list made for it."""

    def __init__(self, context: Context, part: RuleRows, form: Reduction) -> None:
        self.context, self.part, self.form = context, part, form
        definition, used = part.definition, part.uses[0]
        self.owner = Use(definition.name, definition.subscripts, tuple(free.index for free in definition.indices))
        order = np.argsort(used.parent, kind="stable")
        self.used = UseRows(used.use, used.rows.take(order), used.parent[order], used.positions[order])
        self.counts = np.bincount(used.parent, minlength=part.rows.count)
        starts = np.cumsum(self.counts) - self.counts
        self.at = np.arange(len(order)) - starts[self.used.parent]
        self.plain = _plain_loop(context, form.loops)
        self.listing = None if self.plain else self._listing()

    def stretches(self, part: Part, least: int = 1) -> list[Stretch]:
        """Of every instance with ``least`` factors or more: the first, the last, those between, or all but the first."""
        chosen = self._chosen(part) & (self.counts[self.used.parent] >= least)
        if not chosen.any():
            return []
        if self.listing is not None:
            return [self._from_list(part, least, chosen)]
        if part in ("middle", "rest"):
            return [self._from_range(part, chosen)]
        return self._from_ends(part, chosen)

    def _chosen(self, part: Part) -> npt.NDArray[np.bool_]:
        last = self.at == self.counts[self.used.parent] - 1
        return {"first": self.at == 0, "last": last, "rest": self.at > 0, "middle": (self.at > 0) & ~last}[part]

    def _from_range(self, part: Part, chosen: npt.NDArray[np.bool_]) -> Stretch:
        assert self.plain is not None
        first, last, variable, value = self.plain
        loop = Loop((variable,), Range(shifted(first, 1), last if part == "rest" else shifted(last, -1)))
        rows = self.used.rows.take(chosen)
        if variable not in rows.names:
            places = self.at[chosen][None, :] + 1
            rows = rows.extended((variable,), np.arange(rows.count), places)
        loops = (*self.part.definition.loops, loop)
        used = UseRows(self.used.use, rows, self.used.parent[chosen], self.used.positions[chosen])
        return Stretch(loops, self.owner, Name(variable), self.form.factor.with_values(value), used)

    def _from_ends(self, part: Part, chosen: npt.NDArray[np.bool_]) -> list[Stretch]:
        assert self.plain is not None
        first, last, variable, value = self.plain
        place = first if part == "first" else last
        factor = self.form.factor.with_values(value).with_values({variable: place})
        parents, positions = self.used.parent[chosen], self.used.positions[chosen]
        instances = np.zeros(self.part.rows.count, np.bool_)
        instances[parents] = True
        found: list[Stretch] = []
        for piece in self.context.restricted(self.part.definition.loops, self.part.rows, instances, self.owner.name):
            # Parents come in order, so the place of an instance among those chosen is that of its factor.
            places = np.searchsorted(parents, piece.which)
            rows = self.part.rows.take(piece.which)
            used = UseRows(self.used.use, rows, piece.which, positions[places])
            owner = substitute(self.owner, piece.values)
            found.append(Stretch(piece.loops, owner, substitute(place, piece.values), factor.with_values(piece.values), used))
        return found

    def _listing(self) -> tuple[Rows, Name]:
        """All factors with their number and how many there are, and the list that says so."""
        names = self.context.names
        columns = np.array([self.at + 1, self.counts[self.used.parent]])
        rows = self.used.rows
        rows = Rows((names.near("n"), names.near("count"), *rows.names), np.concatenate([columns, rows.columns]), rows.count)
        return rows, self.context.listed(f"{self.owner.name}_factors", rows.columns.T)

    def _from_list(self, part: Part, least: int, chosen: npt.NDArray[np.bool_]) -> Stretch:
        assert self.listing is not None
        rows, table = self.listing
        loop = Loop(rows.names, table, _condition(part, least, Name(rows.names[0]), Name(rows.names[1])))
        used = UseRows(self.used.use, rows.take(chosen), self.used.parent[chosen], self.used.positions[chosen])
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


def _plain_loop(context: Context, loops: tuple[Loop, ...]) -> tuple[Expr, Expr, str, Mapping[str, Expr]] | None:
    """Of one unconditional loop over a range or a named list: first and last place, the variable that
    counts, and what the loop's own variable is there."""
    if len(loops) != 1 or loops[0].condition is not None or len(loops[0].variables) != 1:
        return None
    (loop,) = loops
    if isinstance(loop.domain, Range):
        return loop.domain.first, loop.domain.last, loop.variables[0], {}
    if isinstance(loop.domain, Name | Item):
        place = context.names.near("p")
        subscripts = loop.domain.subscripts if isinstance(loop.domain, Item) else ()
        return Number("1"), Call("len", (loop.domain,)), place, {loop.variables[0]: Item(loop.domain.name, (*subscripts, Name(place)))}
    return None
