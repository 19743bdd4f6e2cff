"""A laid out graph on paper, with matplotlib: the same drawing, byte for byte, each time."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path as Curve

from tncompile.draw.expansion.graph import Kind, Node
from tncompile.draw.paper.cut import MARKED, CutMarks
from tncompile.draw.paper.marks import CHARACTER, LOOKS, extent_text, label, mark_size
from tncompile.draw.paper.svg import STYLE, svg_bytes
from tncompile.draw.paper.wires import Bow, Path, Stroke, route
from tncompile.draw.placing.layout import Layout
from tncompile.source.records import record

Point = tuple[float, float]

INCH = 0.82  # inches in a unit of the grid
MARGIN = 0.35
CIRCLE = 0.5523  # of the radius: where the control points of a quarter of a circle stand
FEW_WIRES = 48  # up to here each wire says symbol and value, else the symbol


@record
class Sheet:
    """A laid out graph, and what is written below it where it is ``captioned``."""

    layout: Layout
    title: str
    caption: str
    cut: CutMarks | None = None
    captioned: bool = True


def render_svg(sheet: Sheet) -> bytes:
    """The drawing as SVG; text stays text."""
    with rc_context(STYLE):
        return svg_bytes(_figure(sheet))


def render_png(sheet: Sheet, resolution: int = 144) -> bytes:
    """The drawing as PNG, with ``resolution`` points an inch."""
    with rc_context(STYLE):
        figure = _figure(sheet)
        FigureCanvasAgg(figure)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=resolution, metadata={"Software": None})
    return stream.getvalue()


def _figure(sheet: Sheet) -> Figure:
    paths = route(sheet.layout)
    left, right, bottom, top = _bounds(sheet, paths)
    floor = bottom
    if sheet.captioned:
        wide = max(right - left, _caption_width(sheet))
        middle = (left + right) / 2
        left, right = middle - wide / 2, middle + wide / 2
        floor -= 1.05 if sheet.cut is None else 1.4
    figure = Figure(figsize=((right - left) * INCH, (top - floor) * INCH), facecolor="white")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(left, right)
    axes.set_ylim(floor, top)
    axes.axis("off")
    _draw_wires(axes, sheet, paths)
    for node, place in zip(sheet.layout.graph.nodes, sheet.layout.places, strict=True):
        _draw_node(axes, node, place, sheet.cut)
    if sheet.captioned:
        _draw_caption(axes, sheet, left, bottom)
    return figure


def _bounds(sheet: Sheet, paths: list[Path]) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of all that is drawn, with a margin."""
    boxes = [
        (x, y, *_half(mark_size(n)))
        for n, (x, y) in zip(sheet.layout.graph.nodes, sheet.layout.places, strict=True)
    ]
    corners = [(x + side * w, y + side * h) for x, y, w, h in boxes for side in (-1, 1)]
    reached = [path.points() for path in paths] + [
        stroke.points() for path in paths for stroke in path.strokes[1:]
    ]
    points = np.concatenate([np.array(corners or [(0.0, 0.0)]), *reached])
    (left, bottom), (right, top) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left - MARGIN, right + MARGIN, bottom - MARGIN, top + MARGIN


# --- wires ---------------------------------------------------------------------------------------


