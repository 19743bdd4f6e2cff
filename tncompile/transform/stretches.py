"""The factors of a `prod`, `max` or `min` over loops, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tncompile.network import Call, Compare, Expr, Item, Logic, Loop, Name, Number, Range, Use
from tncompile.transform.context import Context
from tncompile.transform.flat import Factor, Reduction
from tncompile.transform.instances import Mask, RuleRows, UseRows

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
        self.owner = Use(
            definition.name, definition.subscripts, tuple(free.index for free in definition.indices)
        )
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

    def _chosen(self, part: Part) -> Mask:
        last = self.at == self.counts[self.used.parent] - 1
        chosen: dict[Part, Mask] = {
            "first": self.at == 0,
            "middle": (self.at > 0) & ~last,
            "rest": self.at > 0,
            "last": last,
        }
        return chosen[part]

    if least == 1 or part in ("rest", "middle"):
        return condition
    return Logic("and", (condition, Compare((count, Number(str(least))), (">=",))))


def _plain_loop(
    context: Context, loops: tuple[Loop, ...]
) -> tuple[Expr, Expr, str, Mapping[str, Expr]] | None:
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
        return (
            Number("1"),
            Call("len", (loop.domain,)),
            place,
            {loop.variables[0]: Item(loop.domain.name, (*subscripts, Name(place)))},
        )
    return None
