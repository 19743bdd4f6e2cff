"""The rows of a comparison as series: a line for each network, panels for the values of further axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from tncompile.comparison.result import Comparison, Point, Row
from tncompile.source.records import record

T = TypeVar("T")
MOST_CUTS = 8  # of which a page shows ranks
MOST_PANELS = 8  # for the cuts and the values of further axes


@record
class Across:
    """What charts are drawn against: the width, or the first size swept (``axis``), if any."""

    title: str
    axis: str | None

    def of(self, row: Row) -> int | None:
        """The value at a row."""
        return row.width if self.axis is None else row.point.get(self.axis)


def across_of(comparison: Comparison) -> Across:
    """The width where it is what is swept first, or where nothing is swept; else the first size swept."""
    first = next(iter(comparison.axes), None)
    names = {entry.width for entry in comparison.entries if entry.width is not None}
    title = f"width {names.pop()}" if len(names) == 1 else "width"
    if first is None or _is_width(comparison.rows, first):
        return Across(title, None)
    return Across(first, first)


def _is_width(rows: Sequence[Row], axis: str) -> bool:
    known = [row for row in rows if row.width is not None]
    return bool(known) and all(row.point.get(axis, row.width) == row.width for row in known)


@record
class Facet:
    """The rows at one choice of values of all axes but the first; ``title`` names the choice."""

    title: str
    rows: tuple[Row, ...]

    def of(self, network: str, across: Across) -> list[Row]:
        """The rows of a network, in the order in which a line passes them."""
        found = [row for row in self.rows if row.network == network and across.of(row) is not None]
        return sorted(found, key=lambda row: across.of(row) or 0)


def facets_of(comparison: Comparison) -> list[Facet]:
    """A facet for each choice: of more than fit those that lie evenly among all."""
    others = list(comparison.axes)[1:]
    groups: dict[tuple[tuple[str, int], ...], list[Row]] = {}
    for row in comparison.rows:
        choice = tuple((name, row.point[name]) for name in others if name in row.point)
        groups.setdefault(choice, []).append(row)
    found = [Facet(point_text(dict(choice)), tuple(rows)) for choice, rows in groups.items()]
    return list(spread(found, max(1, MOST_PANELS // max(2, len(comparison.cuts)))))


def spread(items: Sequence[T], most: int) -> Iterator[T]:
    """At most so many of the items, evenly, the last among them."""
    count = min(most, len(items))
    for k in range(1, count + 1):
        yield items[k * len(items) // count - 1]


def point_text(point: Point) -> str:
    """``d = 8, r = 4``"""
    return ", ".join(f"{name} = {value:,}" for name, value in point.items())


def sizes_text(sizes: Mapping[str, object]) -> str:
    """The same of any sizes, lists among them."""
    return ", ".join(f"{name} = {value_text(value)}" for name, value in sizes.items())


def value_text(value: object) -> str:
    """A size or a list of them, as ``-s`` reads it too."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(value_text, value)) + "]"
    return str(value)


def last_point(comparison: Comparison) -> Point:
    """Where the sweep ends; nothing where there are no rows."""
    return comparison.rows[-1].point if comparison.rows else {}
