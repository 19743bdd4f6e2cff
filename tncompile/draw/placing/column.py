"""One column of a drawing: every role in its row, over and under what it is wired to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import networkx as nx

from tncompile.draw.expansion.graph import Graph
from tncompile.draw.placing.columns import Columns
from tncompile.draw.placing.rows import Pair, Template
from tncompile.draw.placing.spread import spread

SWEEPS = 12
PASSAGE = 0.4  # the room for a wire that passes a row


@dataclass
class Column:
    """Places across the column: of each role, and of each wire in the rows that it passes."""

    offsets: list[float]
    bends: dict[Pair, list[tuple[float, float]]]  # (offset, row), from the lower role to the upper
    left: float = 0.0
    right: float = 0.0


@dataclass
class _Marks:
    """What stands in the rows: roles, then passages of wires."""

    row: list[float]
    width: list[float]
    near: list[list[int]]
    beside: dict[int, tuple[int, int]]
    present: list[frozenset[int]]  # the columns in which it stands
    passages: dict[Pair, list[int]] = field(default_factory=dict)

    def connect(self, low: int, high: int) -> None:
        self.near[low].append(high)
        self.near[high].append(low)


def lay_out_column(graph: Graph, columns: Columns, template: Template, widths: list[float]) -> Column:
    """Marks of a row in the order that crosses few wires, as near to each other as they may be."""
    aside = {*template.starts, *template.gap_of}
    inside = [role for role, tied in enumerate(template.tied) if tied and role not in aside]
    rows = sorted({template.row[role] for role in inside})
    count = len(template.members)
    marks = _Marks(
        list(template.row),
        list(widths),
        [[] for _ in range(count)],
        _carriers(graph, columns, template),
        [_present(columns, nodes) for nodes in template.members],
    )
    for low, high in _wires(graph, columns, template, set(inside)):
        _add_wire(marks, rows, low, high)
    in_row: dict[float, list[int]] = {row: [] for row in rows}
    for mark in [*inside, *range(count, len(marks.row))]:
        in_row[marks.row[mark]].append(mark)
    offsets = [0.0] * len(marks.row)
    for sweep in range(SWEEPS):
        upwards = sweep % 2 == 0
        for row in rows if upwards else reversed(rows):
            _sweep_row(in_row[row], offsets, marks, upwards)
    bends = {pair: [(offsets[m], marks.row[m]) for m in passage] for pair, passage in marks.passages.items()}
    column = Column(offsets[:count], bends)
    if inside:
        everything = [*inside, *range(count, len(marks.row))]
        column.left = min(offsets[mark] - marks.width[mark] / 2 for mark in everything)
        column.right = max(offsets[mark] + marks.width[mark] / 2 for mark in everything)
    return column


def _present(columns: Columns, nodes: list[int]) -> frozenset[int]:
    return frozenset(column for node in nodes if (column := columns.column[node]) is not None)


def _wires(graph: Graph, columns: Columns, template: Template, inside: set[int]) -> list[Pair]:
    """Pairs of roles, the lower first, that are wired to each other in the same column, rare ones left out."""
    wires: Counter[Pair] = Counter()
    for wire in graph.wires:
        a, b = template.role[wire.source], template.role[wire.target]
        same = columns.column[wire.source] == columns.column[wire.target]
        if same and a in inside and b in inside and template.row[a] != template.row[b]:
            wires[(a, b) if template.row[a] < template.row[b] else (b, a)] += 1
    most: Counter[int] = Counter()
    for pair, count in wires.items():
        for role in pair:
            most[role] = max(most[role], count)
    return [pair for pair, count in wires.items() if 2 * count >= max(most[role] for role in pair)]


def _add_wire(marks: _Marks, rows: list[float], low: int, high: int) -> None:
    """A wire, with a passage in each row between its ends."""
    between = [row for row in rows if marks.row[low] < row < marks.row[high]]
    passage = list(range(len(marks.row), len(marks.row) + len(between)))
    marks.row += between
    marks.width += [PASSAGE] * len(between)
    marks.near += [[] for _ in between]
    marks.present += [marks.present[low] & marks.present[high]] * len(between)
    for a, b in pairwise([low, *passage, high]):
        marks.connect(a, b)
    if passage:
        marks.passages[low, high] = passage


def _sweep_row(row: list[int], offsets: list[float], marks: _Marks, upwards: bool) -> None:
    """Put the marks of a row over (or under) the middle of what they are wired to."""
    wanted: dict[int, float] = {}
    for mark in row:
        sides = [other for other in marks.near[mark] if (marks.row[other] < marks.row[mark]) == upwards]
        wanted[mark] = sum(offsets[other] for other in sides) / len(sides) if sides else offsets[mark]
    keys = {mark: (wanted[mark], 0, mark) for mark in row}
    for mark, (target, side) in marks.beside.items():
        if mark in wanted and target in wanted:
            wanted[mark] = wanted[target] + side * (marks.width[mark] + marks.width[target]) / 2
            keys[mark] = (wanted[target], side, mark)
    for together in _meeting(row, marks):
        order = sorted(together, key=lambda mark: keys[mark])
        places = spread([wanted[mark] for mark in order], [marks.width[mark] for mark in order])
        for mark, place in zip(order, places, strict=True):
            offsets[mark] = place


def _meeting(row: list[int], marks: _Marks) -> list[list[int]]:
    """Sets of marks that meet in some column; others may share a place."""
    graph = nx.Graph()
    graph.add_nodes_from(row)
    graph.add_edges_from((a, b) for a, b in combinations(row, 2) if marks.present[a] & marks.present[b])
    return [sorted(part) for part in nx.connected_components(graph)]


def _carriers(graph: Graph, columns: Columns, template: Template) -> dict[int, tuple[int, int]]:
    """Roles that stand beside another of their column, and on which side: where their state comes from."""
    sides: dict[int, int] = {}
    for wire in graph.wires:
        start, end = columns.column[wire.source], columns.column[wire.target]
        if start is not None and end is not None and start != end:
            sides[template.role[wire.target]] = -1 if start < end else 1
    found: dict[int, tuple[int, int]] = {}
    pairs = [pair for pair in template.sideward if pair[0] != pair[1] and pair[0] not in template.starts]
    for source, target in pairs:
        same = (
            template.tied[source] and template.tied[target] and template.row[source] == template.row[target]
        )
        if not same or source in template.gap_of or target in template.gap_of:
            continue
        if template.into(source, template.upward):
            # A line through the column: what follows stands behind what it reads.
            if target not in sides:
                found[target] = (source, -sides.get(source, -1))
        elif source in sides:
            found[source] = (target, sides[source])
    return found
