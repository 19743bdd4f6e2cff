"""How a wire runs: straight if it can, in a bow around what stands in its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tncompile.draw.graph import Graph, Wire
from tncompile.draw.marks import mark_size

Point = tuple[float, float]
BOWS = (0.0, 0.18, -0.18, 0.32, -0.32, 0.5, -0.5)  # height of the bow over the length of the wire
CLEARANCE = 0.08
SAMPLES = np.linspace(0.0, 1.0, 33)


@dataclass(frozen=True)
class Path:
    """A wire on the paper: a curve of second degree with this point in the middle of its control polygon."""

    wire: Wire
    start: Point
    control: Point
    end: Point

    def points(self, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Points of the curve, shape (len(at), 2)."""
        s, c, e = (np.array(point) for point in (self.start, self.control, self.end))
        t = at[:, None]
        result: npt.NDArray[np.float64] = (1 - t) ** 2 * s + 2 * t * (1 - t) * c + t**2 * e
        return result


def route(graph: Graph, places: Sequence[Point]) -> list[Path]:
    """A path for each wire. Wires between the same two nodes run beside each other."""
    centres = np.array(places, dtype=np.float64).reshape(-1, 2)
    halves = np.array([mark_size(node) for node in graph.nodes], dtype=np.float64).reshape(-1, 2) / 2 + CLEARANCE
    many = Counter(frozenset((wire.source, wire.target)) for wire in graph.wires)
    seen: Counter[frozenset[int]] = Counter()
    paths = []
    for wire in graph.wires:
        pair = frozenset((wire.source, wire.target))
        lane = seen[pair] - (many[pair] - 1) / 2
        seen[pair] += 1
        start, end = places[wire.source], places[wire.target]
        tries = [_bow(wire, start, end, 0.3 * lane)] if lane else [_bow(wire, start, end, bow) for bow in BOWS]
        paths.append(min(tries, key=lambda path: _hits(path, centres, halves)))
    return paths


def _bow(wire: Wire, start: Point, end: Point, bow: float) -> Path:
    (x, y), (u, v) = start, end
    # Twice the height, since the curve reaches half way to its control point.
    control = ((x + u) / 2 - 2 * bow * (v - y), (y + v) / 2 + 2 * bow * (u - x))
    return Path(wire, start, control, end)


def _hits(path: Path, centres: npt.NDArray[np.float64], halves: npt.NDArray[np.float64]) -> int:
    """How many nodes a path runs through, its own two not counted."""
    distance = np.abs(path.points(SAMPLES)[:, None, :] - centres[None, :, :])
    inside = (distance < halves[None, :, :]).all(axis=2).any(axis=0)
    inside[[path.wire.source, path.wire.target]] = False
    return int(inside.sum())
