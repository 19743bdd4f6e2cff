"""Maximum flow with integer capacities of any size (Dinitz's algorithm)."""

from __future__ import annotations


class FlowNetwork:
    """Vertices 0, 1, 2, ...; arcs come in pairs, each the way back of the other."""

    def __init__(self) -> None:
        self.heads: list[int] = []
        self.room: list[int] = []
        self.arcs: list[list[int]] = []  # vertex -> numbers of its arcs

    def new_vertex(self) -> int:
        """The number of a new vertex."""
        self.arcs.append([])
        return len(self.arcs) - 1

    def add(self, first: int, second: int, capacity: int, back: int = 0) -> None:
        """An edge with a capacity in each direction."""
        if first == second or not (capacity or back):
            return
        self.arcs[first].append(len(self.heads))
        self.arcs[second].append(len(self.heads) + 1)
        self.heads += [second, first]
        self.room += [capacity, back]

    def maximize(self, source: int, sink: int) -> int:
        """Pushes as much flow as there is room for, and returns it; ``room`` is what is left."""
        total = 0
        while True:
            distance = self.distances(sink, source)
            if distance[source] < 0:
                return total
            total += self._block(source, sink, distance)

    def distances(self, sink: int, source: int = -1) -> list[int]:
        """How many arcs with room each vertex is from the sink, -1 where there is no way; stops at the source."""
        distance = [-1] * len(self.arcs)
        distance[sink] = 0
        layer = [sink]
        heads, room, arcs = self.heads, self.room, self.arcs
        while layer and (source < 0 or distance[source] < 0):
            found: list[int] = []
            for vertex in layer:
                far = distance[vertex] + 1
                for arc in arcs[vertex]:
                    if room[arc ^ 1] and distance[heads[arc]] < 0:
                        distance[heads[arc]] = far
                        found.append(heads[arc])
            layer = found
        return distance

    def reached(self, source: int) -> list[bool]:
        """Which vertices arcs with room lead to."""
        found = [False] * len(self.arcs)
        found[source] = True
        stack = [source]
        while stack:
            for arc in self.arcs[stack.pop()]:
                if self.room[arc] and not found[self.heads[arc]]:
                    found[self.heads[arc]] = True
                    stack.append(self.heads[arc])
        return found

    def _block(self, source: int, sink: int, distance: list[int]) -> int:
        """A blocking flow along arcs that lead nearer to the sink."""
        heads, room, arcs = self.heads, self.room, self.arcs
        next_arc = [0] * len(arcs)
        path: list[int] = []
        vertex, total = source, 0
        while True:
            if vertex == sink:
                pushed = min(room[arc] for arc in path)
                total += pushed
                first_full = len(path)
                for place in range(len(path) - 1, -1, -1):
                    arc = path[place]
                    room[arc] -= pushed
                    room[arc ^ 1] += pushed
                    if not room[arc]:
                        first_full = place
                vertex = heads[path[first_full] ^ 1]
                del path[first_full:]
                continue
            own, nearer = arcs[vertex], distance[vertex] - 1
            while next_arc[vertex] < len(own):
                arc = own[next_arc[vertex]]
                if room[arc] and distance[heads[arc]] == nearer:
                    path.append(arc)
                    vertex = heads[arc]
                    break
                next_arc[vertex] += 1
            else:
                if not path:
                    return total
                vertex = heads[path.pop() ^ 1]
                next_arc[vertex] += 1
