"""Memory that large arrays use again: which of them lie in it, where, and the functions a module needs for that."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import accumulate

import numpy as np

from tncompile.codegen.arrays.reading import Storage
from tncompile.codegen.python import nodes
from tncompile.codegen.python.symbols import Names
from tncompile.network import Extent
from tncompile.plan.folding.liveness import steps_of, touched
from tncompile.plan.samples import usual_size
from tncompile.plan.schedule import Access, Gather, Schedule, Step
from tncompile.source.records import record

# Bytes of an array, or of all that are needed at once: it takes as long to get fresh memory as to write it.
LARGE = 2**20
MAPPED = 2**17  # bytes: arrays up to this size lie in memory that a process keeps anyway
# Bytes: from here on it takes longer to copy a fresh array into its place than to call a function with a place.
COPIED = 2**14
KEPT = 30  # no more than 2^KEPT bytes are kept from one call to the next

HELPERS = '''
def ROOM(memory, slot, shape):
    """An array of this shape, in the memory of an earlier one where that is large enough."""
    size = 1
    for extent in shape:
        size *= extent
    if slot not in memory or memory[slot].size < size:
        memory[slot] = np.empty(size, DTYPE)
    return memory[slot][:size].reshape(shape)


def KEEP(spare, count, memory):
    """Leaves the memory of a call to the next one for as many samples, unless it is very large."""
    spare.clear()
    if sum([array.nbytes for array in memory.values()]) <= 2 ** LIMIT:
        spare[count] = memory
'''


@record
class Memory:
    """Which buffers lie in memory that is used again.

    ``slots`` numbers the pieces of memory; buffers of one slot are never needed at the same time. ``over`` names for a
    buffer the one whose array it takes over: each entry is read for the last time where the new one is written.
    """

    slots: Mapping[str, int] = field(default_factory=dict)
    over: Mapping[str, str] = field(default_factory=dict)


class MemoryWords:
    """The names that a module gives to what it needs for such memory; no other names are like them.

    Memory that depends on the number of samples lies in one dictionary, that of functions which compute no more than
    some samples at a time in another: it serves whatever number they get (for them ``count`` is None).
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.spare: dict[str, None] = {}

    def _word(self, text: str) -> str:
        return self.names.give(("memory", text), text)

    def _place(self, count: ast.expr | None) -> tuple[ast.expr, ast.expr]:
        """The dictionary and the key."""
        word = self._word("SPARE" if count is not None else "SPARE_PIECE")
        self.spare[word] = None
        return nodes.name(word), count or nodes.number(0)

    def room(self, slot: int, shape: ast.expr) -> ast.expr:
        """An array in a slot."""
        local = nodes.name(self._word("memory"))
        return nodes.call(nodes.name(self._word("room")), local, nodes.number(slot), shape)

    def taken(self, count: ast.expr | None) -> ast.stmt:
        """The beginning of a call: the memory of the last one, which no other call can get now."""
        spare, key = self._place(count)
        return nodes.assign(self._word("memory"), nodes.method(spare, "pop", key, ast.Dict([], [])))

    def kept(self, count: ast.expr | None) -> ast.stmt:
        """The end of a call."""
        memory = nodes.name(self._word("memory"))
        return ast.Expr(nodes.call(nodes.name(self._word("keep")), *self._place(count), memory))

    def helpers(self) -> list[ast.stmt]:
        """The variables and the functions of the module, if some function uses them."""
        if not self.spare:
            return []
        text = HELPERS.replace("LIMIT", str(KEPT))
        for word in ("ROOM", "KEEP"):
            text = text.replace(word, self._word(word.lower()))
        return [
            *(nodes.assign(word, ast.Dict([], [])) for word in self.spare),
            *ast.parse(text).body,
        ]


def is_large(extents: Collection[Extent], batch: str | None, dtype: str) -> bool:
    """Would an array take so much memory that it should not be fresh each time?"""
    return usual_size(extents, batch) * np.dtype(dtype).itemsize >= LARGE


def is_mapped(extents: Collection[Extent], batch: str | None, dtype: str) -> bool:
    """Would an array, with others of its size beside it, go back to the system when it is freed?"""
    return usual_size(extents, batch) * np.dtype(dtype).itemsize > min(MAPPED, LARGE)


def is_copied(extents: Collection[Extent], batch: str | None, dtype: str) -> bool:
    """Does it matter whether an array is written into its place, or put together elsewhere and copied there?"""
    return usual_size(extents, batch) * np.dtype(dtype).itemsize >= min(COPIED, LARGE)


