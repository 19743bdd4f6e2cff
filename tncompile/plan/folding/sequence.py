"""The order of the nodes at the top of a schedule: what frees more memory than it takes comes as soon as it can."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from heapq import heappop, heappush

from tncompile.plan.folding.liveness import steps_of, touched
from tncompile.plan.peak import elements
from tncompile.plan.schedule import Buffer, Loop, Step

Nodes = Sequence[Step | Loop]


def sequenced(body: Nodes, buffers: Mapping[str, Buffer], kept: Collection[str]) -> tuple[Step | Loop, ...]:
    """The nodes in an order that they may have; where nothing is gained they keep the one they came in.

    A node that is the last to need some arrays, and makes smaller ones, is moved up to where all it
    reads is there: the gradient of a weight then comes right after the arrays it is made of.
    """
    return tuple(body[number] for number in _Sequencer(body, buffers, kept).order())


class _Sequencer:
    def __init__(self, body: Nodes, buffers: Mapping[str, Buffer], kept: Collection[str]) -> None:
        self.touched = [tuple(touched(node)) for node in body]
        self.sizes = {
            name: elements(buffer).value
            for name, buffer in buffers.items()
            if buffer.role == "value" and name not in kept
        }
        self.made = {
            name: elements(buffer).value for name, buffer in buffers.items() if buffer.role == "value"
        }
        self.users: dict[str, set[int]] = {}
        for number, names in enumerate(self.touched):
            for name in names:
                self.users.setdefault(name, set()).add(number)
        self.waiting, self.after = _dependences(body, buffers)

    def order(self) -> list[int]:
        """The numbers of the nodes in their new order."""
        ready = [number for number, count in enumerate(self.waiting) if not count]  # sorted, so a heap
        done: list[int] = []
        placed: set[int] = set()
        freeing: list[int] = []
        while ready or freeing:
            number = freeing.pop() if freeing else heappop(ready)
            if number in placed:
                continue
            placed.add(number)
            done.append(number)
            for later in self.after[number]:
                self.waiting[later] -= 1
                if not self.waiting[later]:
                    heappush(ready, later)
            freeing += self._freeing(number, placed)
        return done

    def _freeing(self, number: int, placed: set[int]) -> list[int]:
        """Nodes that can run, and free more than they make, now that this one has run; the first one last."""
        near = set(self.after[number])
        for name in self.touched[number]:
            self.users[name].discard(number)
            self.made.pop(name, None)
            if len(self.users[name]) == 1:
                near |= self.users[name]
        return [
            n
            for n in sorted(near, reverse=True)
            if n not in placed and not self.waiting[n] and self._gain(n) > 0
        ]

    def _gain(self, number: int) -> int:
        freed = sum(self.sizes.get(name, 0) for name in self.touched[number] if len(self.users[name]) == 1)
        return freed - sum(self.made.get(name, 0) for name in self.touched[number])


def _dependences(body: Nodes, buffers: Mapping[str, Buffer]) -> tuple[list[int], list[list[int]]]:
    """How many nodes each node waits for, and which nodes wait for it.

    A reader waits for all writers before it; writers of one array keep their order, and a variable
    that is bound anew is not written before it has been read.
    """
    waiting = [0] * len(body)
    after: list[list[int]] = [[] for _ in body]
    writers: dict[str, list[int]] = {}
    readers: dict[str, list[int]] = {}
    for number, node in enumerate(body):
        before: set[int] = set()
        for step in steps_of((node,)):
            for access in step.operands:
                before.update(writers.get(access.buffer, ()))
                readers.setdefault(access.buffer, []).append(number)
        for name in dict.fromkeys(step.result.buffer for step in steps_of((node,))):
            before.update(writers.get(name, [])[-1:])
            if buffers[name].rolling:
                before.update(readers.get(name, ()))
        for step in steps_of((node,)):
            if writers.setdefault(step.result.buffer, [])[-1:] != [number]:
                writers[step.result.buffer].append(number)
        before.discard(number)
        waiting[number] = len(before)
        for earlier in sorted(before):
            after[earlier].append(number)
    return waiting, after
