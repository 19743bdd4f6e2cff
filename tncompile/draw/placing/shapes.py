"""Layouts for networks whose tensors say where they stand: rings, lattices, circuits."""

from __future__ import annotations

from collections import Counter, deque
from math import cos, pi, sin

import networkx as nx

from tncompile.draw.expansion.graph import FLOWING, Graph
from tncompile.draw.placing.flow import Point, mark_width
from tncompile.draw.placing.spread import spread

SPACING = 2.2  # between the sites of a lattice
LEG = 1.25  # between the wires of a circuit


# --- rings ---------------------------------------------------------------------------------------


def ring_layout(graph: Graph) -> list[Point] | None:
    """A ring of tensors as a circle, what hangs on it outside; None for anything else."""
    plain = nx.Graph((wire.source, wire.target) for wire in graph.wires if wire.source != wire.target)
    plain.add_nodes_from(range(len(graph.nodes)))
    core = nx.k_core(plain, 2)
    cycle = sorted(core)
    flows = any(graph.nodes[node].kind in FLOWING for node in cycle)
    if len(cycle) < 3 or flows or any(degree != 2 for _, degree in core.degree) or not nx.is_connected(plain):
        return None
    # The tensor with the output, or else the first, stands at the top; the ring runs clockwise.
    top = min(
        cycle, key=lambda node: (not any(graph.nodes[n].kind == "open" for n in graph.around(node)), node)
    )
    ring = [top, *_walk(core, top)]
    room = sum(mark_width(graph.nodes[node]) for node in ring) * 1.1
    radius = max(1.3, room / (2 * pi))
    places: dict[int, Point] = {}
    for number, node in enumerate(ring):
        angle = pi / 2 - 2 * pi * number / len(ring)
        _hang(graph, node, angle, radius, places, set(ring))
    return [places[node] for node in range(len(graph.nodes))]


def _walk(core: nx.Graph, start: int) -> list[int]:
    """The cycle from the smaller neighbour of its start on."""
    previous, node, walk = start, min(core[start]), []
    while node != start:
        walk.append(node)
        following = [other for other in core[node] if other != previous]
        previous, node = node, following[0]
    return walk


def _hang(
    graph: Graph, node: int, angle: float, radius: float, places: dict[int, Point], ring: set[int]
) -> None:
    """Put a node of the ring at its angle and what hangs on it further out."""
    queue = deque([(node, angle, radius)])
    while queue:
        current, at, out = queue.popleft()
        places[current] = (out * cos(at), out * sin(at))
        hanging = [other for other in graph.around(current) if other not in ring and other not in places]
        for number, other in enumerate(hanging):
            turn = (number - (len(hanging) - 1) / 2) * 0.8 / (out + 1)
            queue.append((other, at - turn, out + 1.05))


# --- lattices ------------------------------------------------------------------------------------


def lattice_layout(graph: Graph) -> list[Point] | None:
    """Sites with two subscripts that are wired to their neighbours, as a grid; None for anything else."""
    sites = {
        number: (SPACING * node.subscripts[1], -SPACING * node.subscripts[0])
        for number, node in enumerate(graph.nodes)
        if len(node.subscripts) == 2 and node.kind in ("weight", "constant", "dot")
    }
    if len(set(sites.values())) < len(sites) or not _is_lattice(graph, sites):
        return None
    places = dict(sites)
    for number in range(len(graph.nodes)):
        near = [sites[other] for other in graph.around(number) if other in sites]
        if number not in sites and len(near) == 2:
            places[number] = ((near[0][0] + near[1][0]) / 2, (near[0][1] + near[1][1]) / 2)
    while len(places) < len(graph.nodes):
        number = _next_outside(graph, places)
        node = graph.nodes[number]
        x, y = next((places[other] for other in graph.around(number) if other in places), (0.0, 0.0))
        step = (0.75, -0.75) if node.kind == "input" else (-0.85, 0.8)
        places[number] = (x + step[0], y + step[1])
    return [places[number] for number in range(len(graph.nodes))]


def _next_outside(graph: Graph, places: dict[int, Point]) -> int:
    """A node without a place, if possible one that is wired to a node that has one."""
    waiting = [number for number in range(len(graph.nodes)) if number not in places]
    return next((n for n in waiting if any(other in places for other in graph.around(n))), waiting[0])


def _is_lattice(graph: Graph, sites: dict[int, Point]) -> bool:
    """Whether the sites are wired, directly or through one mark, to neighbours in both directions only."""
    steps: Counter[tuple[int, int]] = Counter()
    pairs = [
        (wire.source, wire.target) for wire in graph.wires if wire.source in sites and wire.target in sites
    ]
    for number in range(len(graph.nodes)):
        near = [other for other in graph.around(number) if other in sites]
        if number not in sites and len(near) == 2:
            pairs.append((near[0], near[1]))
    for a, b in pairs:
        (x, y), (u, v) = sites[a], sites[b]
        steps[round(abs(x - u) / SPACING), round(abs(y - v) / SPACING)] += 1
    return set(steps) == {(0, 1), (1, 0)}


# --- circuits ------------------------------------------------------------------------------------


