"""The equivalent widths as matrices, one for each point of the sweep."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tncompile.comparison.report.scales import raised
from tncompile.comparison.report.series import point_text, spread
from tncompile.comparison.result import Comparison, EquivalentWidth, Theory
from tncompile.source.numbers import number_text
from tncompile.source.records import record

MOST_CELLS = 2500  # of all matrices that a page shows
SHADES = 9
SIGNS = {"probable": "~ ", "at_least": "≥ "}


@record
class Square:
    """A cell of a matrix. ``shade`` (0 to `SHADES`) grows with the width; ``kind`` is how the width is known, or "own"."""

    text: str
    kind: str
    shade: int = 0
    theory: str = ""
    cut: str = ""


@record
class Matrix:
    """The equivalent widths at one point: for each row a network and its squares."""

    title: str
    rows: Sequence[tuple[str, Sequence[Square]]]


@record
class Heat:
    """All matrices that are shown, of how many there are, and the theorems that they quote."""

    labels: Sequence[str]
    matrices: Sequence[Matrix]
    points: int
    theorems: Sequence[str]
    decided: frozenset[str]


def heat_of(comparison: Comparison) -> Heat:
    """The matrices of a comparison; of many points as many as a page holds, spread evenly."""
    labels = [entry.label for entry in comparison.entries]
    groups: dict[str, list[EquivalentWidth]] = {}
    for width in comparison.widths:
        groups.setdefault(point_text(width.point), []).append(width)
    most = max(2, MOST_CELLS // max(1, len(labels) ** 2))
    shown = list(spread(list(groups.items()), most))
    largest = max((w.width for _, group in shown for w in group if w.width), default=1)
    matrices = [_matrix(comparison, labels, title, group, largest) for title, group in shown]
    decided = frozenset(square.kind for matrix in matrices for _, row in matrix.rows for square in row)
    return Heat(labels, matrices, len(groups), _theorems(comparison), decided)


def theory_text(theory: Theory) -> str:
    """``≤ r^2 = 9``"""
    return raised(f"{theory.relation} {theory.formula} = {number_text(theory.width)}")


def width_text(width: EquivalentWidth) -> str:
    """``12``, ``~ 12`` where that is probable, ``≥ 12`` where more may be needed, ``none``, ``?``"""
    if width.width is None:
        return "none" if width.decided == "unreachable" else "?"
    return SIGNS.get(width.decided, "") + number_text(width.width)


def _matrix(
    comparison: Comparison, labels: Sequence[str], title: str, group: Sequence[EquivalentWidth], largest: int
) -> Matrix:
    found = {(width.row, width.column): width for width in group}
    own = {row.network: row.width for row in comparison.rows if point_text(row.point) == title}
    with_cut = len(comparison.cuts) > 1

    def square(row: str, column: str) -> Square:
        width = found.get((row, column))
        if width is not None:
            return _square(width, largest, with_cut)
        if row == column:
            value = own.get(row)
            return Square("–" if value is None else raised(number_text(value)), "own")
        return Square("?", "unknown")

    return Matrix(title, [(row, [square(row, column) for column in labels]) for row in labels])


def _square(width: EquivalentWidth, largest: int, with_cut: bool) -> Square:
    return Square(
        raised(width_text(width)),
        width.decided,
        _shade(width.width, largest),
        theory_text(width.theory) if width.theory is not None and width.row != width.column else "",
        width.cut if with_cut and width.cut is not None else "",
    )


def _shade(width: int | None, largest: int) -> int:
    if not width or largest <= 1:
        return 0
    return round(SHADES * math.log(width) / math.log(largest))


def _theorems(comparison: Comparison) -> list[str]:
    """Each theorem on two networks once: what it says of whom, and where it stands."""
    texts = (
        f"{w.column} for a given {w.row}: {w.theory.relation} {raised(w.theory.formula)} ({w.theory.source})"
        for w in comparison.widths
        if w.theory is not None and w.row != w.column
    )
    return list(dict.fromkeys(texts))