def place_in_memory(
    schedule: Schedule, storages: Mapping[str, Storage], batch: str | None, dtype: str
) -> Memory:
    """Slots for buffers, the largest first, each in the smallest that is free while it is needed.

    None at all where they are not large together.
    """
    uses = _uses(schedule, storages)
    over = dict(_taken_over(schedule, storages, uses))
    roots = {name: _root(name, over) for name in storages}
    life: dict[str, tuple[int, int]] = {}
    for name, found in uses.items():
        first, last = life.get(roots[name], (found[0].place, 0))
        life[roots[name]] = (min(first, found[0].place), max(last, found[-1].place))

    def size(name: str) -> int:
        buffer = storages[name].buffer
        return usual_size([*buffer.family, *buffer.shape], batch)

    tenants: list[list[str]] = []
    for name in sorted(life, key=lambda name: (-size(name), life[name])):
        free = [slot for slot in tenants if not any(_meet(life[name], life[other]) for other in slot)]
        if free:
            min(free, key=lambda slot: size(slot[0])).append(name)
        else:
            tenants.append([name])
    if _most(uses, size) * np.dtype(dtype).itemsize < LARGE:
        return Memory()
    number = {name: slot for slot, names in enumerate(tenants) for name in names}
    return Memory({name: number[root] for name, root in roots.items() if root in number}, over)


def _most(uses: Mapping[str, Sequence[_Use]], size: Callable[[str], int]) -> int:
    """The elements of all buffers that are needed at once, the most there are at any place."""
    changes: dict[int, int] = {}
    for name, found in uses.items():
        for place, change in ((found[0].place, size(name)), (found[-1].place + 1, -size(name))):
            changes[place] = changes.get(place, 0) + change
    return max(accumulate(changes[place] for place in sorted(changes)), default=0)


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _root(name: str, over: Mapping[str, str]) -> str:
    while name in over:
        name = over[name]
    return name


@record
class _Use:
    """A step that reads or writes a buffer, and the node at the top of the schedule that it is, or lies in."""

    place: int
    step: Step


def _uses(schedule: Schedule, storages: Collection[str]) -> dict[str, list[_Use]]:
    """The uses of each buffer, in order."""
    found: dict[str, list[_Use]] = {}
    for place, node in enumerate(schedule.body):
        for step in steps_of((node,)):
            for name in touched(step):
                if name in storages:
                    found.setdefault(name, []).append(_Use(place, step))
    return found


def _taken_over(
    schedule: Schedule, storages: Mapping[str, Storage], uses: Mapping[str, Sequence[_Use]]
) -> Iterator[tuple[str, str]]:
    """Pairs of a buffer and another one, like it, that it can be written over."""
    for name, own in uses.items():
        if storages[name].buffer.rolling:
            continue
        writer = next(use.step for use in own if use.step.result.buffer == name)
        for old in dict.fromkeys(access.buffer for access in writer.operands):
            if old == name or old not in storages or not _alike(storages[name], storages[old]):
                continue
            reading = [use for use in uses[old] if use.place >= own[0].place]
            if all(
                is_in_place(use.step, name, old)
                and (schedule.body[use.place] is use.step or not is_copy(use.step))
                for use in reading
            ):
                yield name, old
                break


def _alike(one: Storage, other: Storage) -> bool:
    mine, theirs = one.buffer, other.buffer
    return (
        one.order == other.order
        and mine.family == theirs.family
        and mine.shape == theirs.shape
        and not theirs.rolling
    )


def is_in_place(step: Step, name: str, old: str) -> bool:
    """Does a step compute each entry of ``name`` from the same entry of ``old``?"""
    elementwise = step.op in ("contract", "combine", "apply") and not step.summed
    return (
        elementwise
        and step.result.buffer == name
        and all(_same(access, step.result) for access in step.operands if access.buffer == old)
    )


def _same(one: Access, other: Access) -> bool:
    plain = not any(isinstance(subscript, Gather) for subscript in one.subscripts)
    return plain and one.subscripts == other.subscripts and one.indices == other.indices


def is_copy(step: Step) -> bool:
    """Does a step repeat its only operand?"""
    if step.op not in ("contract", "combine") or step.summed or step.constant is not None:
        return False
    return (
        len(step.operands) == 1
        and all(c is None for c in step.coefficients)
        and not step.operands[0].conjugate
    )
