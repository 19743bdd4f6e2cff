"""A laid out graph on paper, with matplotlib: the same drawing, byte for byte, each time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch
from matplotlib.path import Path as Curve

from tncompile.draw.graph import Graph, Kind, Node
from tncompile.draw.marks import CHARACTER, LOOKS, label, mark_size
from tncompile.draw.wires import Path, route
from tncompile.network import Extent

Point = tuple[float, float]

INCH = 0.82  # inches in a unit of the grid
MARGIN = 0.55
FEW_WIRES = 48  # up to here each wire says symbol and value, else the symbol
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "tncompile", "mathtext.fontset": "dejavusans", "font.family": "DejaVu Sans"}


@dataclass(frozen=True)
class Sheet:
    """A graph with a place for each node, and what is written below."""

    graph: Graph
    places: Sequence[Point]
    title: str
    caption: str


def render_svg(sheet: Sheet) -> bytes:
    """The drawing as SVG; text stays text."""
    with rc_context(STYLE):
        figure = _figure(sheet)
        FigureCanvasSVG(figure)
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def render_png(sheet: Sheet, resolution: int = 144) -> bytes:
    """The drawing as PNG, with ``resolution`` points an inch."""
    with rc_context(STYLE):
        figure = _figure(sheet)
        FigureCanvasAgg(figure)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=resolution, metadata={"Software": None})
    return stream.getvalue()


def _figure(sheet: Sheet) -> Figure:
    xs, ys = [x for x, _ in sheet.places] or [0.0], [y for _, y in sheet.places] or [0.0]
    left, right = min(xs) - MARGIN, max(xs) + MARGIN
    bottom, top = min(ys) - MARGIN, max(ys) + MARGIN
    wide = max(right - left, CHARACTER * len(sheet.caption) + 0.6, 4.5)
    middle = (left + right) / 2
    left, right = middle - wide / 2, middle + wide / 2
    floor = bottom - 0.85
    figure = Figure(figsize=((right - left) * INCH, (top - floor) * INCH), facecolor="white")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(left, right)
    axes.set_ylim(floor, top)
    axes.axis("off")
    _draw_wires(axes, sheet)
    for node, place in zip(sheet.graph.nodes, sheet.places, strict=True):
        _draw_node(axes, node, place)
    _draw_caption(axes, sheet, left, right, bottom)
    return figure


# --- wires ---------------------------------------------------------------------------------------


def _draw_wires(axes: Any, sheet: Sheet) -> None:
    paths = route(sheet.graph, sheet.places)
    for path in paths:
        extent = path.wire.extent
        curve = Curve([path.start, path.control, path.end], [Curve.MOVETO, Curve.CURVE3, Curve.CURVE3])
        width = 0.9 if extent is None else 0.9 + 0.22 * np.log2(extent.value)
        style: dict[str, Any] = {"ls": (0, (2, 2)), "ec": "#888888"} if extent is None else {"ec": "#3a3a3a"}
        axes.add_patch(PathPatch(curve, fc="none", lw=min(width, 3.0), zorder=1, capstyle="round", **style))
    _draw_extents(axes, sheet, paths)


def _draw_extents(axes: Any, sheet: Sheet, paths: list[Path]) -> None:
    """The extent of each wire beside its middle, or a little aside where something is written already."""
    taken = [(x, y, *_half(mark_size(node))) for node, (x, y) in zip(sheet.graph.nodes, sheet.places, strict=True)]
    short = len(paths) > FEW_WIRES
    for path in paths:
        if path.wire.extent is None:
            continue
        text = extent_text(path.wire.extent, short)
        half = (CHARACTER * 0.72 * len(text) / 2, 0.08)
        for at in (0.5, 0.42, 0.58, 0.34, 0.66):
            x, y = path.points(np.array([at]))[0].tolist()
            if not any(abs(x - u) < half[0] + w and abs(y - v) < half[1] + h for u, v, w, h in taken):
                taken.append((x, y, *half))
                axes.text(x, y, text, fontsize=6.3, ha="center", va="center", color="#444444", zorder=2,
                          bbox={"boxstyle": "square,pad=0.08", "fc": "white", "ec": "none"})  # fmt: skip
                break


def _half(size: tuple[float, float]) -> tuple[float, float]:
    return size[0] / 2, size[1] / 2


def extent_text(extent: Extent, short: bool) -> str:
    """An extent as its symbol and value, ``r=4``; only the symbol if it shall be short."""
    symbol = str(extent.formula).replace(" ", "")
    return symbol if short or symbol == str(extent.value) else f"{symbol}={extent.value}"


# --- nodes ---------------------------------------------------------------------------------------


def _draw_node(axes: Any, node: Node, place: Point) -> None:
    if node.kind == "open":
        axes.text(place[0], place[1] + 0.04, label(node), fontsize=7, ha="center", va="bottom", color="#666666", zorder=4)
        return
    if node.kind == "gap":
        axes.text(*place, "⋯", fontsize=14, ha="center", va="center", color="#333333", zorder=4)
        return
    _draw_mark(axes, node, place)
    if node.kind != "dot":
        big = node.kind == "function" and len(node.name) == 1
        axes.text(*place, label(node), fontsize=11 if big else 8, ha="center", va="center_baseline" if big else "center",
                  color="#111111", zorder=5)  # fmt: skip


def _draw_mark(axes: Any, node: Node, place: Point) -> None:
    look = LOOKS[node.kind]
    if node.kind == "dot":
        axes.add_patch(Circle(place, look.rounding, fc=look.fill, ec=look.edge, zorder=3))
        return
    width, height = mark_size(node)
    for inset in (0.0, 0.045) if look.double else (0.0,):
        w, h = width - 2 * inset, height - 2 * inset
        rounding = max(min(look.rounding, h / 2 - 1e-3) - inset * 0, 0.0)
        axes.add_patch(
            FancyBboxPatch(
                (place[0] - w / 2, place[1] - h / 2), w, h,
                boxstyle=f"round,pad=0,rounding_size={min(rounding, h / 2):.3f}",
                fc=look.fill, ec=look.edge, lw=1.0, ls="--" if look.dashed else "-", zorder=3,
            )  # fmt: skip
        )


# --- below the drawing ---------------------------------------------------------------------------


def _draw_caption(axes: Any, sheet: Sheet, left: float, right: float, bottom: float) -> None:
    """The name and sizes, and what the marks mean."""
    axes.text(left + 0.25, bottom - 0.18, sheet.title, fontsize=9.5, weight="bold", va="center", color="#111111")
    axes.text(left + 0.25, bottom - 0.52, sheet.caption, fontsize=8, va="center", color="#444444")
    kinds: list[Kind] = [kind for kind in LOOKS if any(node.kind == kind for node in sheet.graph.nodes)]
    x = right - 0.25
    for kind in reversed(kinds):
        x -= CHARACTER * 0.85 * len(LOOKS[kind].meaning)
        axes.text(x, bottom - 0.18, LOOKS[kind].meaning, fontsize=7, va="center", color="#444444")
        _draw_mark(axes, Node(kind, ""), (x - 0.3, bottom - 0.18))
        x -= 0.75
