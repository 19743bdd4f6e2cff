"""One chart: lines with markers on two scales, as SVG in the colours of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tncompile.comparison.report.inline import inline_svg
from tncompile.comparison.report.looks import FAINT, INK, PAPER, Look, name_colours
from tncompile.comparison.report.scales import Scale, Value
from tncompile.draw.paper.svg import STYLE, svg_bytes
from tncompile.source.records import record

T = TypeVar("T")
SIZE = (4.6, 3.1)  # inches
BOX = (0.155, 0.155, 0.825, 0.75)  # where the axes stand on the sheet: left, bottom, width, height
FONT = 10.5
MOST_MARKERS = 16  # on one line
MOST_POINTS = 64  # of one line


@record
class Line:
    """The values of a network. ``open`` says which markers are hollow; ``spread`` is half the length of error bars."""

    look: Look
    x: Sequence[Value | None]
    y: Sequence[Value | None]
    open: Sequence[bool] = ()
    bounds: Sequence[Value | None] = ()
    spread: Sequence[float] = ()


@record
class Panel:
    """A chart in the page: what stands above it, what a person hears who cannot see it, and the picture."""

    title: str
    description: str
    svg: str


def draw_panel(
    lines: Sequence[Line],
    across: Scale,
    up: Scale,
    prefix: str,
    front: Sequence[tuple[Value, Value]] = (),
) -> str:
    """The chart as SVG. ``front`` are the corners of a staircase that no point lies above."""
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE, facecolor="none")
        axes = figure.add_axes(BOX, facecolor="none")
        _dress(axes, across, up)
        if front:
            axes.step(_places(across, [x for x, _ in front]), _places(up, [y for _, y in front]), where="post", color=INK, lw=5, alpha=0.16, solid_capstyle="round")  # fmt: skip
        for line in map(_thinned, lines):
            _draw_line(axes, line, across, up)
        return name_colours(inline_svg(svg_bytes(figure).decode("utf-8"), prefix))


def draw_sample(look: Look, prefix: str) -> str:
    """A piece of a network's line, for the legend."""
    with rc_context(STYLE):
        figure = Figure(figsize=(0.5, 0.2), facecolor="none")
        figure.add_artist(
            Line2D((0.05, 0.5, 0.95), (0.5, 0.5, 0.5), markevery=[1], **_stroke(look), **_marks(look))
        )
        return name_colours(inline_svg(svg_bytes(figure).decode("utf-8"), prefix))


def _dress(axes: Any, across: Scale, up: Scale) -> None:
    """Axes, grid and titles; the title of the upright axis lies above it, where it can be read."""
    axes.set_xlim(across.low, across.high)
    axes.set_ylim(up.low, up.high)
    axes.set_xticks([place for place, _ in across.ticks], [text for _, text in across.ticks])
    axes.set_yticks([place for place, _ in up.ticks], [text for _, text in up.ticks])
    axes.tick_params(colors=INK, labelsize=FONT, length=3, color=FAINT)
    axes.grid(color=FAINT, lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.set_xlabel(across.title, fontsize=FONT, color=INK, loc="right", labelpad=2)
    axes.text(-0.18, 1.06, up.title, fontsize=FONT, color=INK, transform=axes.transAxes, clip_on=False)


def _thinned(line: Line) -> Line:
    """The line through at most `MOST_POINTS` of its points, the first and the last among them."""
    count = len(line.x)
    if count <= MOST_POINTS:
        return line
    kept = [k * (count - 1) // (MOST_POINTS - 1) for k in range(MOST_POINTS)]

    def some(values: Sequence[T]) -> list[T]:
        return [values[k] for k in kept] if values else []

    return Line(line.look, some(line.x), some(line.y), some(line.open), some(line.bounds), some(line.spread))


def _draw_line(axes: Any, line: Line, across: Scale, up: Scale) -> None:
    x, y, look = _places(across, line.x), _places(up, line.y), line.look
    if line.bounds:
        axes.plot(x, _places(up, line.bounds), color=look.colour, lw=0.9, ls=(0, (1, 1.6)))
    if line.spread:
        axes.errorbar(x, y, yerr=line.spread, fmt="none", ecolor=look.colour, elinewidth=1, capsize=2)
    axes.plot(x, y, **_stroke(look), alpha=0.9)
    every = max(1, -(-len(x) // MOST_MARKERS))
    kept = [k for k in range(len(x)) if k % every == 0 or k == len(x) - 1]
    for hollow in (False, True):
        some = [k for k in kept if (k < len(line.open) and line.open[k]) == hollow]
        marks = _marks(look, hollow)
        axes.plot([x[k] for k in some], [y[k] for k in some], ls="none", clip_on=False, zorder=3, **marks)


def _stroke(look: Look) -> dict[str, Any]:
    return {"color": look.colour, "lw": look.width, "ls": look.dash}


def _marks(look: Look, hollow: bool = False) -> dict[str, Any]:
    return {
        "marker": look.marker,
        "ms": look.size,
        "mfc": PAPER if hollow else look.colour,
        "mec": look.colour if hollow else PAPER,
        "mew": 1.4 if hollow else 0.7,
    }


def _places(scale: Scale, values: Sequence[Value | None]) -> list[float]:
    return [scale.place(value) for value in values]
