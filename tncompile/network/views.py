"""A network as graphs of networkx, frozen: for drawing, and for algorithms on graphs."""

from __future__ import annotations

from typing import Any

import networkx

from tncompile.network.network import Network
from tncompile.network.syntax import Definition, Use
from tncompile.network.syntax.text import expression_text
from tncompile.network.syntax.walk import nodes_of
from tncompile.network.values.scope import Scope
from tncompile.network.written.build import Written
from tncompile.network.written.messages import plain_member
from tncompile.network.written.rules import Group
from tncompile.network.written.sites import Site


def incidence_graph(net: Network) -> networkx.MultiGraph[Any]:
    """Which uses each index touches, with all loops written out: a bipartite graph of uses and indices.

    Nodes of uses are ``("use", definition member, number)`` with attributes ``tensor`` (the member used) and ``role``; nodes of
    indices are ``("index", definition member, number)`` with ``extent`` and ``free``. An edge is an axis, with its number from 1.
    Raises TnError if the network is not correct.
    """
    graph: networkx.MultiGraph[Any] = networkx.MultiGraph(name=net.name)
    written = Written(net.statements, Scope(net.statements), net.source)
    written.problems.raise_all(net.source)
    for group in written.groups:
        _add_instances(graph, written, group)
    return networkx.freeze(graph)


def _add_instances(graph: networkx.MultiGraph[Any], written: Written, group: Group) -> None:
    name = group.rule.definition.name
    members = [plain_member(name, member) for member in written.defined[name].members[group.target]]
    for slot in group.free:
        for member, wire in zip(members, slot.wires.tolist(), strict=True):
            _add_index(graph, written, member, wire, True)
    number = [0] * len(members)
    for site in group.body.walk():
        if site.kind != "use":
            continue
        texts = _members_used(written, site)
        for row, owner in enumerate(site.owner.tolist()):
            number[owner] += 1
            node = ("use", members[owner], number[owner])
            graph.add_node(node, bipartite=0, tensor=texts[row], role=_role(written, site))
            for axis, slot in enumerate(site.slots):
                graph.add_edge(
                    node,
                    _add_index(graph, written, members[owner], int(slot.wires[row]), False),
                    axis=axis + 1,
                )


def _add_index(
    graph: networkx.MultiGraph[Any], written: Written, member: str, wire: int, free: bool
) -> tuple[str, str, int]:
    node = ("index", member, wire)
    if node not in graph:
        extent = int(written.extents.values[written.extents.labels[wire]])
        graph.add_node(node, bipartite=1, extent=extent, free=free)
    return node


def _members_used(written: Written, site: Site) -> list[str]:
    if site.positions is None:
        return [site.name] * len(site.owner)
    table = written.declared.get(site.name) or written.defined[site.name]
    return [plain_member(site.name, member) for member in table.members[site.positions]]


def _role(written: Written, site: Site) -> str:
    declared = written.declared.get(site.name)
    return declared.tensor.role if declared else "definition" if site.name in written.defined else "built in"


def definition_graph(net: Network) -> networkx.MultiDiGraph[Any]:
    """Which rule uses which tensors and rules: an edge from what is used to the rule that uses it.

    Rules are nodes ``(name, number of the rule)``, declared tensors ``(name, -1)``; each node has the attributes ``role``
    and ``text``, each edge the text of its use.
    """
    graph: networkx.MultiDiGraph[Any] = networkx.MultiDiGraph(name=net.name)
    for name, tensor in net.tensors.items():
        graph.add_node((name, -1), role=tensor.role, text=name)
    by_name: dict[str, list[tuple[str, int]]] = {name: [(name, -1)] for name in net.tensors}
    for number, definition in enumerate(net.definitions):
        graph.add_node((definition.name, number), role=definition.role, text=_left_text(definition))
        by_name.setdefault(definition.name, []).append((definition.name, number))
    for number, definition in enumerate(net.definitions):
        for node in nodes_of(definition.body):
            if isinstance(node, Use):
                for used in by_name.get(node.name, ()):
                    graph.add_edge(used, (definition.name, number), text=expression_text(node))
    return networkx.freeze(graph)


def _left_text(definition: Definition) -> str:
    indices = tuple(free.index for free in definition.indices)
    return expression_text(Use(definition.name, definition.subscripts, indices))
