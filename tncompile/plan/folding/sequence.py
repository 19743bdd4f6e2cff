"""The order of the nodes at the top of a schedule: the one of several that needs the least memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from heapq import heapify, heappop, heappush

from tncompile.plan.folding.liveness import changed_by, dead_after, steps_of, touched
from tncompile.plan.peak import element_count, most_alive
from tncompile.plan.schedule import Buffer, Loop, Step

Nodes = Sequence[Step | Loop]


def sequenced(body: Nodes, buffers: Mapping[str, Buffer], kept: Collection[str]) -> tuple[Step | Loop, ...]:
    """The nodes in an order that they may have: of four the one with the smallest peak.

    Where nothing is gained they keep the one they came in, but that a node which is the last to need some
    arrays, and makes smaller ones, is moved up to where all it reads is there: the gradient of a weight then
    comes right after the arrays it is made of. The others are that order, all the time what adds least to the
    memory, and each result just before it is needed, of several operands the one with most to let go first
    (Liu 1987, An application of generalized tree pebbling to sparse matrix factorization; for a tree no order that
    finishes one branch after another needs less).
    """
    orders = [
        _Sequencer(body, buffers, kept).early(),
        list(range(len(body))),
        _Sequencer(body, buffers, kept).least(),
        _Sequencer(body, buffers, kept).branches(),
    ]
    ways = [tuple(body[number] for number in order) for order in dict.fromkeys(map(tuple, orders))]
    return min(ways, key=lambda way: most_alive(buffers, way, dead_after(way, buffers, kept)))


class _Sequencer:
    def __init__(self, body: Nodes, buffers: Mapping[str, Buffer], kept: Collection[str]) -> None:
        self.touched = [tuple(touched(node)) for node in body]
        self.written = [{step.result.buffer: None for step in steps_of((node,))} for node in body]
        self.sizes = {
            name: element_count(buffer)
            for name, buffer in buffers.items()
            if buffer.role == "value" and name not in kept
        }
        self.made = {
            name: element_count(buffer) for name, buffer in buffers.items() if buffer.role == "value"
        }
        self.users: dict[str, set[int]] = {}
        for number, names in enumerate(self.touched):
            for name in names:
                self.users.setdefault(name, set()).add(number)
        self.waiting, self.after = _dependences(body, buffers)

    def early(self) -> list[int]:
        """The order that there is, with nodes that free more than they make moved up."""
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

    def least(self) -> list[int]:
        """Of the nodes that can run always the one that adds least to the memory, then the first."""
        ready = [(-self._gain(n), n) for n, count in enumerate(self.waiting) if not count]
        heapify(ready)
        done: list[int] = []
        placed: set[int] = set()
        while ready:
            added, number = heappop(ready)
            if number in placed or added != -self._gain(number):
                continue  # an older entry; what has changed was entered anew
            placed.add(number)
            done.append(number)
            for later in self.after[number]:
                self.waiting[later] -= 1
            near = set(self.after[number]) | self._place(number)
            for n in near:
                if n not in placed and not self.waiting[n]:
                    heappush(ready, (-self._gain(n), n))
        return done

    def branches(self) -> list[int]:
        """Each node just after those that it waits for, of which the one with most to let go comes first."""
        before: list[list[int]] = [[] for _ in self.after]
        for number, some in enumerate(self.after):
            for later in some:
                before[later].append(number)
        before.append([number for number, some in enumerate(self.after) if not some])
        held = [sum(self.made.get(name, 0) for name in names) for names in self.written]
        needed: list[int] = []
        for some, own in zip(before, [*held, 0], strict=True):
            some.sort(key=lambda n: (held[n] - needed[n], n))
            so_far, most = 0, 0
            for n in some:
                most = max(most, so_far + needed[n])
                so_far += held[n]
            needed.append(max(most, so_far + own))
        return _finished(before)[:-1]

    def _freeing(self, number: int, placed: set[int]) -> list[int]:
        """Nodes that can run, and free more than they make, now that this one has run; the first one last."""
        near = set(self.after[number]) | self._place(number)
        return [
            n
            for n in sorted(near, reverse=True)
            if n not in placed and not self.waiting[n] and self._gain(n) > 0
        ]

    def _place(self, number: int) -> set[int]:
        """Notes that a node has run; returns those whose gain has changed by that."""
        changed: set[int] = set()
        for name in self.touched[number]:
            self.users[name].discard(number)
            if self.made.pop(name, None) is not None or len(self.users[name]) == 1:
                changed |= self.users[name]
        return changed

    def _gain(self, number: int) -> int:
        freed = sum(self.sizes.get(name, 0) for name in self.touched[number] if len(self.users[name]) == 1)
        return freed - sum(self.made.get(name, 0) for name in self.touched[number])


def _finished(before: Sequence[Sequence[int]]) -> list[int]:
    """All that the last number waits for, each after those that it waits for itself, and that number."""
    done: dict[int, None] = {}
    pending = [(len(before) - 1, False)]
    while pending:
        number, ready = pending.pop()
        if number in done:
            continue
        if ready:
            done[number] = None
            continue
        pending.append((number, True))
        pending += [(n, False) for n in reversed(before[number]) if n not in done]
    return list(done)


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
        written = {access.buffer: None for step in steps_of((node,)) for access in changed_by(step)}
        for name in written:
            before.update(writers.get(name, [])[-1:])
            if buffers[name].rolling:
                before.update(readers.get(name, ()))
            writers.setdefault(name, []).append(number)
        before.discard(number)
        waiting[number] = len(before)
        for earlier in sorted(before):
            after[earlier].append(number)
    return waiting, after
