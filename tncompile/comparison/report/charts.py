"""The charts of a comparison: ranks, what they cost in weights, operations and time, accuracy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tncompile.comparison.report.looks import Look, looks
from tncompile.comparison.report.measures import MEASURES, Measure, rank_measure
from tncompile.comparison.report.panel import Line, Panel, draw_panel, draw_sample
from tncompile.comparison.report.scales import Scale, Value, count_scale, share_scale, swept_scale, time_scale
from tncompile.comparison.report.series import Across, Facet, across_of, facets_of
from tncompile.comparison.result import Comparison, Row

BOUNDS_ABOVE = 1.6  # how far above the ranks bounds are shown: the height of the ranks times this, in decades


@dataclass
class Charts:
    """Draws the charts of one comparison; every identifier in them is new."""

    comparison: Comparison
    across: Across = field(init=False)
    facets: list[Facet] = field(init=False)
    looks: list[Look] = field(init=False)
    drawn: int = 0

    def __post_init__(self) -> None:
        self.across, self.facets = across_of(self.comparison), facets_of(self.comparison)
        self.looks = looks(len(self.comparison.entries))

    def samples(self) -> list[tuple[str, str]]:
        """The label of each network with a piece of its line."""
        entries = self.comparison.entries
        return [
            (e.label, draw_sample(look, self._prefix())) for e, look in zip(entries, self.looks, strict=True)
        ]

    def ranks(self) -> list[Panel]:
        """Rank against width, for each cut."""
        return self._of_cuts(self._rank_panel)

    def fronts(self) -> list[Panel]:
        """Rank against weights with the Pareto front, for each cut."""
        return self._of_cuts(self._front_panel)

    def costs(self) -> list[Panel]:
        """Operations, memory and time against width, at the last value of further axes."""
        names = {"score_flops", "gradient_flops", "peak_elements", "score_seconds", "gradient_seconds"}
        return self._of_measures(names)

    def accuracies(self) -> list[Panel]:
        """Accuracies against width."""
        return self._of_measures({"train_accuracy", "test_accuracy"})

    def _of_cuts(self, draw: Callable[[str, Facet], Panel | None]) -> list[Panel]:
        found = [draw(cut, facet) for cut in self.comparison.cuts for facet in self.facets]
        return [panel for panel in found if panel is not None]

    def _of_measures(self, names: set[str]) -> list[Panel]:
        wanted = [measure for measure in MEASURES if measure.name in names]
        found = [self._measure_panel(measure, self.facets[-1]) for measure in wanted if self.facets]
        return [panel for panel in found if panel is not None]

    # --- panels ----------------------------------------------------------------------------------

    def _rank_panel(self, cut: str, facet: Facet) -> Panel | None:
        measure, rows = rank_measure(cut), self._rows(facet)
        ranks = [rank for group in rows for row in group if (rank := row.rank(cut)) is not None]
        if not ranks:
            return None
        lines = [
            Line(
                look,
                [self.across.of(row) for row in group],
                [measure.get(row) for row in group],
                _uncertain(group, cut),
                [rank.upper if (rank := row.rank(cut)) else None for row in group],
            )
            for look, group in zip(self.looks, rows, strict=True)
        ]
        lower = [rank.lower for rank in ranks]
        highest = count_scale("", lower)
        top = highest.low + BOUNDS_ABOVE * (highest.high - highest.low)
        up = count_scale("rank", lower + [r.upper for r in ranks if r.upper is not None], top)
        return self._panel(cut, facet, f"Rank of the cut {cut} against {self.across.title}", lines, up)

    def _front_panel(self, cut: str, facet: Facet) -> Panel | None:
        measure, rows = rank_measure(cut), self._rows(facet, with_weights=True)
        known = [row for group in rows for row in group if measure.get(row)]
        if not known:
            return None
        lines = [
            Line(look, [r.weights for r in group], [measure.get(r) for r in group], _uncertain(group, cut))
            for look, group in zip(self.looks, rows, strict=True)
        ]
        points = [(row.weights or 0, measure.get(row) or 0) for row in known]
        across = count_scale("weights", [weights for weights, _ in points])
        up = count_scale("rank", [rank for _, rank in points])
        corners = [*front(points), (max(points)[0], max(rank for _, rank in points))]
        text = f"Rank of the cut {cut} against the number of weights, with the Pareto front"
        svg = draw_panel(lines, across, up, self._prefix(), corners)
        return Panel(_titled(cut, facet), _described(text, facet), svg)

    def _measure_panel(self, measure: Measure, facet: Facet) -> Panel | None:
        rows = self._rows(facet)
        values = [value for group in rows for row in group if (value := measure.get(row)) is not None]
        if not values or not any(value > 0 for value in values):
            return None
        lines = [
            Line(
                look,
                [self.across.of(row) for row in group],
                [measure.get(row) for row in group],
                spread=_spreads(measure, group),
            )
            for look, group in zip(self.looks, rows, strict=True)
        ]
        ends = [end for line in lines for end in _ends(line)]
        text = f"{measure.title} against {self.across.title}"
        return self._panel(measure.title, facet, text, lines, _scale(measure, ends or values))

    def _panel(self, title: str, facet: Facet, text: str, lines: Sequence[Line], up: Scale) -> Panel:
        values = [value for row in facet.rows if (value := self.across.of(row)) is not None]
        svg = draw_panel(lines, swept_scale(self.across.title, values), up, self._prefix())
        return Panel(_titled(title, facet), _described(text, facet), svg)

    def _rows(self, facet: Facet, with_weights: bool = False) -> list[list[Row]]:
        """The rows of each network in a facet. Against the weights a network needs no width."""
        if with_weights:
            groups = [
                [r for r in facet.rows if r.network == e.label and r.weights] for e in self.comparison.entries
            ]
            return [sorted(group, key=lambda row: row.weights or 0) for group in groups]
        return [facet.of(entry.label, self.across) for entry in self.comparison.entries]

    def _prefix(self) -> str:
        self.drawn += 1
        return f"c{self.drawn}-"


def front(points: Sequence[tuple[Value, Value]]) -> list[tuple[Value, Value]]:
    """The points that no other one beats: none has as large a second part at a smaller first part."""
    found: list[tuple[Value, Value]] = []
    for point in sorted(points, key=lambda p: (p[0], -p[1])):
        if not found or point[1] > found[-1][1]:
            found.append(point)
    return found


def _uncertain(rows: Sequence[Row], cut: str) -> list[bool]:
    return [rank is not None and rank.verdict != "exact" for rank in (row.rank(cut) for row in rows)]


def _spreads(measure: Measure, rows: Sequence[Row]) -> list[float]:
    if not measure.name.endswith("accuracy"):
        return []
    found = [getattr(row, measure.name) for row in rows]
    return [0.0 if value is None else value.spread for value in found]


def _ends(line: Line) -> list[float]:
    """Where the error bars of a line end."""
    return [
        float(y) + side * half
        for y, half in zip(line.y, line.spread, strict=False)
        if y is not None
        for side in (-1, 1)
    ]


def _scale(measure: Measure, values: Sequence[Value]) -> Scale:
    if measure.name.endswith("accuracy"):
        return share_scale("", values)
    return (time_scale if measure.name.endswith("seconds") else count_scale)("", values)


def _titled(title: str, facet: Facet) -> str:
    return f"{title}, {facet.title}" if facet.title else title


def _described(text: str, facet: Facet) -> str:
    return f"{text} ({facet.title})" if facet.title else text
