"""The layout of most networks: columns in time or space, rows from the inputs up to the results.

One column is laid out and repeated, so that a chain comes out as a line with its inputs hanging
below, layers in time as a grid; what belongs to no column is centred over what it reads, so that
trees stand in levels.
"""

from __future__ import annotations

from tncompile.draw.columns import Columns
from tncompile.draw.graph import Graph, Node
from tncompile.draw.rows import Template, make_template
from tncompile.draw.spread import spread

Point = tuple[float, float]

SWEEPS = 8
FIRM = 1e6  # the weight of what has its place already


def mark_width(node: Node) -> float:
    """The room a node takes in a row, in units of the grid."""
    if node.kind in ("dot", "open"):
        return 0.6
    return max(1.0, 0.55 + 0.13 * len(node.name + ",".join(map(str, node.subscripts))))


def flow_layout(graph: Graph, columns: Columns) -> list[Point]:
    """A place for each node."""
    template = make_template(graph, columns)
    widths = [max(mark_width(graph.nodes[node]) for node in nodes) for nodes in template.members]
    offsets = _column_offsets(graph, columns, template, widths)
    across = _tied_places(columns, template, offsets, widths)
    _place_untied(graph, columns, template, widths, across)
    return [(across[node], template.row[template.role[node]]) for node in range(len(graph.nodes))]


# --- one column ----------------------------------------------------------------------------------


def _column_offsets(graph: Graph, columns: Columns, template: Template, widths: list[float]) -> list[float]:
    """The place of each tied role within its column: over and under what it is wired to."""
    beside = _carriers(graph, columns, template)
    near: list[dict[int, None]] = [{} for _ in template.members]
    for wire in graph.wires:
        a, b = template.role[wire.source], template.role[wire.target]
        tied = template.tied[a] and template.tied[b]
        if tied and columns.column[wire.source] == columns.column[wire.target] and template.row[a] != template.row[b]:
            near[a][b] = near[b][a] = None
    rows: dict[float, list[int]] = {}
    for role, tied in enumerate(template.tied):
        if tied:
            rows.setdefault(template.row[role], []).append(role)
    offsets = [0.0] * len(template.members)
    for sweep in range(SWEEPS):
        upwards = sweep % 2 == 0
        for row in sorted(rows, reverse=not upwards):
            _sweep_row(rows[row], offsets, near, beside, template, widths, upwards)
    return offsets


def _sweep_row(
    roles: list[int],
    offsets: list[float],
    near: list[dict[int, None]],
    beside: dict[int, tuple[int, int]],
    template: Template,
    widths: list[float],
    upwards: bool,
) -> None:
    """Put the roles of a row over (or under) the middle of what they are wired to."""
    wanted: dict[int, float] = {}
    for role in roles:
        sides = [other for other in near[role] if (template.row[other] < template.row[role]) == upwards]
        wanted[role] = sum(offsets[other] for other in sides) / len(sides) if sides else offsets[role]
    for role, (target, side) in beside.items():
        if role in wanted and target in wanted:
            wanted[role] = wanted[target] + side * (widths[role] + widths[target]) / 2
    order = sorted(roles, key=lambda role: (wanted[role], role))
    places = spread([wanted[role] for role in order], [widths[role] for role in order])
    for role, place in zip(order, places, strict=True):
        offsets[role] = place


def _carriers(graph: Graph, columns: Columns, template: Template) -> dict[int, tuple[int, int]]:
    """Roles that stand beside another of their column, and on which side: where their state comes from."""
    sides: dict[int, int] = {}
    for wire in graph.wires:
        start, end = columns.column[wire.source], columns.column[wire.target]
        if start is not None and end is not None and start != end:
            sides[template.role[wire.target]] = -1 if start < end else 1
    found = {}
    for source, target in template.sideward:
        same = template.tied[source] and template.tied[target] and template.row[source] == template.row[target]
        if same and source != target and source in sides and not template.into(source, template.upward):
            found[source] = (target, sides[source])
    return found


def _tied_places(columns: Columns, template: Template, offsets: list[float], widths: list[float]) -> dict[int, float]:
    """The columns side by side, each as wide as the widest row."""
    tied = [role for role, is_tied in enumerate(template.tied) if is_tied]
    if not tied:
        return {}
    left = min(offsets[role] - widths[role] / 2 for role in tied)
    right = max(offsets[role] + widths[role] / 2 for role in tied)
    present = sorted({column for column in columns.column if column is not None})
    rank = {column: number for number, column in enumerate(present)}
    return {
        node: rank[column] * (right - left) + offsets[template.role[node]]
        for node, column in enumerate(columns.column)
        if column is not None
    }


# --- what belongs to no column -------------------------------------------------------------------


def _place_untied(
    graph: Graph, columns: Columns, template: Template, widths: list[float], across: dict[int, float]
) -> None:
    """Centre each remaining node over what it reads; what reads nothing stands under its use."""
    waiting = []
    for role in template.order():
        if not template.tied[role]:
            node = template.members[role][0]
            place = _place_after(graph, template, node, widths, across)
            if place is None:
                waiting.append(node)
            else:
                across[node] = place
    for node in reversed(waiting):
        uses = [across[other] for other in graph.above[node] if other in across]
        across[node] = sum(uses) / len(uses) if uses else max(across.values(), default=0.0) + 1
    _make_room(template, widths, across)


def _place_after(
    graph: Graph, template: Template, node: int, widths: list[float], across: dict[int, float]
) -> float | None:
    """The middle of what a node reads from below, else a step behind what it reads from the side."""
    row = template.row[template.role[node]]
    known = [other for other in graph.below[node] if other in across]
    below = [across[other] for other in known if template.row[template.role[other]] < row]
    if below:
        return sum(below) / len(below)
    if known:
        last = max(known, key=lambda other: across[other])
        return across[last] + (widths[template.role[last]] + widths[template.role[node]]) / 2
    return None


def _make_room(template: Template, widths: list[float], across: dict[int, float]) -> None:
    """Move the nodes of a row apart; those of the columns stay."""
    rows: dict[float, list[int]] = {}
    for node in across:
        rows.setdefault(template.row[template.role[node]], []).append(node)
    for nodes in rows.values():
        nodes.sort(key=lambda node: (across[node], node))
        roles = [template.role[node] for node in nodes]
        weights = [FIRM if template.tied[role] else 1.0 for role in roles]
        places = spread([across[node] for node in nodes], [widths[role] for role in roles], weights)
        across.update(zip(nodes, places, strict=True))