def _draw_wires(axes: Any, sheet: Sheet, paths: list[Path]) -> None:
    for path in paths:
        extent = path.wire.extent
        width = 0.9 if extent is None else 0.9 + 0.22 * np.log2(extent.value)
        style: dict[str, Any] = {"ls": (0, (2, 2)), "ec": "#888888"} if extent is None else {"ec": "#3a3a3a"}
        if sheet.cut is not None and sheet.cut.is_cut(path.wire):
            width, style = width + 1.5, {"ec": MARKED}
        for stroke in path.strokes:
            axes.add_patch(
                PathPatch(_curve(stroke), fc="none", lw=min(width, 3.0), zorder=1, capstyle="round", **style)
            )
            if path.name:
                axes.text(*stroke.points()[-1], path.name, fontsize=7, style="italic", ha="center", va="center",
                          color="#444444", bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": "#999999"})  # fmt: skip
    _draw_extents(axes, sheet, paths)


def _curve(stroke: Stroke | Bow) -> Curve:
    pieces = stroke.pieces()
    points = [pieces[0][0], *(point for piece in pieces for point in piece[1:])]
    codes = [code for piece in pieces for code in ([Curve.LINETO] if len(piece) == 2 else [Curve.CURVE3] * 2)]
    return Curve(points, [Curve.MOVETO, *codes])


def _draw_extents(axes: Any, sheet: Sheet, paths: list[Path]) -> None:
    """The extent of each wire beside its middle, or a little aside where something is written already."""
    marks = zip(sheet.layout.graph.nodes, sheet.layout.places, strict=True)
    taken = [(x, y, *_half(mark_size(node))) for node, (x, y) in marks]
    short = len(paths) > FEW_WIRES
    for path in paths:
        if path.wire.extent is None:
            continue
        text = extent_text(path.wire.extent, short)
        half = (CHARACTER * 0.72 * len(text) / 2, 0.08)
        points = path.points()
        for at in (0.5, 0.42, 0.58, 0.34, 0.66):
            x, y = points[round(at * (len(points) - 1))].tolist()
            if not any(abs(x - u) < half[0] + w and abs(y - v) < half[1] + h for u, v, w, h in taken):
                taken.append((x, y, *half))
                axes.text(x, y, text, fontsize=6.3, ha="center", va="center", color="#444444", zorder=2,
                          bbox={"boxstyle": "square,pad=0.08", "fc": "white", "ec": "none"})  # fmt: skip
                break


def _half(size: tuple[float, float]) -> tuple[float, float]:
    return size[0] / 2, size[1] / 2


# --- nodes ---------------------------------------------------------------------------------------


def _draw_node(axes: Any, node: Node, place: Point, cut: CutMarks | None) -> None:
    if node.kind == "open":
        axes.text(
            place[0],
            place[1] + 0.04,
            label(node),
            fontsize=7,
            ha="center",
            va="bottom",
            color="#666666",
            zorder=4,
        )
        return
    if node.kind == "gap":
        axes.text(*place, "⋯", fontsize=16, ha="center", va="center", color="#333333", zorder=4,
                  bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"})  # fmt: skip
        return
    crossed = None if cut is None else cut.crossed(node)
    fill = None if cut is None else cut.fill(node)
    _draw_mark(axes, node, place, fill=fill, edge=None if crossed is None else MARKED)
    if crossed is not None:
        x, y = place[0] + 0.06, place[1] - mark_size(node)[1] / 2 - 0.04
        axes.text(x, y, crossed, fontsize=6.3, ha="left", va="top", color=MARKED, zorder=6,
                  bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.85})  # fmt: skip
    if node.tag is not None:
        name = Node("state", node.tag[0], node.tag[1])
        axes.text(place[0] - mark_size(node)[0] / 2 - 0.02, place[1] + 0.2, label(name), fontsize=6.5, ha="right",
                  va="bottom", color="#1d5c33", zorder=5)  # fmt: skip
    if node.kind != "dot":
        big = node.kind == "function" and len(node.name) == 1
        axes.text(*place, label(node), fontsize=11 if big else 8, ha="center", va="center_baseline" if big else "center",
                  color="#111111", zorder=5)  # fmt: skip


def _draw_mark(
    axes: Any, node: Node, place: Point, scale: float = 1.0, fill: str | None = None, edge: str | None = None
) -> None:
    """The mark of a node; ``fill`` and ``edge`` take the place of its colours."""
    look = LOOKS[node.kind]
    if node.kind == "dot":
        axes.add_patch(Circle(place, look.rounding, fc=look.fill, ec=look.edge, zorder=3))
        return
    width, height = (scale * side for side in mark_size(node))
    for inset in (0.0, 0.045 * scale) if look.double else (0.0,):
        outline = rounded_box(place, width - 2 * inset, height - 2 * inset, scale * look.rounding - inset)
        style = "--" if look.dashed else "-"
        colours = {"fc": fill or look.fill, "ec": edge or look.edge, "lw": 1.8 if edge else 1.0}
        axes.add_patch(PathPatch(outline, ls=style, zorder=3, **colours))


def rounded_box(place: Point, width: float, height: float, radius: float) -> Curve:
    """A box around a place whose corners are quarters of a circle; a circle if the radius says so."""
    (x, y), r = place, max(0.0, min(radius, width / 2, height / 2))
    left, right, bottom, top = x - width / 2, x + width / 2, y - height / 2, y + height / 2
    k = r * (1 - CIRCLE)
    corners = [
        [(right - r, bottom), (right - k, bottom), (right, bottom + k), (right, bottom + r)],
        [(right, top - r), (right, top - k), (right - k, top), (right - r, top)],
        [(left + r, top), (left + k, top), (left, top - k), (left, top - r)],
        [(left, bottom + r), (left, bottom + k), (left + k, bottom), (left + r, bottom)],
    ]
    points, codes = [corners[-1][-1]], [Curve.MOVETO]
    for corner in corners:
        points += corner
        codes += [Curve.LINETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4]
    return Curve([*points, points[0]], [*codes, Curve.CLOSEPOLY])


# --- below the drawing ---------------------------------------------------------------------------


def _draw_caption(axes: Any, sheet: Sheet, left: float, bottom: float) -> None:
    """The name and sizes, and what the marks mean."""
    axes.text(
        left + 0.25, bottom - 0.15, sheet.title, fontsize=9.5, weight="bold", va="center", color="#111111"
    )
    axes.text(left + 0.25, bottom - 0.47, sheet.caption, fontsize=8, va="center", color="#444444")
    x = left + 0.25
    for kind in _kinds(sheet):
        size = 0.5 if kind != "dot" else 1.0
        half = mark_size(Node(kind, ""))[0] * size / 2
        _draw_mark(axes, Node(kind, ""), (x + half, bottom - 0.8), size)
        axes.text(
            x + 2 * half + 0.08, bottom - 0.8, LOOKS[kind].meaning, fontsize=7, va="center", color="#444444"
        )
        x += 2 * half + 0.33 + CHARACTER * 0.8 * len(LOOKS[kind].meaning)
    if sheet.cut is not None:
        _draw_cut_caption(axes, sheet.cut, left + 0.25, bottom - 1.15)


def _draw_cut_caption(axes: Any, cut: CutMarks, x: float, y: float) -> None:
    """The colours of the sides, and what the cut is."""
    for colour, meaning in cut.legend():
        outline = rounded_box((x + 0.13, y), 0.26, 0.26 if colour != MARKED else 0.05, 0.02)
        axes.add_patch(
            PathPatch(outline, fc=colour, ec=colour if colour == MARKED else "#222222", lw=1.0, zorder=3)
        )
        axes.text(x + 0.36, y, meaning, fontsize=7, va="center", color="#444444")
        x += 0.6 + CHARACTER * 0.8 * len(meaning)
    axes.text(x + 0.1, y, cut.title, fontsize=7.5, weight="bold", va="center", color=MARKED)


def _kinds(sheet: Sheet) -> list[Kind]:
    return [kind for kind in LOOKS if any(node.kind == kind for node in sheet.layout.graph.nodes)]


def _caption_width(sheet: Sheet) -> float:
    legend = sum(0.6 + CHARACTER * 0.8 * len(LOOKS[kind].meaning) for kind in _kinds(sheet))
    sides = 0.0
    if sheet.cut is not None:
        texts = [meaning for _, meaning in sheet.cut.legend()]
        sides = sum(0.6 + CHARACTER * 0.8 * len(text) for text in texts) + CHARACTER * len(sheet.cut.title)
    return max(CHARACTER * len(sheet.caption), 1.2 * CHARACTER * len(sheet.title), legend, sides) + 0.5
