"""The layout of most networks: columns in time or space, rows from the inputs up to the results.

One column is laid out and repeated, so that a chain comes out as a line with its inputs hanging
below, layers in time as a grid; what belongs to no column is centred over what it reads, so that
trees stand in levels.
"""

from __future__ import annotations

from collections import Counter

from tncompile.draw.columns import Columns
from tncompile.draw.graph import Graph, Node
from tncompile.draw.rows import Template, make_template
from tncompile.draw.spread import spread

Point = tuple[float, float]

SWEEPS = 8
ROW = 1.0  # the height of a row
STEEPNESS, STEEPEST = 0.4, 2.6  # rise over run of a wire, and the most a row rises
LANE = 0.16  # between wires that run between two columns
FIRM = 1e6  # the weight of what has its place already


def mark_width(node: Node) -> float:
    """The room a node takes in a row, in units of the grid."""
    if node.kind in ("dot", "open"):
        return 0.6
    return max(1.15, 0.62 + 0.13 * len(node.name + ",".join(map(str, node.subscripts))))


def flow_layout(graph: Graph, columns: Columns) -> tuple[list[Point], dict[tuple[int, int], float]]:
    """A place for each node; and the wires that run between two columns, with the place where."""
    template = make_template(graph, columns)
    widths = [max(mark_width(graph.nodes[node]) for node in nodes) for nodes in template.members]
    offsets = _column_offsets(graph, columns, template, widths)
    across, detours = _tied_places(graph, columns, template, offsets, widths)
    _place_untied(graph, columns, template, widths, across)
    heights = _heights(graph, template, across)
    return [(across[node], heights[template.row[template.role[node]]]) for node in range(len(graph.nodes))], detours


def _heights(graph: Graph, template: Template, across: dict[int, float]) -> dict[float, float]:
    """How high each row is: wide fans of wires need more room than steps straight up."""
    rows = sorted(set(template.row))
    rise = dict.fromkeys(rows, ROW)
    for wire in graph.wires:
        low, high = sorted(template.row[template.role[end]] for end in (wire.source, wire.target))
        if (template.role[wire.source], template.role[wire.target]) not in template.loose and low < high:
            run = abs(across[wire.source] - across[wire.target])
            rise[low] = max(rise[low], min(STEEPNESS * run, STEEPEST))
    heights = {rows[0]: 0.0}
    for below, row in zip(rows, rows[1:], strict=False):
        heights[row] = heights[below] + rise[below] * min(1.0, row - below)
    return heights


# --- one column ----------------------------------------------------------------------------------


def _column_offsets(graph: Graph, columns: Columns, template: Template, widths: list[float]) -> list[float]:
    """The place of each tied role within its column: over and under what it is wired to."""
    beside = _carriers(graph, columns, template)
    near = _neighbours(graph, columns, template)
    rows: dict[float, list[int]] = {}
    for role, tied in enumerate(template.tied):
        if tied and role not in template.starts and role not in template.gap_of:
            rows.setdefault(template.row[role], []).append(role)
    offsets = [0.0] * len(template.members)
    for sweep in range(SWEEPS):
        upwards = sweep % 2 == 0
        for row in sorted(rows, reverse=not upwards):
            _sweep_row(rows[row], offsets, near, beside, template, widths, upwards)
    return offsets


def _neighbours(graph: Graph, columns: Columns, template: Template) -> list[list[int]]:
    """For each role the roles of other rows that it is wired to in most columns."""
    wires: Counter[tuple[int, int]] = Counter()
    for wire in graph.wires:
        a, b = template.role[wire.source], template.role[wire.target]
        tied = template.tied[a] and template.tied[b]
        if tied and columns.column[wire.source] == columns.column[wire.target] and template.row[a] != template.row[b]:
            wires.update([(a, b), (b, a)])
    most: dict[int, int] = {}
    for (a, _), count in wires.items():
        most[a] = max(most.get(a, 0), count)
    near: list[list[int]] = [[] for _ in template.members]
    for (a, b), count in wires.items():
        if 2 * count >= most[a]:
            near[a].append(b)
    return near


def _sweep_row(
    roles: list[int],
    offsets: list[float],
    near: list[list[int]],
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
    keys = {role: (wanted[role], 0, role) for role in roles}
    for role, (target, side) in beside.items():
        if role in wanted and target in wanted:
            keys[role] = (wanted[target], side, role)
    order = sorted(roles, key=lambda role: keys[role])
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
    found: dict[int, tuple[int, int]] = {}
    pairs = [pair for pair in template.sideward if pair[0] != pair[1] and pair[0] not in template.starts]
    for source, target in pairs:
        same = template.tied[source] and template.tied[target] and template.row[source] == template.row[target]
        if not same or source in template.gap_of or target in template.gap_of:
            continue
        if template.into(source, template.upward):
            # A line through the column: what follows stands behind what it reads.
            if target not in sides:
                found[target] = (source, -sides.get(source, -1))
        elif source in sides:
            found[source] = (target, sides[source])
    return found


def _tied_places(
    graph: Graph, columns: Columns, template: Template, offsets: list[float], widths: list[float]
) -> tuple[dict[int, float], dict[tuple[int, int], float]]:
    """The columns side by side, each as wide as its widest row; and the ways between them."""
    aside = {**template.starts, **template.gap_of}
    tied = [role for role, is_tied in enumerate(template.tied) if is_tied and role not in aside]
    if not tied:
        return {}, {}
    left = min(offsets[role] - widths[role] / 2 for role in tied)
    right = max(offsets[role] + widths[role] / 2 for role in tied)
    present = sorted({column for column in columns.column if column is not None})
    detouring = _detouring(graph, columns, template)
    lanes = list(dict.fromkeys(template.role[source] for source, _ in detouring))
    pitch = max(right - left + LANE * len(lanes), _crowding(template, widths, len(present)))
    rank = {column: number for number, column in enumerate(present)}
    across = {}
    for node, column in enumerate(columns.column):
        role = template.role[node]
        if column is not None and role not in template.starts:
            across[node] = rank[column] * pitch + ((left + right) / 2 if role in template.gap_of else offsets[role])
    for role, target in template.starts.items():
        first = min((n for n in template.members[target] if n in across), key=lambda n: across[n], default=None)
        across[template.members[role][0]] = (across[first] if first is not None else 0.0) - (
            widths[role] + widths[target]
        ) / 2
    ways = {}
    for source, target in detouring:
        column = columns.column[target]
        if column is not None:
            ways[source, target] = rank[column] * pitch + left - LANE * (lanes.index(template.role[source]) + 0.5)
    return across, ways


def _detouring(graph: Graph, columns: Columns, template: Template) -> list[tuple[int, int]]:
    """Wires from a step to the next that lead back down."""
    pairs = dict.fromkeys((wire.source, wire.target) for wire in graph.wires)
    return [
        (source, target)
        for source, target in pairs
        if (template.role[source], template.role[target]) in template.loose
        and columns.column[source] != columns.column[target]
    ]


def _crowding(template: Template, widths: list[float], columns: int) -> float:
    """How wide a column has to be for the fullest row of what belongs to none."""
    rows: dict[float, float] = {}
    for role, tied in enumerate(template.tied):
        if not tied:
            rows[template.row[role]] = rows.get(template.row[role], 0.0) + widths[role]
    return max(rows.values(), default=0.0) / columns


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
