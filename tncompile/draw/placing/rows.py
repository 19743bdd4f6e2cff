"""In which row of the drawing a node stands: inputs below, results above, a recurrence in one row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import networkx as nx

from tncompile.draw.expansion.graph import FLOWING, Graph
from tncompile.draw.placing.columns import Columns, Role

Pair = tuple[int, int]
LINE = 4  # marks of one step that may stand in a line


@dataclass
class Template:
    """One column of the drawing, and what belongs to no column: the roles and how they are wired.

    A role is a number; ``upward`` wires lead one row up or more, ``sideward`` ones stay in a row if
    they can, ``loose`` ones (from the end of one step to the beginning of the next) do as they like.
    """

    role: tuple[int, ...]  # of each node
    members: list[list[int]]  # the nodes of each role
    tied: list[bool]  # whether the role belongs to the columns
    source: list[bool]  # whether the role is an input
    span: list[tuple[int, int]]  # the first and the last column of a tied role
    upward: dict[Pair, int] = field(default_factory=dict)  # with how many wires there are of this kind
    sideward: dict[Pair, int] = field(default_factory=dict)
    loose: dict[Pair, int] = field(default_factory=dict)
    row: list[float] = field(default_factory=list)
    # Roles that stand in for another: three dots for its hidden members.
    gap_of: dict[int, int] = field(default_factory=dict)
    # Roles of the first step only, each beside what it starts.
    starts: dict[int, int] = field(default_factory=dict)

    def into(self, role: int, wires: Iterable[Pair]) -> list[int]:
        """The roles from which some wires lead to a role."""
        return [source for source, target in wires if target == role]

    def order(self) -> list[int]:
        """All roles, sources first; wires that would close a cycle do not count."""
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(self.members)))
        graph.add_edges_from(pair for pair in [*self.upward, *self.sideward] if pair[0] != pair[1])
        _break_cycles(graph)
        return list(nx.lexicographical_topological_sort(graph))


def make_template(graph: Graph, columns: Columns) -> Template:
    """The roles of a graph with their wires and rows."""
    numbers: dict[Role, int] = {}
    # A gap comes after the role it stands in for, if that is drawn at all.
    for key in sorted(columns.role, key=lambda key: key[0] == "gap"):
        numbers.setdefault(key, len(numbers))
    role = tuple(numbers[key] for key in columns.role)
    members: list[list[int]] = [[] for _ in numbers]
    for node, number in enumerate(role):
        members[number].append(node)
    template = Template(
        role,
        members,
        [columns.column[nodes[0]] is not None for nodes in members],
        [graph.nodes[nodes[0]].kind == "input" for nodes in members],
        [_span(columns, nodes) for nodes in members],
    )
    template.gap_of = {
        number: numbers[key[1]]
        for key, number in list(numbers.items())
        if key[0] == "gap" and key[1] in numbers
    }
    template.starts = _starts(graph, template)
    leaving = Counter(role[wire.source] for wire in graph.wires if columns.column[wire.target] is None)
    for wire in graph.wires:
        sideways = _is_sideward(columns, wire.source, wire.target) and leaving[role[wire.source]] <= 1
        sideways = sideways or role[wire.source] in template.starts
        wires = template.sideward if sideways else template.upward
        pair = role[wire.source], role[wire.target]
        wires[pair] = wires.get(pair, 0) + 1
    _turn_carriers(template, graph)
    _straighten(template)
    _loosen_cycles(template)
    unions = _settle(template)
    template.row = _rows(template, unions)
    _stack_parts(template)
    _place_untied(template)
    return template


def _span(columns: Columns, nodes: list[int]) -> tuple[int, int]:
    present = [column for column in (columns.column[node] for node in nodes) if column is not None]
    return min(present, default=0), max(present, default=0)


def _is_sideward(columns: Columns, source: int, target: int) -> bool:
    """Whether a wire leads from one step of a recurrence to another, or out of a recurrence at its end."""
    if columns.column[source] is None:
        return False
    if columns.column[target] is None:
        return columns.group[source] in columns.recurrent
    return columns.column[source] != columns.column[target] and columns.same_recurrence(source, target)


def _turn_carriers(template: Template, graph: Graph) -> None:
    """A matrix that does nothing but carry a state to the next step stands between the two, in their row."""
    changed = True
    while changed:
        changed = False
        for number, nodes in enumerate(template.members):
            entering = sum(
                template.sideward[other, number] for other in template.into(number, template.sideward)
            )
            below = sum(template.upward[other, number] for other in template.into(number, template.upward))
            flows = graph.nodes[nodes[0]].kind in FLOWING and template.tied[number]
            if entering <= 2 * below or (number, number) in template.sideward or flows:
                continue
            for pair in [pair for pair in template.upward if pair[0] == number]:
                template.sideward[pair] = template.sideward.get(pair, 0) + template.upward.pop(pair)
                changed = True


def _settle(template: Template) -> list[int]:
    """Roles that share a row, as a number for each role.

    Sideward wires are taken up one after the other, the most frequent first; one that would have a
    role above itself becomes loose.
    """
    unions = [template.gap_of.get(role, role) for role in range(len(template.members))]
    for pair in sorted(template.sideward, key=lambda pair: (-template.sideward[pair], pair)):
        source, target = pair
        if source == target or not (template.tied[source] and template.tied[target]):
            continue
        merged = [
            min(unions[source], unions[target]) if u in (unions[source], unions[target]) else u
            for u in unions
        ]
        graph = nx.DiGraph((merged[a], merged[b]) for a, b in template.upward if a != b)
        if nx.is_directed_acyclic_graph(graph):
            unions = merged
        else:
            template.loose[pair] = template.sideward.pop(pair)
    return unions


def _starts(graph: Graph, template: Template) -> dict[int, int]:
    """Roles of a single node that reads nothing and begins a recurrence of several steps."""
    starts = {}
    longest = max(
        (len(nodes) for nodes, tied in zip(template.members, template.tied, strict=True) if tied), default=0
    )
    for number, nodes in enumerate(template.members):
        above = graph.above[nodes[0]]
        begins = len(nodes) == 1 and not graph.below[nodes[0]] and len(above) == 1 and longest > 2
        if begins and template.tied[number] and graph.nodes[nodes[0]].kind not in ("input", "gap"):
            starts[number] = template.role[above[0]]
    return {role: t for role, t in starts.items() if t not in starts and template.tied[t]}


def _straighten(template: Template) -> None:
    """Where one way leads from what receives the last step to what the next step receives, it is a line."""
    steps = [pair for pair in template.sideward if _steps(template, *pair)]
    entries = {target for _, target in steps}
    # What the next step receives in several places does not lie in one line with all of them.
    exits = {source for source, _ in steps if sum(pair[0] == source for pair in steps) == 1}
    above: dict[int, list[int]] = {}
    for source, target in template.upward:
        if template.tied[target]:
            above.setdefault(source, []).append(target)
    for entry in sorted(entries):
        way = [entry]
        while way[-1] not in exits and len(above.get(way[-1], [])) == 1 and len(way) < LINE:
            way.append(above[way[-1]][0])
        reached = [role for role in sorted(entries) if role in way]
        # Of two ways that meet, the first is the line.
        wires = [pair for pair in dict.fromkeys(pairwise(way)) if pair in template.upward]
        if way[-1] in exits and reached == [entry] and len(wires) == len(way) - 1:
            for pair in wires:
                template.sideward[pair] = template.upward.pop(pair)


def _steps(template: Template, source: int, target: int) -> bool:
    tied = template.tied[source] and template.tied[target]
    return tied and source not in template.starts and source not in template.gap_of


def _loosen_cycles(template: Template) -> None:
    """Upward wires that would have a role above itself become loose."""
    graph = nx.DiGraph(pair for pair in template.upward)
    _break_cycles(graph)
    for pair in [pair for pair in template.upward if not graph.has_edge(*pair)]:
        template.loose[pair] = template.upward.pop(pair)


def _break_cycles(graph: nx.DiGraph) -> None:
    """Take wires away until no cycle is left."""
    graph.remove_edges_from([(a, b) for a, b in graph.edges if a == b])
    while True:
        try:
            cycle = nx.find_cycle(graph)
        except nx.NetworkXNoCycle:
            return
        graph.remove_edge(*max((edge[0], edge[1]) for edge in cycle))


def _rows(template: Template, unions: list[int]) -> list[float]:
    """The longest way up to each role; what nothing leads to (a bias) stands right below its use.

    Two recurrences that would run through each other in one row get a row each.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(unions)
    graph.add_edges_from((unions[a], unions[b]) for a, b in template.upward if unions[a] != unions[b])
    inputs = {unions[role] for role, source in enumerate(template.source) if source}
    running = list(
        dict.fromkeys(unions[a] for a, b in template.sideward if unions[a] == unions[b] and template.tied[a])
    )
    spans: dict[int, tuple[int, int]] = {}
    for role, (first, last) in enumerate(template.span):
        if template.tied[role]:
            known = spans.get(unions[role], (first, last))
            spans[unions[role]] = min(first, known[0]), max(last, known[1])
    while True:
        row = _heights(graph, inputs)
        clash = next(
            (
                (low, high)
                for low, high in combinations(running, 2)
                if row[low] == row[high]
                and spans[low][0] <= spans[high][1]
                and spans[high][0] <= spans[low][1]
                and not nx.has_path(graph, high, low)
            ),
            None,
        )
        if clash is None:
            return [float(row[union]) for union in unions]
        graph.add_edge(*clash)


