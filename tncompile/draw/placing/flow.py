"""The layout of most networks: columns in time or space, rows from the inputs up to the results.

One column is laid out and repeated, so that a chain comes out as a line with its inputs hanging
below, layers in time as a grid; what belongs to no column is centred over what it reads, so that
trees stand in levels.
"""

from __future__ import annotations

from itertools import pairwise

from tncompile.draw.expansion.graph import Graph, Node
from tncompile.draw.placing.column import Column, lay_out_column
from tncompile.draw.placing.columns import Columns
from tncompile.draw.placing.rows import Pair, Template, make_template
from tncompile.draw.placing.spread import spread
from tncompile.source.records import record

Point = tuple[float, float]

ROW = 1.0  # the height of a row
STEEPNESS, STEEPEST = 0.4, 2.6  # rise over run of a wire, and the most a row rises
LANE = 0.16  # between wires that run between two columns
GAP = 2.4  # the width of the column that stands for those left out
FIRM = 1e6  # the weight of what has its place already


def mark_width(node: Node) -> float:
    """The room a node takes in a row, in units of the grid."""
    if node.kind in ("dot", "open"):
        return 0.6
    return max(1.15, 0.62 + 0.13 * len(node.name + ",".join(map(str, node.subscripts))))


@record
class Flow:
    """A place for each node; where a wire runs between two columns, and where it passes the rows between."""

    places: list[Point]
    detours: dict[Pair, float]
    bends: dict[Pair, list[Point]]


def flow_layout(graph: Graph, columns: Columns) -> Flow:
    """Columns side by side, then what belongs to none, then the heights of the rows."""
    template = make_template(graph, columns)
    widths = [max(mark_width(graph.nodes[node]) for node in nodes) for nodes in template.members]
    return _Placing(graph, columns, template, widths).flow()


