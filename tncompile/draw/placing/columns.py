"""Which column of the drawing a node belongs to: the step in time, the position in the chain.

A subscript of a definition says the column if at each instance its value is the column of something
the instance reads, and no column is lost on the way: of ``h[t, l]`` over inputs ``x[t]`` it is t; in
a tree, where the subscripts halve from level to level, there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import networkx as nx

from tncompile.draw.expansion.graph import Graph
from tncompile.source.records import record

Instance = tuple[str, tuple[int, ...]]
Group = tuple[str, tuple[int, ...]]
Role = tuple[object, ...]
LAGS = (0, 1, -1)


@record
class Columns:
    """For each node its column (None: it belongs to none), its group and its role.

    Nodes of one role look alike in all columns; the groups (a definition, its other subscripts) that
    read each other from one column to the next are ``recurrent``.
    """

    column: tuple[int | None, ...]
    group: tuple[Group, ...]
    role: tuple[Role, ...]
    recurrent: dict[Group, int]

    def same_recurrence(self, source: int, target: int) -> bool:
        """Whether two nodes belong to groups that read each other."""
        number = self.recurrent.get(self.group[source])
        return number is not None and number == self.recurrent.get(self.group[target])


def find_columns(graph: Graph) -> Columns:
    """The columns of a graph; all None if it has none."""
    instances = [_instance(graph, node) for node in range(len(graph.nodes))]
    for number, node in enumerate(graph.nodes):
        if node.kind == "number" and graph.above[number]:
            # A start value of 0 belongs to the first step, not to a column of its own.
            instances[number] = instances[graph.above[number][0]]
    reads = _reads(graph, instances)
    chosen = _choose(instances, reads, _seeds(graph, reads))
    column = tuple(_column(instance, chosen) for instance in instances)
    group = tuple(_group(instance, chosen) for instance in instances)
    return Columns(column, group, _roles(graph, group, column), _recurrences(reads, chosen))


def _instance(graph: Graph, number: int) -> Instance:
    """The instance a node stands in; the steps of a product count as instances of their own."""
    node = graph.nodes[number]
    name, subscripts = node.home
    if node.variables:
        return f"{name}·{len(node.variables)}", subscripts + node.variables
    return name, subscripts


def _reads(graph: Graph, instances: list[Instance]) -> dict[Instance, dict[Instance, None]]:
    """For each instance the other instances that it reads from."""
    reads: dict[Instance, dict[Instance, None]] = {instance: {} for instance in instances}
    for wire in graph.wires:
        source, target = instances[wire.source], instances[wire.target]
        if source != target:
            reads[target][source] = None
    return reads


def _seeds(graph: Graph, reads: dict[Instance, dict[Instance, None]]) -> frozenset[str]:
    """Where columns come from: what has one subscript and is an input, or depends on no input."""
    names = nx.DiGraph((source[0], target[0]) for target, sources in reads.items() for source in sources)
    names.add_nodes_from(name for name, _ in reads)
    inputs = {node.home[0] for node in graph.nodes if node.kind == "input" and len(node.subscripts) == 1}
    dependent = inputs.union(*(nx.descendants(names, name) for name in sorted(inputs)))
    return frozenset(
        name
        for name, subscripts in reads
        if len(subscripts) == 1 and (name in inputs or name not in dependent)
    )


def _choose(
    instances: list[Instance], reads: dict[Instance, dict[Instance, None]], seeds: frozenset[str]
) -> dict[str, int]:
    """For each name the position of the subscript that is its column, where there is one."""
    possible = {name: list(range(len(subscripts))) for name, subscripts in instances}
    while True:
        _strike_out(possible, reads, seeds)
        chosen = {name: positions[0] for name, positions in possible.items() if positions}
        shrinking = [name for name in chosen if name not in seeds and _shrinks(name, reads, chosen)]
        if not shrinking:
            return chosen
        possible[shrinking[0]] = []


def _strike_out(
    possible: dict[str, list[int]], reads: dict[Instance, dict[Instance, None]], seeds: frozenset[str]
) -> None:
    """Keep the positions whose value is always a possible column of something that is read.

    A name may read only the column before its own (``u[t] = U * h[t-1]``), or only the one behind.
    """
    instances: dict[str, list[Instance]] = {}
    for instance, sources in reads.items():
        if instance[0] not in seeds and sources:
            instances.setdefault(instance[0], []).append(instance)
    changed = True
    while changed:
        changed = False
        for name, members in instances.items():
            values = [{s[p] for source, s in reads[i] for p in possible[source]} for i in members]
            pairs = [(subscripts, read) for (_, subscripts), read in zip(members, values, strict=True)]
            kept = [
                p for p in possible[name] if any(all(s[p] - lag in read for s, read in pairs) for lag in LAGS)
            ]
            changed |= kept != possible[name]
            possible[name] = kept


def _shrinks(name: str, reads: dict[Instance, dict[Instance, None]], chosen: dict[str, int]) -> bool:
    """Whether a group of this name reads more columns, from outside its recurrence, than it has."""
    recurrent = _recurrences(reads, chosen)
    own: dict[Group, set[int]] = {}
    read: dict[Group, set[int]] = {}
    for instance, sources in reads.items():
        if instance[0] != name:
            continue
        group = _group(instance, chosen)
        own.setdefault(group, set()).add(instance[1][chosen[name]])
        for source in sources:
            column = _column(source, chosen)
            number = recurrent.get(_group(source, chosen))
            if column is not None and (number is None or number != recurrent.get(group)):
                read.setdefault(group, set()).add(column)
    return any(len(read.get(group, ())) > len(columns) for group, columns in own.items())


def _column(instance: Instance, chosen: dict[str, int]) -> int | None:
    name, subscripts = instance
    return subscripts[chosen[name]] if name in chosen else None


def _group(instance: Instance, chosen: dict[str, int]) -> Group:
    name, subscripts = instance
    if name not in chosen:
        return instance
    return name, subscripts[: chosen[name]] + subscripts[chosen[name] + 1 :]


def _recurrences(reads: dict[Instance, dict[Instance, None]], chosen: dict[str, int]) -> dict[Group, int]:
    """The groups that read themselves, or each other, numbered by recurrence."""
    graph = nx.DiGraph()
    for target, sources in reads.items():
        graph.add_node(_group(target, chosen))
        graph.add_edges_from((_group(source, chosen), _group(target, chosen)) for source in sources)
    loops = (part for part in nx.strongly_connected_components(graph) if _reads_itself(graph, part))
    return {group: number for number, part in enumerate(loops) for group in part}


def _reads_itself(graph: nx.DiGraph, part: set[Group]) -> bool:
    return len(part) > 1 or any(graph.has_edge(group, group) for group in part)


def _roles(graph: Graph, group: tuple[Group, ...], column: tuple[int | None, ...]) -> tuple[Role, ...]:
    """What is alike in every column: group, kind, name, and the how-manieth of these in the instance."""
    return tuple(_numbered(graph, group, column))


def _numbered(graph: Graph, group: tuple[Group, ...], column: tuple[int | None, ...]) -> Iterator[Role]:
    seen: Counter[tuple[object, ...]] = Counter()
    for number, node in enumerate(graph.nodes):
        if column[number] is None:
            yield (number,)
            continue
        look = (group[number], node.kind, node.name)
        seen[(*look, column[number])] += 1
        yield (*look, seen[(*look, column[number])])