def _heights(graph: nx.DiGraph, inputs: set[int]) -> dict[int, int]:
    row: dict[int, int] = {}
    order = list(nx.lexicographical_topological_sort(graph))
    for union in order:
        row[union] = max((row[below] + 1 for below in graph.predecessors(union)), default=0)
    for union in reversed(order):
        if union not in inputs and not graph.in_degree(union) and graph.out_degree(union):
            row[union] = min(row[above] for above in graph.successors(union)) - 1
    return row


def _stack_parts(template: Template) -> None:
    """Parts of the columns that are not wired to each other stand one above the other, inputs lowest."""
    graph = nx.Graph()
    graph.add_nodes_from(role for role, tied in enumerate(template.tied) if tied)
    wires = [*template.upward, *template.sideward, *template.loose]
    graph.add_edges_from(pair for pair in wires if template.tied[pair[0]] and template.tied[pair[1]])
    graph.add_edges_from(template.gap_of.items())
    parts = [sorted(part) for part in nx.connected_components(graph)]
    parts.sort(key=lambda part: (not any(template.source[role] for role in part), part))
    floor = min((template.row[role] for role in parts[0]), default=0.0) if parts else 0.0
    for part in parts:
        lowest = min(template.row[role] for role in part)
        for role in part:
            template.row[role] += floor - lowest
        floor = max(template.row[role] for role in part) + 1.0


def _place_untied(template: Template) -> None:
    """What belongs to no column: above what it reads, or beside the end of the recurrence it reads."""
    for role in template.order():
        if template.tied[role]:
            continue
        beside = [template.row[other] for other in template.into(role, template.sideward)]
        below = [template.row[other] for other in template.into(role, template.upward)]
        if beside:
            template.row[role] = sum(beside) / len(beside)
        elif below:
            template.row[role] = max(below) + 1
