"""Which legs each member of a network carries, once some members carry legs of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tncompile.network import Ints, Network

Legs = tuple[int, ...]  # numbers of legs, increasing, from 1


class Members:
    """All members of all tensors, numbered through, and which are made from which."""

    def __init__(self, net: Network) -> None:
        self.starts: dict[str, int] = {}
        self.count = 0
        for name, table in net.tables.tensors.items():
            self.starts[name], self.count = self.count, self.count + len(table.members)
        none = np.zeros(0, np.int64)
        below, above = [none], [none]
        for rule in net.tables.classes:
            for used in rule.uses:
                below.append(used.positions + self.starts[used.use.name])
                above.append(rule.target[used.parent] + self.starts[rule.definition.name])
        self.below: Ints = np.concatenate(below)
        self.above: Ints = np.concatenate(above)

    def in_order(self) -> list[tuple[int, list[int]]]:
        """Each member and those made from it, none before what it is made from."""
        order = np.argsort(self.below, kind="stable")
        firsts = np.searchsorted(self.below[order], np.arange(self.count + 1)).tolist()
        targets = self.above[order].tolist()
        waiting = np.bincount(self.above, minlength=self.count).tolist()
        ready = [node for node in range(self.count) if not waiting[node]]
        found: list[tuple[int, list[int]]] = []
        while ready:
            node = ready.pop()
            above = targets[firsts[node] : firsts[node + 1]]
            found.append((node, above))
            for target in above:
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        return found


def carried_legs(net: Network, own: Mapping[str, Sequence[Legs]]) -> dict[str, list[Legs]]:
    """The legs of every member of every tensor: its own, or all those of the members it is made from."""
    members = Members(net)
    bits = [0] * members.count
    for name, lists in own.items():
        for position, legs in enumerate(lists):
            bits[members.starts[name] + position] = sum(1 << leg for leg in legs)
    for node, above in members.in_order():
        for target in above:
            bits[target] |= bits[node]
    return {
        name: [_numbers(bits[start + position]) for position in range(len(net.tables.tensors[name].members))]
        for name, start in members.starts.items()
    }


def _numbers(bits: int) -> Legs:
    found: list[int] = []
    while bits:
        found.append((bits & -bits).bit_length() - 1)
        bits &= bits - 1
    return tuple(found)
