"""Definitions that depend on themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from tncompile.network.values.rows import Ints
from tncompile.network.written.messages import line_of, plain_member
from tncompile.network.written.rules import Defined, Group
from tncompile.network.written.shapes import offsets_of
from tncompile.network.written.sites import Site
from tncompile.source import Diagnostic, Source

SHOWN = 8  # members of a cycle that a message lists; of a longer one the two ends


def find_cycle(
    groups: Sequence[Group], defined: Mapping[str, Defined], source: Source | None
) -> list[Diagnostic]:
    """An error for a definition that depends on itself, instance by instance; time linear in the uses."""
    names = list(defined)
    start = dict(
        zip(names, offsets_of(np.array([len(d.members) for d in defined.values()], np.int64)), strict=False)
    )
    total = sum(len(d.members) for d in defined.values())
    users, used, sites = [], [], []
    for group in groups:
        for site in group.body.walk():
            if site.positions is not None and site.name in defined:
                users.append(group.target[site.owner] + start[group.rule.definition.name])
                used.append(site.positions + start[site.name])
                sites.append(site)
    if not users:
        return []
    left, right = np.concatenate(users), np.concatenate(used)
    if (left > right).all() or (left < right).all():
        return []
    left_over = _unsettled(total, left, right)
    if not left_over.any():
        return []
    inside = np.flatnonzero(left_over[left] & left_over[right])
    edges = _shortest_cycle(left[inside].tolist(), right[inside].tolist())
    bounds = offsets_of(np.array([len(part) for part in users], np.int64))
    which = [int(np.searchsorted(bounds, inside[edge], side="right")) - 1 for edge in edges]
    nodes = [int(left[inside[edge]]) for edge in edges]
    return [_diagnostic(nodes, [sites[w] for w in which], defined, start, source)]


def _unsettled(total: int, left: Ints, right: Ints) -> np.typing.NDArray[np.bool_]:
    """The nodes from which a cycle is reached: those that cannot be computed in any order."""
    order = np.argsort(right, kind="stable")
    bounds = np.searchsorted(right[order], np.arange(total + 1)).tolist()
    users = left[order].tolist()
    waiting = np.bincount(left, minlength=total).tolist()
    ready = [node for node in range(total) if not waiting[node]]
    while ready:
        node = ready.pop()
        for user in users[bounds[node] : bounds[node + 1]]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return np.array(waiting, np.int64) > 0


def _shortest_cycle(left: Sequence[int], right: Sequence[int]) -> list[int]:
    """The edges of a cycle: the shortest through the first node that lies on one."""
    out: dict[int, list[int]] = {}
    for edge, node in enumerate(left):
        out.setdefault(node, []).append(edge)
    # Every node left over leads to a cycle; following first edges ends on one.
    node, seen = left[0], set[int]()
    while node not in seen:
        seen.add(node)
        node = right[out[node][0]]
    reached: dict[int, int] = {}
    queue = deque([node])
    while queue:
        current = queue.popleft()
        for edge in out.get(current, ()):
            target = right[edge]
            if target == node:
                cycle = [edge]
                while current != node:
                    cycle.append(reached[current])
                    current = left[reached[current]]
                return cycle[::-1]
            if target not in reached:
                reached[target] = edge
                queue.append(target)
    raise AssertionError("a node on a cycle reaches itself")


def _diagnostic(
    nodes: Sequence[int],
    sites: Sequence[Site],
    defined: Mapping[str, Defined],
    start: Mapping[str, np.int64],
    source: Source | None,
) -> Diagnostic:
    first = min(range(len(nodes)), key=lambda i: sites[i].node.span.start)
    nodes, sites = [*nodes[first:], *nodes[:first]], [*sites[first:], *sites[:first]]
    short = len(nodes) <= SHOWN
    shown = range(len(nodes)) if short else [*range(4), *range(len(nodes) - 3, len(nodes))]
    several_lines = len({site.node.span for site in sites}) > 1
    steps = []
    for i in shown:
        line = line_of(source, sites[i].node.span) if several_lines and short and i > 0 else ""
        steps.append(_member(nodes[i], defined, start)[0] + line)
    if not short:
        steps.insert(4, "...")
    text, values = _member(nodes[0], defined, start)
    return Diagnostic(
        f"`{text}` depends on itself: {' → '.join([*steps, text])}", sites[0].node.span, values=values
    )


def _member(
    node: int, defined: Mapping[str, Defined], start: Mapping[str, np.int64]
) -> tuple[str, tuple[tuple[str, int], ...]]:
    """The name of a member, and the loop values that define it."""
    name = max(
        (n for n in start if start[n] <= node and len(defined[n].members)), key=lambda n: int(start[n])
    )
    table, place = defined[name], node - int(start[name])
    rows = table.rules[int(table.by_rule[place])].rows
    return plain_member(name, table.members[place]), rows.values(int(table.row[place]))