class _Placing:
    def __init__(self, graph: Graph, columns: Columns, template: Template, widths: list[float]) -> None:
        self.graph, self.columns, self.template, self.widths = graph, columns, template, widths
        self.column: Column = lay_out_column(graph, columns, template, widths)
        self.across: dict[int, float] = {}
        self.present = sorted({column for column in columns.column if column is not None})
        self.back = self._leading_back()
        self.lanes = list(dict.fromkeys(template.role[source] for source, _ in self.back))
        self.pitch = max(self.column.right - self.column.left + LANE * len(self.lanes), self._crowding())
        self.at = self._column_places()

    def flow(self) -> Flow:
        """The whole layout."""
        self._place_columns()
        self._place_starts()
        self._place_untied()
        self._make_room()
        heights = self._heights()
        places = [(self.across[node], heights[self._row(node)]) for node in range(len(self.graph.nodes))]
        return Flow(places, self._detours(), self._bends(heights))

    def _row(self, node: int) -> float:
        return self.template.row[self.template.role[node]]

    # --- columns ---------------------------------------------------------------------------------

    def _place_columns(self) -> None:
        middle = (self.column.left + self.column.right) / 2
        for node, column in enumerate(self.columns.column):
            role = self.template.role[node]
            if column is not None and role not in self.template.starts:
                offset = middle if role in self.template.gap_of else self.column.offsets[role]
                self.across[node] = self.at[column] + offset

    def _column_places(self) -> dict[int, float]:
        """Where each column stands; one that holds nothing but three dots may be narrow."""
        full = {
            c for node, c in zip(self.graph.nodes, self.columns.column, strict=True) if node.kind != "gap"
        }
        places, x = {}, 0.0
        for column in self.present:
            spared = 0.0 if column in full else max(0.0, self.pitch - GAP) / 2
            places[column] = x - spared
            x += self.pitch - 2 * spared
        return places

    def _place_starts(self) -> None:
        """What begins a recurrence stands before the first that reads it."""
        for role, target in self.template.starts.items():
            reader = min(
                (n for n in self.template.members[target] if n in self.across), key=lambda n: self.across[n]
            )
            gap = (self.widths[role] + self.widths[target]) / 2
            self.across[self.template.members[role][0]] = self.across[reader] - gap

    def _crowding(self) -> float:
        """How wide a column has to be for the fullest row of what belongs to none."""
        rows: dict[float, float] = {}
        for role, tied in enumerate(self.template.tied):
            if not tied:
                row = self.template.row[role]
                rows[row] = rows.get(row, 0.0) + self.widths[role]
        return max(rows.values(), default=0.0) / max(1, len(self.present))

    def _leading_back(self) -> list[Pair]:
        """Wires from a step to the next that lead back down."""
        pairs = dict.fromkeys((wire.source, wire.target) for wire in self.graph.wires)
        role, column = self.template.role, self.columns.column
        return [
            (a, b) for a, b in pairs if (role[a], role[b]) in self.template.loose and column[a] != column[b]
        ]

    def _detours(self) -> dict[Pair, float]:
        """For wires that lead back down: where between two columns they run."""
        ways = {}
        for source, target in self.back:
            column = self.columns.column[target]
            if column is not None:
                lane = self.lanes.index(self.template.role[source]) + 0.5
                ways[source, target] = self.at[column] + self.column.left - LANE * lane
        return ways

    def _bends(self, heights: dict[float, float]) -> dict[Pair, list[Point]]:
        """Where wires pass the rows between their ends, from source to target."""
        found = {}
        for wire in self.graph.wires:
            a, b = self.template.role[wire.source], self.template.role[wire.target]
            column = self.columns.column[wire.source]
            if column is None or column != self.columns.column[wire.target]:
                continue
            bends = self.column.bends.get((a, b)) or list(reversed(self.column.bends.get((b, a), [])))
            if bends:
                start = self.at[column]
                found[wire.source, wire.target] = [(start + offset, heights[row]) for offset, row in bends]
        return found

    # --- what belongs to no column ---------------------------------------------------------------

    def _place_untied(self) -> None:
        """Centre each remaining node over what it reads; what reads nothing stands under its use."""
        waiting = []
        for role in self.template.order():
            if not self.template.tied[role]:
                node = self.template.members[role][0]
                place = self._place_after(node)
                if place is None:
                    waiting.append(node)
                else:
                    self.across[node] = place
        for node in reversed(waiting):
            uses = [self.across[other] for other in self.graph.above[node] if other in self.across]
            self.across[node] = sum(uses) / len(uses) if uses else max(self.across.values(), default=0.0) + 1

    def _place_after(self, node: int) -> float | None:
        """The middle of what a node reads from below, else a step behind what it reads from the side."""
        known = [other for other in self.graph.below[node] if other in self.across]
        role = self.template.role[node]
        upward = [n for n in known if (self.template.role[n], role) not in self.template.sideward]
        below = [self.across[other] for other in upward if self._row(other) < self._row(node)]
        if below:
            return sum(below) / len(below)
        if known:
            last = max(known, key=lambda other: self.across[other])
            return self.across[last] + (self.widths[self.template.role[last]] + self.widths[role]) / 2
        return None

    def _make_room(self) -> None:
        """Move the nodes of a row apart; those of the columns stay."""
        rows: dict[float, list[int]] = {}
        for node in self.across:
            rows.setdefault(self._row(node), []).append(node)
        for nodes in rows.values():
            nodes.sort(key=lambda node: (self.across[node], node))
            roles = [self.template.role[node] for node in nodes]
            firm = [self.template.tied[role] and role not in self.template.starts for role in roles]
            weights = [FIRM if is_firm else 1.0 for is_firm in firm]
            places = spread(
                [self.across[node] for node in nodes], [self.widths[role] for role in roles], weights
            )
            self.across.update(zip(nodes, places, strict=True))

    # --- rows ------------------------------------------------------------------------------------

    def _heights(self) -> dict[float, float]:
        """How high each row is: wide fans of wires need more room than steps straight up."""
        rows = sorted(set(self.template.row))
        rise = dict.fromkeys(rows, ROW)
        for wire in self.graph.wires:
            low, high = sorted((self._row(wire.source), self._row(wire.target)))
            pair = self.template.role[wire.source], self.template.role[wire.target]
            if pair not in self.template.loose and low < high:
                run = abs(self.across[wire.source] - self.across[wire.target])
                rise[low] = max(rise[low], min(STEEPNESS * run, STEEPEST))
        heights = {rows[0]: 0.0}
        for below, row in pairwise(rows):
            heights[row] = heights[below] + rise[below] * min(1.0, row - below)
        return heights
