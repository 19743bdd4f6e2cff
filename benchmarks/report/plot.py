"""The figures as one picture: ratios to every rival above, growth with every size below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure

from benchmarks.case import KINDS
from benchmarks.contest import Row
from benchmarks.growth import Curve, spans
from benchmarks.report.result import Result
from benchmarks.rivals import RIVALS

COLUMNS = 4  # panels of growth in a row
PANEL = (4.0, 3.2)  # inches
MARKERS = "osDv^<>P"
COLORS = matplotlib.colormaps["tab10"].colors
FORMATS = tuple(f".{name}" for name in sorted(FigureCanvasBase.get_supported_filetypes()))
CURVES = ("load", "compile", "score", "gradient")


def draw(result: Result, path: Path) -> None:
    """Writes a picture."""
    panels = list(spans(result.curves))
    contests = {kind: [row for row in result.rows if row.kind == kind and row.race] for kind in KINDS}
    names = list(dict.fromkeys(row.workload for row in result.rows))
    height = 1.2 + 0.28 * len(names) if names else 0.0
    below = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(COLUMNS * PANEL[0], height + below * PANEL[1]), layout="constrained")
    heights = ([height] if names else []) + ([below * PANEL[1]] if panels else [])
    parts = list(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    if names:
        above = parts.pop(0)
        for axes, kind in zip(above.subplots(1, len(KINDS), sharey=True), KINDS, strict=True):
            ratios(axes, contests[kind], names, kind)
        handles, labels = above.axes[0].get_legend_handles_labels()
        above.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    if panels:
        grid = parts.pop().subplots(below, COLUMNS, squeeze=False).ravel()
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        for axes, (workload, size, curves) in zip(grid, panels, strict=False):
            growth(axes, f"{workload}: {size}", size, curves)
    figure.savefig(path, dpi=110)


def ratios(axes: Any, rows: Sequence[Row], names: Sequence[str], kind: str) -> None:
    """A dot for each rival on the line of each workload, with the quartiles."""
    for rival, marker, color in zip(RIVALS, MARKERS, COLORS, strict=False):
        races = [
            (names.index(row.workload), row.race) for row in rows if row.attempt.rival == rival and row.race
        ]
        if races:
            places, found = zip(*races, strict=True)
            middle = [race.ratio for race in found]
            spread = [[race.ratio - race.low for race in found], [race.high - race.ratio for race in found]]
            axes.errorbar(middle, places, xerr=spread, fmt=marker, color=color, label=rival, markersize=5)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="both", alpha=0.3)
    axes.set_xlabel(f"{kind}: time / ours (left of 1 we lose)")


def growth(axes: Any, title: str, size: str, curves: Sequence[Curve]) -> None:
    """Seconds over a size, both in logarithms, with the exponents."""
    for quantity, color in zip(CURVES, COLORS, strict=False):
        for curve in (one for one in curves if one.quantity == quantity):
            label = f"{quantity} {curve.exponent:+.2f}"
            axes.loglog(curve.sizes, curve.values, "o-", color=color, markersize=3, label=label)
    axes.set_title(title, fontsize=10)
    sizes = curves[0].sizes
    axes.set_xticks(sizes, [f"{value:,}" for value in sizes], fontsize=8)
    axes.minorticks_off()
    axes.set_xlabel(size)
    axes.set_ylabel("seconds")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, framealpha=0.6)
