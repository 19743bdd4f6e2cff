"""Long networks: the first and the last columns are drawn, three dots stand for those between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tncompile.draw.expansion.graph import Graph, Node, Wire
from tncompile.draw.placing.columns import Columns, Role

LONGEST = 12  # columns that are drawn in full
MARKS = 110  # nodes in the columns, from which on fewer columns are drawn


def abbreviate(graph: Graph, columns: Columns) -> tuple[Graph, Columns]:
    """The graph without its middle columns; unchanged if it is short enough."""
    present = sorted({column for column in columns.column if column is not None})
    per_column = max(Counter(c for c in columns.column if c is not None).values(), default=1)
    if len(present) <= min(LONGEST, max(3, MARKS // per_column)):
        return graph, columns
    head, tail = (4, 3) if MARKS // per_column >= LONGEST / 2 else (2, 1)
    return _Abbreviation(graph, columns, present[head : len(present) - tail]).result()


class _Abbreviation:
    def __init__(self, graph: Graph, columns: Columns, hidden: list[int]) -> None:
        self.graph, self.columns = graph, columns
        self.place = hidden[0]
        self.gone = self._removed(frozenset(hidden))
        self.nodes = list(graph.nodes)
        self.column = list(columns.column)
        self.group = list(columns.group)
        self.role = list(columns.role)
        self.gaps: dict[object, int] = {}

    def _removed(self, hidden: frozenset[int]) -> list[bool]:
        """Hidden nodes, and nodes that read (or, ends, are read by) hidden ones only."""
        gone = [column is not None and column in hidden for column in self.columns.column]
        changed = True
        while changed:
            changed = False
            for node in range(len(gone)):
                near = self.graph.below[node] or self.graph.above[node]
                if (
                    not gone[node]
                    and self.columns.column[node] is None
                    and near
                    and all(gone[n] for n in near)
                ):
                    gone[node] = changed = True
        return gone

    def result(self) -> tuple[Graph, Columns]:
        """The shorter graph with three dots in each row that goes on."""
        wires: dict[tuple[int, int], Wire] = {}
        kept: list[Wire] = []
        for wire in self.graph.wires:
            source, target = self.gone[wire.source], self.gone[wire.target]
            if not source and not target:
                kept.append(wire)
            elif not source and self._crosses(wire):
                gap = self._gap(wire.source)
                wires.setdefault((wire.source, gap), replace(wire, target=gap))
            elif not target:
                gap = self._gap(wire.source)
                wires.setdefault((gap, wire.target), replace(wire, source=gap))
        for node, gone in enumerate(self.gone):
            if gone and self.graph.nodes[node].kind == "input":
                self._gap(node)
        return self._without_removed(kept + list(wires.values()))

    def _crosses(self, wire: Wire) -> bool:
        return self.columns.column[wire.source] != self.columns.column[wire.target]

    def _gap(self, node: int) -> int:
        """The three dots that stand for the hidden members of a role."""
        tied = self.columns.column[node] is not None
        key: Role = self.columns.role[node] if tied else (self.columns.group[node][0], "gap")
        if key not in self.gaps:
            self.gaps[key] = len(self.nodes)
            self.nodes.append(Node("gap", "⋯"))
            self.column.append(self.place if tied else None)
            self.group.append(self.columns.group[node])
            self.role.append(("gap", key) if tied else (len(self.nodes) - 1,))
        return self.gaps[key]

    def _without_removed(self, wires: list[Wire]) -> tuple[Graph, Columns]:
        kept = [n for n in range(len(self.nodes)) if n >= len(self.gone) or not self.gone[n]]
        columns = Columns(
            tuple(self.column[n] for n in kept),
            tuple(self.group[n] for n in kept),
            tuple(self.role[n] for n in kept),
            self.columns.recurrent,
        )
        return Graph(tuple(self.nodes), tuple(wires)).keep(kept), columns
