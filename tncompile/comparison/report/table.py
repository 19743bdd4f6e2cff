"""The table of the page: columns in groups, cells with their place in the order of the column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tncompile.comparison.report.measures import (
    Measure,
    Value,
    best_rows,
    density_measure,
    measures_of,
    rank_measure,
)
from tncompile.comparison.report.scales import raised
from tncompile.comparison.report.series import point_text, spread
from tncompile.comparison.result import Comparison, CutRank, Row
from tncompile.source.numbers import number_text
from tncompile.source.records import record

SHORT = 24  # characters of a reason that stand in a cell
VERDICTS = {"exact": "exact", "probable": "probable", "at_least": "at least", "numerical": "numerical"}


@record
class Cell:
    """A cell. ``order`` says where it stands in its column when that is sorted; without it, its text does."""

    text: str
    note: str = ""
    order: int | None = None
    best: bool = False
    failed: bool = False


@record
class Column:
    """A column; ``numeric`` ones are set to the right."""

    title: str
    cells: Sequence[Cell]
    numeric: bool = True


@record
class Group:
    """Columns that belong together."""

    title: str
    columns: Sequence[Column]


@record
class Table:
    """The table of a comparison; so many rows are left out."""

    groups: Sequence[Group]
    left_out: int = 0

    @property
    def columns(self) -> list[Column]:
        """All columns, from left to right."""
        return [column for group in self.groups for column in group.columns]

    @property
    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """All rows, from above."""
        return zip(*(column.cells for column in self.columns), strict=True)


@record
class Failure:
    """What could not be found, why, and at which points."""

    network: str
    what: str
    reason: str
    points: Sequence[str]


def table_of(comparison: Comparison, most: int) -> Table:
    """The table of a comparison, of at most so many cells: of more points those that lie evenly among all."""
    found = _table(comparison)
    rows, columns = len(comparison.rows), len(found.columns)
    if rows * columns <= most:
        return found
    points = list(dict.fromkeys(point_text(row.point) for row in comparison.rows))
    kept = set(spread(points, max(1, most * len(points) // (rows * columns))))
    some = tuple(row for row in comparison.rows if point_text(row.point) in kept)
    return replace(_table(replace(comparison, rows=some)), left_out=rows - len(some))


def _table(comparison: Comparison) -> Table:
    rows = comparison.rows
    costs = [_measured(rows, measure) for measure in measures_of(comparison)]
    cuts = [_cut_group(rows, cut) for cut in comparison.cuts]
    return Table([g for g in (Group("", _named(comparison)), Group("cost", costs), *cuts) if g.columns])


def failures_of(comparison: Comparison) -> list[Failure]:
    """Every failure once, with all points where it occurs."""
    titles = {measure.name: measure.title for measure in measures_of(comparison)}
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in comparison.rows:
        for name, reason in row.failures.items():
            found.setdefault((row.network, titles.get(name, name), reason), []).append(point_text(row.point))
    return [Failure(*failure, points) for failure, points in found.items()]


def _named(comparison: Comparison) -> list[Column]:
    """The network, the values swept, and the width where it is not one of them."""
    rows = comparison.rows
    columns = [Column("network", [Cell(row.network) for row in rows], numeric=False)]
    for axis in comparison.axes:
        columns.append(_column(axis, rows, lambda row, axis=axis: row.point.get(axis)))  # type: ignore[misc]
    if any(row.width is not None and row.width not in row.point.values() for row in rows):
        columns.append(_column("width", rows, lambda row: row.width))
    if comparison.budget is not None:
        columns.append(_column(f"{comparison.budget.what} spent", rows, lambda row: row.budget_spent))
    return columns


def _cut_group(rows: Sequence[Row], cut: str) -> Group:
    columns = [_ranked(rows, cut)]
    if any(rank is not None and rank.verdict != "exact" for rank in (row.rank(cut) for row in rows)):
        columns.append(_column("bound", rows, lambda row: rank.upper if (rank := row.rank(cut)) else None))
    columns.append(_measured(rows, density_measure(cut), said=False))
    return Group(cut, columns)


def _ranked(rows: Sequence[Row], cut: str) -> Column:
    measure = rank_measure(cut)

    def note(row: Row) -> str:
        rank: CutRank | None = row.rank(cut)
        return "" if rank is None else VERDICTS[rank.verdict]

    return _measured(rows, measure, note)


def _measured(
    rows: Sequence[Row], measure: Measure, note: Callable[[Row], str] | None = None, said: bool = True
) -> Column:
    """The column of a measure; with ``said`` its failures stand in it."""
    best = best_rows(rows, measure)
    values = [measure.get(row) for row in rows]
    cells = []
    for number, (row, order) in enumerate(zip(rows, _orders(values), strict=True)):
        reason = row.failures.get(measure.name) if said and order is None else None
        if reason is not None:
            cells.append(Cell(_clipped(reason), failed=True))
        else:
            text = raised(measure.text(row)).replace(" ", "\N{NO-BREAK SPACE}") or "–"
            cells.append(Cell(text, note(row) if note else "", order, number in best))
    return Column(measure.title, cells)


def _column(title: str, rows: Sequence[Row], get: Callable[[Row], int | None]) -> Column:
    values = [get(row) for row in rows]
    cells = [
        Cell("–" if value is None else raised(number_text(value)), order=order)
        for value, order in zip(values, _orders(values), strict=True)
    ]
    return Column(title, cells)


def _orders(values: Sequence[Value | None]) -> list[int | None]:
    """For each value how many different ones are smaller: exact for integers of any size."""
    places = {value: place for place, value in enumerate(sorted({v for v in values if v is not None}))}
    return [None if value is None else places[value] for value in values]


def _clipped(reason: str) -> str:
    return reason if len(reason) <= SHORT else reason[: SHORT - 1].rstrip() + "…"
