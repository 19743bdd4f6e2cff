"""Which instances need which: edges between pieces, and the order in which pieces can run."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tncompile.network import Ints
from tncompile.network.values.sets import unique
from tncompile.plan.folding.pieces import Piece
from tncompile.source.records import record


@record(eq=False)
class Edges:
    """The dependences of one operand of one piece on the instances of another piece (or of itself).

    ``slots`` says which round of the loops inside the equation each belongs to.
    """

    consumer: int
    producer: int
    readers: Ints  # instances
    read: Ints  # the instances they need
    slots: Ints

    def take(self, which: Ints | npt.NDArray[np.bool_]) -> Edges:
        """Some of the dependences."""
        return Edges(self.consumer, self.producer, self.readers[which], self.read[which], self.slots[which])


def all_edges(pieces: Sequence[Piece]) -> list[Edges]:
    """Every dependence of a network, in the order of pieces and operands."""
    owner = np.repeat(np.arange(len(pieces)), [piece.rows.count for piece in pieces])
    found = []
    for number, piece in enumerate(pieces):
        instances = np.arange(piece.first, piece.first + piece.rows.count)
        for operand in piece.operands:
            rows, slots = np.nonzero(operand.producers >= 0)
            if not len(rows):
                continue
            read = operand.producers[rows, slots]
            owners = owner[read]
            for producer in unique(owners).tolist():
                which = owners == producer
                found.append(Edges(number, producer, instances[rows[which]], read[which], slots[which]))
    return found


def components(nodes: Sequence[int], edges: Sequence[Edges]) -> list[tuple[int, ...]]:
    """The strongly connected sets of pieces, each after those that it needs, else in file order."""
    needed_by: dict[int, dict[int, None]] = {node: {} for node in nodes}
    for edge in edges:
        needed_by[edge.consumer][edge.producer] = None
    needs = {node: list(needed) for node, needed in needed_by.items()}
    groups = _strongly_connected(needs)
    group_of = {node: number for number, group in enumerate(groups) for node in group}
    waiting = [0] * len(groups)
    readers: list[list[int]] = [[] for _ in groups]
    for node, needed in needs.items():
        for other in needed:
            if group_of[other] != group_of[node]:
                waiting[group_of[node]] += 1
                readers[group_of[other]].append(group_of[node])
    ready = [(groups[number][0], number) for number in range(len(groups)) if not waiting[number]]
    heapq.heapify(ready)
    order = []
    while ready:
        _, number = heapq.heappop(ready)
        order.append(groups[number])
        for reader in readers[number]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, (groups[reader][0], reader))
    return order


def _strongly_connected(needs: Mapping[int, Sequence[int]]) -> list[tuple[int, ...]]:
    """Tarjan's algorithm with a stack of its own; the nodes of each set sorted."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    open_nodes: list[int] = []
    is_open: dict[int, bool] = {}
    groups = []
    for root in needs:
        if root in index:
            continue
        path = [(root, 0)]
        while path:
            node, child = path.pop()
            if child == 0:
                index[node] = low[node] = len(index)
                open_nodes.append(node)
                is_open[node] = True
            elif is_open.get(needs[node][child - 1]):
                low[node] = min(low[node], low[needs[node][child - 1]])
            while child < len(needs[node]):
                other = needs[node][child]
                child += 1
                if other not in index:
                    path += [(node, child), (other, 0)]
                    break
                if is_open[other]:
                    low[node] = min(low[node], index[other])
            else:
                if low[node] == index[node]:
                    groups.append(_closed(node, open_nodes, is_open))
    return groups


def _closed(node: int, open_nodes: list[int], is_open: dict[int, bool]) -> tuple[int, ...]:
    """Takes a finished set, which begins at ``node``, off the stack."""
    group: list[int] = []
    while not group or group[-1] != node:
        group.append(open_nodes.pop())
        is_open[group[-1]] = False
    return tuple(sorted(group))
