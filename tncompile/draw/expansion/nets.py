"""The wires of a drawing while it is put together: nets with any number of ends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal

from tncompile.draw.expansion.graph import FLOWING, Graph, Home, Node, Wire
from tncompile.network import Extent

Port = Literal["in", "out", "none"]
Edge = tuple[int, Port, int, Port, Extent | None, tuple[str, ...]]


class Reference:
    """A node that may become known later; a product of numbers stands for several."""

    def __init__(self, node: int | None = None) -> None:
        self._node = node
        self._parts: list[Reference] = []

    @staticmethod
    def of(parts: list[Reference]) -> Reference:
        """All of these."""
        result = Reference()
        result._parts = parts
        return result

    def become(self, other: Reference) -> None:
        """Stand for what the other stands for."""
        self._parts = [other]

    def nodes(self) -> list[int]:
        """The nodes meant, each once."""
        found: dict[int, None] = {}
        stack = [self]
        while stack:
            reference = stack.pop()
            if reference._node is not None:
                found[reference._node] = None
            stack += reversed(reference._parts)
        return list(found)


End = tuple[Reference, Port]


@dataclass
class _Net:
    """What is known of one wire."""

    ends: list[End]
    extent: Extent | None
    subscripts: tuple[int, ...] = ()
    home: Home = ("", ())
    silent: bool = False  # with one end it is not drawn
    links: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # the indices that it is, as `a of h[3]`


class Nets:
    """Nodes and nets; `graph` turns nets into wires and dots."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._nets: list[_Net] = []
        self._same: list[int] = []
        self._scalars: list[tuple[Reference, Reference]] = []

    def node(self, node: Node) -> Reference:
        """A new node."""
        self.nodes.append(node)
        return Reference(len(self.nodes) - 1)

    def name(self, reference: Reference, home: Home) -> None:
        """Write the name of a definition beside the one node that makes it."""
        for node in reference.nodes():
            self.nodes[node] = replace(self.nodes[node], tag=home)

    def join(
        self,
        ends: list[End],
        extent: Extent | None,
        subscripts: tuple[int, ...] = (),
        home: Home = ("", ()),
    ) -> int:
        """A new net with these ends (node, port); the subscripts are those of its index."""
        self._nets.append(_Net(ends, extent, subscripts, home))
        self._same.append(len(self._nets) - 1)
        return len(self._nets) - 1

    def inner(self, outer: int, subscripts: tuple[int, ...], home: Home) -> int:
        """A new net that continues another inside a definition."""
        net = self.join([], self._nets[self._find(outer)].extent, subscripts, home)
        self._nets[net].links.append(outer)
        return net

    def attach(self, net: int, node: Reference, port: Port) -> None:
        """One more end."""
        self._nets[self._find(net)].ends.append((node, port))

    def call(self, net: int, name: str) -> None:
        """Note an index that a net is."""
        self._nets[self._find(net)].names.append(name)

    def silent(self, extent: Extent) -> int:
        """A net for a value whose uses have wires of their own."""
        self._nets[self.join([], extent)].silent = True
        return len(self._nets) - 1

    def measure(self, net: int, extent: Extent) -> None:
        """Note the extent of a net."""
        self._nets[self._find(net)].extent = extent

    def unite(self, nets: list[int]) -> None:
        """Make several nets one (a `delta`)."""
        first = self._find(nets[0])
        for net in nets[1:]:
            other = self._find(net)
            if other != first:
                self._absorb(first, other)

    def scalar(self, source: Reference, target: Reference) -> None:
        """A wire without an index."""
        self._scalars.append((source, target))

    def _find(self, net: int) -> int:
        while self._same[net] != net:
            net = self._same[net]
        return net

    def _absorb(self, kept: int, gone: int) -> None:
        self._same[gone] = kept
        into, of = self._nets[kept], self._nets[gone]
        into.ends += of.ends
        into.links += of.links
        into.names += of.names
        into.extent = into.extent or of.extent
        of.ends, of.links = [], []

    # --- nets to wires ---------------------------------------------------------------------------

    def graph(self, roots: list[Reference]) -> Graph:
        """The finished graph, with the nodes that outputs without axes stand for: dots where more than two ends meet, and every wire with its direction."""
        self._fuse_links()
        edges = self._edges()
        for sources, targets in self._scalars:
            edges += [
                (a, "out", b, "in", None, ()) for a in sources.nodes() for b in targets.nodes() if a != b
            ]
        connected = {node for edge in edges for node in (edge[0], edge[2])}
        wires = _oriented(self.nodes, edges, [node for root in roots for node in root.nodes()])
        kept = [
            n for n, node in enumerate(self.nodes) if n in connected or node.kind not in ("number", "open")
        ]
        return Graph(tuple(self.nodes), wires).keep(kept)

    def _fuse_links(self) -> None:
        """Make an inner net one with the outer, unless three or more ends meet at both: then two dots say more."""
        degree = [len(net.ends) for net in self._nets]
        for net in self._nets:
            for link in net.links:
                degree[self._find(link)] += 1
        for number, net in enumerate(self._nets):
            links, net.links = net.links, []
            for link in links:
                inner, outer = self._find(number), self._find(link)
                if inner == outer:
                    continue
                if degree[inner] >= 2 and degree[outer] >= 3:
                    net.links.append(outer)
                else:
                    degree[outer] += degree[inner] - 1
                    if len(self._nets[inner].ends) > 1:
                        # The factors meet in the definition, not where it is used.
                        self._nets[outer].home = self._nets[inner].home
                        self._nets[outer].subscripts = self._nets[inner].subscripts
                    self._absorb(outer, inner)

    def _edges(self) -> list[Edge]:
        """The edges of all nets; where three ends or more meet, they meet in a hub."""
        nets = [number for number in range(len(self._nets)) if self._find(number) == number]
        links = [(number, self._find(link)) for number in nets for link in self._nets[number].links]
        linked = {number for pair in links for number in pair}
        hubs: dict[int, int] = {}
        edges: list[Edge] = []
        for number in nets:
            net = self._nets[number]
            ends = self._drawn_ends(net)
            if number not in linked and len(ends) == 2:
                edges.append((*ends[0], *ends[1], net.extent, tuple(net.names)))
            elif number not in linked and len(ends) < 2:
                edges += [] if net.silent else self._single(ends, net)
            else:
                hub = hubs[number] = self._hub(ends, net)
                into: Port = "in" if self.nodes[hub].kind == "state" else "none"
                names = tuple(net.names)
                edges += [(node, own, hub, into, net.extent, names) for node, own in ends if node != hub]
        edges += [
            (
                hubs[inner],
                "none",
                hubs[outer],
                "none",
                self._nets[outer].extent,
                tuple(self._nets[outer].names),
            )
            for inner, outer in links
        ]
        return edges

    def _drawn_ends(self, net: _Net) -> list[tuple[int, Port]]:
        """The ends of a net; a wire of extent 1 to a vector of ones says nothing."""
        ends = [(node, port) for reference, port in net.ends for node in reference.nodes()]
        if net.extent is None or net.extent.value > 1:
            return ends
        return [
            (node, port)
            for node, port in ends
            if (self.nodes[node].kind, self.nodes[node].name) != ("number", "1")
        ]

    def _hub(self, ends: list[tuple[int, Port]], net: _Net) -> int:
        """Where many ends meet: the state that they make, or a new dot."""
        for node, port in ends:
            if port == "in" and self.nodes[node].kind == "state":
                return node
        home = net.home if net.home[0] or not ends else self.nodes[ends[0][0]].home
        self.nodes.append(Node("dot", "", net.subscripts, home))
        return len(self.nodes) - 1

    def _single(self, ends: list[tuple[int, Port]], net: _Net) -> list[Edge]:
        """A wire with one end: nothing if its extent is 1, else it is summed with a vector of ones."""
        if (
            not ends
            or net.extent is None
            or net.extent.value == 1
            or self.nodes[ends[0][0]].kind in ("open", "number")
        ):
            return []
        self.nodes.append(Node("number", "1", (), self.nodes[ends[0][0]].home))
        return [(len(self.nodes) - 1, "none", ends[0][0], ends[0][1], net.extent, tuple(net.names))]


