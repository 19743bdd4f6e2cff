"""In which row of the drawing a node stands: inputs below, results above, a recurrence in one row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import networkx as nx

from tncompile.draw.columns import Columns
from tncompile.draw.graph import FLOWING, Graph

Pair = tuple[int, int]


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
    upward: dict[Pair, None] = field(default_factory=dict)
    sideward: dict[Pair, None] = field(default_factory=dict)
    loose: dict[Pair, None] = field(default_factory=dict)
    row: list[float] = field(default_factory=list)

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
    numbers: dict[object, int] = {}
    role = tuple(numbers.setdefault(key, len(numbers)) for key in columns.role)
    members: list[list[int]] = [[] for _ in numbers]
    for node, number in enumerate(role):
        members[number].append(node)
    template = Template(
        role,
        members,
        [columns.column[nodes[0]] is not None for nodes in members],
        [graph.nodes[nodes[0]].kind == "input" for nodes in members],
    )
    for wire in graph.wires:
        sideways = _is_sideward(columns, wire.source, wire.target)
        wires = template.sideward if sideways else template.upward
        wires[role[wire.source], role[wire.target]] = None
    _turn_carriers(template, graph)
    unions = _settle(template)
    template.row = _rows(template, unions)
    _stack_parts(template)
    _place_untied(template)
    return template


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
            entering, ahead = template.into(number, template.sideward), template.into(number, template.upward)
            flows = graph.nodes[nodes[0]].kind in FLOWING and template.tied[number]
            if ahead or not entering or number in entering or flows:
                continue
            for pair in [pair for pair in template.upward if pair[0] == number]:
                del template.upward[pair]
                template.sideward[pair] = None
                changed = True


def _settle(template: Template) -> list[int]:
    """Roles that share a row, as a number for each role; sideward wires that cannot stay in a row become loose."""
    while True:
        unions = _unions(template)
        graph = nx.DiGraph()
        graph.add_nodes_from(unions)
        graph.add_edges_from((unions[a], unions[b]) for a, b in template.upward if a != b)
        cyclic = [part for part in nx.strongly_connected_components(graph) if len(part) > 1]
        bad = {union for part in cyclic for union in part} | {a for a, b in graph.edges if a == b}
        loose = [pair for pair in template.sideward if pair[0] != pair[1] and unions[pair[0]] in bad]
        loose = [pair for pair in loose if unions[pair[0]] == unions[pair[1]] and template.tied[pair[1]]]
        if not loose:
            _break_cycles(graph)
            kept = set(graph.edges)
            for pair in [p for p in template.upward if p[0] != p[1] and (unions[p[0]], unions[p[1]]) not in kept]:
                del template.upward[pair]
                template.loose[pair] = None
            return unions
        for pair in loose:
            del template.sideward[pair]
            template.loose[pair] = None


def _unions(template: Template) -> list[int]:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(template.members)))
    graph.add_edges_from(pair for pair in template.sideward if template.tied[pair[0]] and template.tied[pair[1]])
    unions = list(range(len(template.members)))
    for part in nx.connected_components(graph):
        for role in part:
            unions[role] = min(part)
    return unions


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
    """The longest way up to each role; what nothing leads to (a bias) stands right below its use."""
    graph = nx.DiGraph()
    graph.add_nodes_from(unions)
    graph.add_edges_from((unions[a], unions[b]) for a, b in template.upward if unions[a] != unions[b])
    row: dict[int, int] = {}
    order = list(nx.topological_sort(graph))
    for union in order:
        row[union] = max((row[below] + 1 for below in graph.predecessors(union)), default=0)
    inputs = {unions[role] for role, source in enumerate(template.source) if source}
    for union in reversed(order):
        if union not in inputs and not graph.in_degree(union) and graph.out_degree(union):
            row[union] = min(row[above] for above in graph.successors(union)) - 1
    return [float(row[union]) for union in unions]


def _stack_parts(template: Template) -> None:
    """Parts of the columns that are not wired to each other stand one above the other, inputs lowest."""
    graph = nx.Graph()
    graph.add_nodes_from(role for role, tied in enumerate(template.tied) if tied)
    wires = [*template.upward, *template.sideward, *template.loose]
    graph.add_edges_from(pair for pair in wires if template.tied[pair[0]] and template.tied[pair[1]])
    parts = [sorted(part) for part in nx.connected_components(graph)]
    parts.sort(key=lambda part: (not any(template.source[role] for role in part), part))
    floor = 0.0
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