def circuit_layout(graph: Graph) -> tuple[list[Point], frozenset[tuple[int, int]]] | None:
    """Gates ``U[level, position]`` in levels over a row of inputs, and the wires around the edge.

    None for anything else.
    """
    inputs = {
        n: node.subscripts[0]
        for n, node in enumerate(graph.nodes)
        if node.kind == "input" and len(node.subscripts) == 1
    }
    gates = [n for n, node in enumerate(graph.nodes) if node.kind == "weight" and len(node.subscripts) == 2]
    whole = all(graph.nodes[n].home == graph.nodes[gates[0]].home for n in gates) if gates else False
    if len(inputs) < 2 or len(gates) < 3 or not whole or any(node.kind in FLOWING for node in graph.nodes):
        return None
    levels = _levels(graph, inputs, gates)
    ends = {n: node.variables[0] for n, node in enumerate(graph.nodes) if len(node.variables) == 1}
    positions = ends | inputs | {n: graph.nodes[n].subscripts[1] for n in gates}
    across = {node: LEG * subscript for node, subscript in inputs.items()}
    wrapped = _wrapped(graph, levels, positions)
    for level in range(1, max(levels.values()) + 1):
        row = [node for node in range(len(graph.nodes)) if levels[node] == level]
        wanted = {node: _over_legs(graph, node, levels, positions, across, wrapped) for node in row}
        order = sorted(row, key=lambda node: (wanted[node], node))
        widths = [mark_width(graph.nodes[node]) for node in order]
        across.update(zip(order, spread([wanted[node] for node in order], widths), strict=True))
    return [(across[node], 1.15 * levels[node]) for node in range(len(graph.nodes))], wrapped


def _levels(graph: Graph, inputs: dict[int, int], gates: list[int]) -> dict[int, int]:
    """How many levels above the inputs each node stands: gates of one name and level together."""
    distance = dict.fromkeys(inputs, 0)
    queue = deque(inputs)
    while queue:
        node = queue.popleft()
        for other in graph.around(node):
            if other not in distance:
                distance[other] = distance[node] + 1
                queue.append(other)
    far = max(distance.values()) + 1
    classes: dict[tuple[str, int], list[int]] = {}
    for node in gates:
        classes.setdefault((graph.nodes[node].name, graph.nodes[node].subscripts[0]), []).append(node)
    mean = {key: sum(distance.get(n, far) for n in nodes) / len(nodes) for key, nodes in classes.items()}
    rank = {value: number + 1 for number, value in enumerate(sorted(set(mean.values())))}
    levels = dict.fromkeys(inputs, 0) | {
        node: rank[mean[key]] for key, nodes in classes.items() for node in nodes
    }
    top = max(levels.values())
    for node in sorted(set(range(len(graph.nodes))) - set(levels), key=lambda n: (distance.get(n, far), n)):
        near = [levels[other] for other in graph.around(node) if other in levels]
        is_end = graph.nodes[node].kind != "open" and len(near) == 1
        levels[node] = top + 1 if is_end else max(near, default=top) + 1
    return levels


def _wrapped(graph: Graph, levels: dict[int, int], positions: dict[int, int]) -> frozenset[tuple[int, int]]:
    """Wires around the edge, of a periodic network: from one end of a level to the other end of the next."""
    rows: dict[int, list[int]] = {}
    for node in sorted(positions, key=lambda node: (positions[node], node)):
        rows.setdefault(levels[node], []).append(node)
    along = {node: (rank + 0.5) / len(row) for row in rows.values() for rank, node in enumerate(row)}
    pairs = [(w.source, w.target) for w in graph.wires if w.source in positions and w.target in positions]
    found = {pair for pair in pairs if abs(along[pair[0]] - along[pair[1]]) > 0.6}
    return frozenset(found | {(b, a) for a, b in found})


def _over_legs(
    graph: Graph,
    node: int,
    levels: dict[int, int],
    positions: dict[int, int],
    across: dict[int, float],
    wrapped: frozenset[tuple[int, int]],
) -> float:
    """The middle of the legs below a gate; of a wire around the edge only the near end counts."""
    below = [other for other in graph.around(node) if levels[other] < levels[node] and other in across]
    legs = []
    for other in below:
        above = [upper for upper in graph.around(other) if levels[upper] > levels[other]]
        above.sort(
            key=lambda upper: (_turned(positions.get(upper, 0), positions, other, upper, wrapped), upper)
        )
        place = across[other] + LEG * (above.index(node) - (len(above) - 1) / 2)
        if (node, other) not in wrapped:
            legs.append(place)
    if not legs:
        return sum(across[other] for other in below) / len(below) if below else 0.0
    missing = len(below) - len(legs)
    middle = max(positions.values()) / 2 if positions else 0.0
    side = 1 if LEG * middle < sum(legs) / len(legs) else -1
    return sum(legs) / len(legs) + side * missing * LEG / 2


def _turned(
    position: int, positions: dict[int, int], below: int, above: int, wrapped: frozenset[tuple[int, int]]
) -> int:
    """The position of the upper end of a wire, as if the level went on beyond its edge."""
    if (below, above) not in wrapped:
        return position
    last = max(positions.values())
    return position + last if position < positions.get(below, 0) else position - last