def _oriented(nodes: list[Node], edges: list[Edge], roots: list[int]) -> tuple[Wire, ...]:
    """Wires from the inputs to the outputs.

    Where something flows (functions, states, outputs) the ports say so; between tensors the one that
    is nearer to where its product goes is the target.
    """
    distance = _distance_to_result(nodes, edges, roots)
    wires = []
    for a, port_a, b, port_b, extent, names in edges:
        backwards = (port_a == "in" and nodes[a].kind in ({"open"} | FLOWING)) or port_b == "out"
        forwards = (port_b == "in" and nodes[b].kind in ({"open"} | FLOWING)) or port_a == "out"
        if backwards == forwards:
            backwards = (distance[a], a) < (distance[b], b)
        wires.append(Wire(b, a, extent, names) if backwards else Wire(a, b, extent, names))
    return tuple(wires)


def _distance_to_result(nodes: list[Node], edges: list[Edge], roots: list[int]) -> list[int]:
    """For tensors: how many wires away the operation, state or output is that their product goes into."""
    far = len(nodes) + 1
    distance = [far] * len(nodes)
    around: list[list[int]] = [[] for _ in nodes]
    queue: deque[int] = deque(roots)
    for root in roots:
        distance[root] = 0
    hard = [node.kind in FLOWING or node.kind in ("open", "input") for node in nodes]
    for a, port_a, b, port_b, *_ in edges:
        for node, other, port in ((a, b, port_b), (b, a, port_a)):
            if hard[node]:
                continue
            if hard[other] and port == "in" and distance[node] == far:
                distance[node] = 0
                queue.append(node)
            elif not hard[other]:
                around[node].append(other)
    while queue:
        node = queue.popleft()
        for other in around[node]:
            if distance[other] == far:
                distance[other] = distance[node] + 1
                queue.append(other)
    return distance
