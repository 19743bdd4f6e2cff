"""How a wire runs: straight if it can, in a bow around what stands in its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tncompile.draw.expansion.graph import Graph, Wire
from tncompile.draw.paper.marks import mark_size
from tncompile.draw.placing.layout import Layout
from tncompile.source.records import record

Point = tuple[float, float]
Points = npt.NDArray[np.float64]

BOWS = (0.0, 0.18, -0.18, 0.32, -0.32, 0.5, -0.5)  # height of the bow over the length of the wire
CLEARANCE = 0.08
BETWEEN = 0.44  # how far over a row a wire runs that leads back down, or under one
SLANT = 0.28
CORNER, BEND = 0.12, 0.4  # how far from a corner its rounding begins
STUB = (1.0, 0.42)
LOOP = (0.3, 0.6)  # half the width and the height of a wire from a mark to itself


@record
class Stroke:
    """A line through corners; each corner but the ends is rounded off from ``radius`` before it to as far behind."""

    corners: tuple[Point, ...]
    radius: float = 0.0

    def pieces(self) -> list[tuple[Point, ...]]:
        """Straight pieces (two points) and curves of second degree (three), one after the other."""
        found: list[tuple[Point, ...]] = []
        at = self.corners[0]
        for before, corner, after in zip(self.corners, self.corners[1:], self.corners[2:], strict=False):
            enter, leave = _towards(corner, before, self.radius), _towards(corner, after, self.radius)
            found += [(at, enter), (enter, corner, leave)]
            at = leave
        return [*found, (at, self.corners[-1])]

    def points(self) -> Points:
        """Points along the line, shape (many, 2)."""
        return np.concatenate([_along(piece) for piece in self.pieces()])


@record
class Bow:
    """A curve of second degree."""

    start: Point
    control: Point
    end: Point

    def pieces(self) -> list[tuple[Point, ...]]:
        """The one curve."""
        return [(self.start, self.control, self.end)]

    def points(self) -> Points:
        """Points along the curve, shape (many, 2)."""
        return _along(self.pieces()[0])


@record
class Path:
    """A wire on the paper; where it is cut, ``name`` stands at both ends of the cut."""

    wire: Wire
    strokes: tuple[Stroke | Bow, ...]
    name: str = ""

    def points(self) -> Points:
        """Points along the (first) stroke."""
        return self.strokes[0].points()


def _along(piece: tuple[Point, ...]) -> Points:
    corners = np.array(piece, dtype=np.float64)
    t = np.linspace(0.0, 1.0, 33)[:, None]
    if len(piece) == 2:
        points: Points = (1 - t) * corners[0] + t * corners[1]
    else:
        points = (1 - t) ** 2 * corners[0] + 2 * t * (1 - t) * corners[1] + t**2 * corners[2]
    return points


def route(layout: Layout) -> list[Path]:
    """A path for each wire. Wires between the same two nodes run beside each other."""
    graph, places = layout.graph, layout.places
    centres = np.array(places, dtype=np.float64).reshape(-1, 2)
    halves = (
        np.array([mark_size(node) for node in graph.nodes], dtype=np.float64).reshape(-1, 2) / 2 + CLEARANCE
    )
    many = Counter(frozenset((wire.source, wire.target)) for wire in graph.wires)
    seen: Counter[frozenset[int]] = Counter()
    paths: list[Path] = []
    for wire in graph.wires:
        pair = frozenset((wire.source, wire.target))
        lane = seen[pair] - (many[pair] - 1) / 2
        seen[pair] += 1
        start, end = _ends(graph, wire, places)
        if wire.source == wire.target:
            (x, y), (wide, high) = start, LOOP
            corners = (start, (x - wide, y + high), (x + wide, y + high), end)
            paths.append(Path(wire, (Stroke(corners, wide / 2),)))
            continue
        if (wire.source, wire.target) in layout.cut:
            name = chr(ord("a") + sum(bool(path.name) for path in paths) % 26)
            paths.append(Path(wire, _stubs(start, end), name))
        elif (wire.source, wire.target) in layout.detours:
            paths.append(Path(wire, (_detour(start, end, layout.detours[wire.source, wire.target]),)))
        else:
            strokes = [_bow(start, end, bow) for bow in ((0.3 * lane,) if lane else BOWS)]
            if (wire.source, wire.target) in layout.bends:
                bends = [(x + 0.1 * lane, y) for x, y in layout.bends[wire.source, wire.target]]
                strokes.insert(1, Stroke((start, *bends, end), BEND))
            paths.append(
                min(
                    (Path(wire, (stroke,)) for stroke in strokes),
                    key=lambda path: _hits(path, centres, halves),
                )
            )
    return paths


def _ends(graph: Graph, wire: Wire, places: Sequence[Point]) -> tuple[Point, Point]:
    """Where a wire begins and ends; at a wide mark right under or over the other end."""
    start, end = places[wire.source], places[wire.target]
    if graph.nodes[wire.source].span:
        start = (end[0], start[1])
    return start, end


def _bow(start: Point, end: Point, bow: float) -> Stroke | Bow:
    (x, y), (u, v) = start, end
    if not bow:
        return Stroke((start, end))
    # Twice the height, since the curve reaches half way to its control point.
    return Bow(start, ((x + u) / 2 - 2 * bow * (v - y), (y + v) / 2 + 2 * bow * (u - x)), end)


def _detour(start: Point, end: Point, between: float) -> Stroke:
    """Out over the row, down between two columns, and in under the row where the wire ends."""
    (x, y), (u, v) = start, end
    side = 1.0 if between > x else -1.0
    corners = (
        start,
        (x + side * SLANT, y + BETWEEN),
        (between, y + BETWEEN),
        (between, v - BETWEEN),
        (u - side * SLANT, v - BETWEEN),
        end,
    )
    return Stroke(corners, CORNER)


def _towards(corner: Point, other: Point, radius: float) -> Point:
    length = float(np.hypot(other[0] - corner[0], other[1] - corner[1]))
    share = min(radius, length / 2) / length if length else 0.0
    return corner[0] + share * (other[0] - corner[0]), corner[1] + share * (other[1] - corner[1])


def _stubs(start: Point, end: Point) -> tuple[Stroke, Stroke]:
    """The two ends of a wire that leads around the edge."""
    side = 1.0 if start[0] > end[0] else -1.0
    rise = 1.0 if end[1] > start[1] else -1.0
    first = (start[0] + side * STUB[0], start[1] + rise * STUB[1])
    second = (end[0] - side * STUB[0], end[1] - rise * STUB[1])
    return Stroke((start, first)), Stroke((end, second))


def _hits(path: Path, centres: Points, halves: Points) -> int:
    """How many nodes a path runs through, its own two not counted."""
    distance = np.abs(path.points()[:, None, :] - centres[None, :, :])
    inside = np.flatnonzero((distance < halves[None, :, :]).all(axis=2).any(axis=0))
    return len(set(inside.tolist()) - {path.wire.source, path.wire.target})
