"""Which members a use leads to, with an error where there is no such member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from tncompile.network.syntax import Axis, Use
from tncompile.network.syntax.text import expression_text
from tncompile.network.values.lookup import find_members
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.written.families import Declared
from tncompile.network.written.messages import (
    counted,
    family_text,
    here_are,
    line_of,
    listed,
    member_span,
    member_text,
    plain_member,
)
from tncompile.network.written.naming import BUILT_IN_TENSORS
from tncompile.network.written.problems import Problems
from tncompile.network.written.rules import Defined
from tncompile.network.written.sites import Slot
from tncompile.source import Diagnostic, Source

GAPS_SHOWN = 4  # members between others that nothing defines, up to which a message lists them


class Finder:
    """Looks up members for the uses of a rule; notes what is missing, once for each use."""

    def __init__(
        self,
        declared: Mapping[str, Declared],
        defined: Mapping[str, Defined],
        source: Source | None,
        problems: Problems,
    ) -> None:
        self.declared, self.defined = declared, defined
        self.source, self.problems = source, problems
        self.rule = ""  # the definition whose uses are looked up

    def __call__(self, use: Use, rows: Rows, subscripts: Ints, slots: Sequence[Slot]) -> Ints | None:
        """Positions of the members used; None for built-in tensors and where something is not right."""
        if use.name in BUILT_IN_TENSORS:
            return None
        table = self.declared.get(use.name) or self.defined.get(use.name)
        if table is None or table.members.shape[1] != subscripts.shape[1]:
            self.problems.broken.add(self.rule)
            return None
        positions = find_members(table.members, subscripts)
        if (positions < 0).any():
            if use.name not in self.problems.broken:
                report = self.outside if isinstance(table, Declared) else self.undefined
                self.problems.add(report(table, use, rows, subscripts, positions < 0), self.rule)  # type: ignore[arg-type]
            self.problems.broken.add(self.rule)
            return None
        counts = (table.shapes.counts if isinstance(table, Declared) else table.axes)[positions]
        if (counts != len(slots)).any():
            if use.name not in self.problems.broken:
                row = int(np.argmax(counts != len(slots)))
                self.problems.add(self.other_axes(table, use, rows, positions, row, len(slots)), self.rule)
            self.problems.broken.add(self.rule)
            return None
        return positions

    def outside(
        self, table: Declared, use: Use, rows: Rows, subscripts: Ints, missing: np.typing.NDArray[np.bool_]
    ) -> Diagnostic:
        row = int(np.argmax(missing))
        family = family_text(table.tensor.family, table.members)
        return Diagnostic(
            f"{member_text(use.name, subscripts[row])} is outside the family of `{use.name}`, "
            f"which is {family}{line_of(self.source, table.tensor.span)}",
            member_span(use),
            values=rows.values(row),
        )

    def undefined(
        self, table: Defined, use: Use, rows: Rows, subscripts: Ints, missing: np.typing.NDArray[np.bool_]
    ) -> Diagnostic:
        row = int(np.argmax(missing))
        member = member_text(use.name, subscripts[row])
        loop = _loop_hint(rows, missing)
        return Diagnostic(
            f"{member} is used but never defined: {_what_is_defined(table)}",
            member_span(use),
            values=rows.values(row),
            help=f"add a rule for {member}" + (f", or {loop}" if loop else ""),
        )

    def other_axes(
        self, table: Declared | Defined, use: Use, rows: Rows, positions: Ints, row: int, here: int
    ) -> Diagnostic:
        position = int(positions[row])
        if isinstance(table, Declared):
            count = int(table.shapes.counts[position])
            shape = ", ".join(_axis_text(axis) for axis in table.tensor.axes)
            span = table.tensor.span
        else:
            count = int(table.axes[position])
            rule = table.rules[int(table.by_rule[position])].definition
            shape = ", ".join(expression_text(Use("", (), (free.index,)))[1:-1] for free in rule.indices)
            span = rule.span
        said = f" ({shape})" if shape else ""
        return Diagnostic(
            f"`{use.name}` has {counted(count, 'axis')}{said}{line_of(self.source, span)}, {here_are(here, 'index')}",
            use.span,
            values=rows.values(row),
        )


def _axis_text(axis: Axis) -> str:
    last = expression_text(axis.extent)
    first = f"{expression_text(axis.first)}.." if axis.first is not None else ""
    named = f"{axis.variable} in " if axis.variable else ""
    return f"{named}{first}{last}" + (" for ..." if axis.loops else "")


def _what_is_defined(table: Defined) -> str:
    count = len(table.members)
    if not count:
        return f"the loops of the rules for `{table.name}` are empty"
    first, last = plain_member(table.name, table.members[0]), plain_member(table.name, table.members[-1])
    rules = "the rules for" if len(table.rules) > 1 else "the rule for"
    verb = "define" if len(table.rules) > 1 else "defines"
    if count == 1:
        return f"{rules} `{table.name}` {verb} {first} alone"
    low, high = table.members.min(axis=0), table.members.max(axis=0)
    absent = int(np.prod((high - low + 1).astype(np.float64))) - count
    if 0 < absent <= GAPS_SHOWN:
        gaps = [plain_member(table.name, member) for member in _gaps(table, low, high)]
        return f"{rules} `{table.name}` {verb} {first} to {last} without {listed(gaps)}"
    return f"{rules} `{table.name}` {verb} {f'{count} members, ' if absent else ''}{first} to {last}"


def _gaps(table: Defined, low: Ints, high: Ints) -> Iterator[tuple[int, ...]]:
    """The members between the lowest and the highest subscripts that no rule defines."""
    known = set(map(tuple, table.members.tolist()))
    ranges = [range(a, b + 1) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return (member for member in product(*ranges) if member not in known)


def _loop_hint(rows: Rows, missing: np.typing.NDArray[np.bool_]) -> str:
    """Which end of a loop leads to the missing members, if exactly one does."""
    for name, column in zip(rows.names, rows.columns, strict=True):
        low, high = int(column.min()), int(column.max())
        if low < high and bool(((column == low) == missing).all()):
            return f"begin the loop of `{name}` at {low + 1}"
        if low < high and bool(((column == high) == missing).all()):
            return f"end the loop of `{name}` at {high - 1}"
    return ""
