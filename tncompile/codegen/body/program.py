"""The body of a function of the module: steps and loops over buffers whose places are chosen."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from tncompile.codegen.arrays.alignment import transposed
from tncompile.codegen.arrays.reading import Storage, covers
from tncompile.codegen.blocks import WeightBlock, blocks_by_name, is_array, single_members, weight_buffers
from tncompile.codegen.body.access import Accessor, Tables
from tncompile.codegen.body.layouts import (
    Order,
    Placed,
    bound_buffers,
    choose_orders,
    native_order,
    samples_first,
)
from tncompile.codegen.body.memory import MemoryWords, is_in_place, is_mapped, place_in_memory
from tncompile.codegen.body.steps import StepWriter
from tncompile.codegen.python import nodes
from tncompile.codegen.python.symbols import Names, Symbols
from tncompile.codegen.python.text import Block, Comment, Item
from tncompile.network import Extent
from tncompile.plan.folding.liveness import touched
from tncompile.plan.schedule import Buffer, Loop, Schedule, Span, Step

NAMES_A_LINE = 5  # in a `del`


@dataclass
class Shared:
    """What the functions of one module have in common: names, tables, constants.

    With ``reuses`` large arrays use the memory of earlier ones again.
    """

    names: Names
    blocks: tuple[WeightBlock, ...]
    thorough: bool
    reuses: bool = False
    tables: Tables = field(default_factory=Tables)
    constants: dict[str, tuple[Buffer, Symbols]] = field(default_factory=dict)
    memory: MemoryWords = field(init=False)
    numbers: Mapping[str, tuple[int, ...]] = field(init=False)  # of the blocks of each weight

    def __post_init__(self) -> None:
        self.memory = MemoryWords(self.names)
        self.numbers = blocks_by_name(self.blocks)

    def hasty(self) -> Shared:
        """The same for functions that seldom run: no time is taken for the orders in which their arrays lie."""
        found = copy(self)
        found.thorough = False
        return found

    def block_buffer(self, schedule: Schedule, number: int) -> str | None:
        """The buffer of a schedule that holds exactly one block of weights."""
        block = self.blocks[number]
        for buffer in weight_buffers(schedule).get(block.table.name, ()):
            if np.array_equal(buffer.members, block.block.members):
                return buffer.name
        return None

    def spelled(self, schedule: Schedule, name: str) -> str:
        """The name of a buffer; ``G_d`` for the member that is the size d, whatever its value is."""
        single = single_members(schedule).get(name)
        if single is None or single.number is not None or not str(single).isidentifier():
            return name
        value = str(
            schedule.network.tables.tensors[schedule.buffers[name].tensor].members[
                schedule.buffers[name].members[0], 0
            ]
        )
        return f"{name.removesuffix(value)}{single}" if name.endswith(f"_{value}") else name

    def view(self, schedule: Schedule, number: int) -> str:
        """The name of the view of a block."""
        name = self.block_buffer(schedule, number)
        if name is not None:
            return self.names.give(("buffer", name), self.spelled(schedule, name))
        return self.names.give(("block", number), f"{self.blocks[number].table.name}_{number + 1}")


class Program:
    """Writes the steps of a schedule. ``given`` are result buffers that exist before the program runs."""

    def __init__(
        self, schedule: Schedule, symbols: Symbols, shared: Shared, given: Sequence[str] = ()
    ) -> None:
        self.schedule, self.symbols, self.shared = schedule, symbols, shared
        buffers = schedule.buffers
        leaving = [access.buffer for blocks in schedule.outputs.values() for access in blocks]
        named = [a.buffer for step in all_steps(schedule.body) for a in (step.result, *step.operands)]
        self.used = tuple(dict.fromkeys([*named, *leaving]))
        self.bound = bound_buffers(schedule, given)
        self.writers: dict[str, list[Step]] = {}
        for step in all_steps(schedule.body):
            self.writers.setdefault(step.result.buffer, []).append(step)
        outside = {
            name: native_order(buffers[name])
            if name in given
            else samples_first(buffers[name], symbols.batch)
            for name in leaving
        }
        outside |= {
            name: incoming_order(buffers[name], symbols.batch)
            for name in self.used
            if buffers[name].role != "value"
        }
        orders = choose_orders(schedule, Placed(outside, self.bound), symbols.batch, shared.thorough)
        self.outside: dict[str, Order] = outside
        self.storages = {
            name: Storage(
                buffers[name], self._identifier(buffers[name]), orders.get(name, outside.get(name, ()))
            )
            for name in self.used
        }
        reuses = shared.reuses and schedule.slices is None
        accessor = Accessor(symbols, shared.tables)
        self.writer = StepWriter(
            symbols, accessor, self.storages, frozenset(leaving), reuses=reuses, sees=schedule.tries
        )
        lasting = {name for node in schedule.body[: schedule.bound] for name in touched(node)}
        placed = self._in_memory({*given, *leaving, *lasting}) if reuses else {}
        self.memory = place_in_memory(schedule, placed, symbols.batch, symbols.domain.dtype)
        self.bound -= self.memory.slots.keys()
        self.writer = replace(self.writer, memory=self.memory)

    def _in_memory(self, outside: Collection[str]) -> dict[str, Storage]:
        """The buffers that may lie in memory used again: large ones that nobody outside gets nor keeps, and that all their
        steps write into a place without a copy."""
        return {
            name: storage
            for name, storage in self.storages.items()
            if storage.buffer.role == "value"
            and name not in outside
            and self._fills_memory(storage.buffer)
            and (name not in self.bound or all(self._is_placed(step) for step in self.writers[name]))
        }

    def _fills_memory(self, buffer: Buffer) -> bool:
        extents = [*buffer.family, *buffer.shape]
        return not (buffer.exponents or buffer.wide) and is_mapped(
            extents, self.symbols.batch, self.symbols.domain.dtype
        )

    def _is_placed(self, step: Step) -> bool:
        """Can a step write into an array that is there already: one it does not read, or entry by entry over what it reads?"""
        name = step.result.buffer
        if any(access.buffer == name for access in step.operands) and not is_in_place(step, name, name):
            return False
        if not step.operands:
            return True
        return all(isinstance(statement, ast.Expr) for statement in self.writer.write(step, bound=False))

    def _identifier(self, buffer: Buffer) -> str:
        if buffer.role == "constant":
            word = self.shared.names.constant(("constant", buffer.name), buffer.name)
            self.shared.constants.setdefault(word, (buffer, self.symbols))
            return word
        if buffer.role == "input" and not buffer.exponents and is_array(self.schedule.network, buffer.tensor):
            return self.shared.names.give(("input", buffer.tensor), buffer.tensor)
        return self.shared.names.give(
            ("buffer", buffer.name), self.shared.spelled(self.schedule, buffer.name)
        )

    def arrived(self, name: str, expr: ast.expr) -> ast.stmt | None:
        """Gives an incoming array its buffer's name, in the order of axes that the program wants."""
        storage, order = self.storages[name], self.outside[name]
        if storage.order != order:
            moved = transposed(expr, [str(a) for a in order], [str(a) for a in storage.order])
            expr = self.symbols.domain.call("ascontiguousarray", moved)
        if isinstance(expr, ast.Name) and expr.id == storage.identifier:
            return None
        return nodes.assign(storage.identifier, expr)

    def body(self, given: Sequence[str] = (), first: int = 0, stop: int | None = None) -> list[Item]:
        """The steps, with the arrays that are filled part by part allocated before; or the steps from
        node ``first`` up to ``stop``."""
        items: list[Item] = []
        made = set(given)
        last = len(self.schedule.body) - 1
        for number, item in list(enumerate(self.schedule.body))[first:stop]:
            made_here: list[Item] = []
            for name in dict.fromkeys(step.result.buffer for step in all_steps([item])):
                if name not in self.bound and name not in made:
                    made.add(name)
                    made_here.append(self._allocation(name))
            written = self._item(item)
            if all(isinstance(line, Comment) for line in written):  # what is made here is the result already
                made_here, written = written, made_here
            items += [*made_here, *written]
            dead = self.schedule.dead[number] if number < min(last, len(self.schedule.dead)) else ()
            large = [
                self.storages[name].identifier
                for name in dead
                if name in self.storages and self._is_large(name)
            ]
            for start in range(0, len(large), NAMES_A_LINE):
                words = large[start : start + NAMES_A_LINE]
                items.append(ast.Delete([ast.Name(word, ast.Del()) for word in words]))
        return items

    def _item(self, item: Step | Loop) -> list[Item]:
        if isinstance(item, Step):
            written = self.writer.write(item, item.result.buffer in self.bound)
            statements: list[Item] = [line for line in written if not nodes.is_idle(line)]
            return [Comment(item.comment), *statements] if item.comment else statements
        variable = self.symbols.variable(item.variable)
        first, stop = self.symbols.affine(item.first), self.symbols.affine(item.last, item.step)
        bounds = [first, stop] if item.step == 1 else [first, stop, nodes.number(item.step)]
        if item.step == 1 and isinstance(first, ast.Constant) and first.value == 0:
            bounds = [stop]
        head = ast.For(variable, nodes.call(nodes.name("range"), *bounds), [], [], lineno=0)
        return [Block(head, [line for inner in item.body for line in self._item(inner)])]

    def _allocation(self, name: str) -> ast.stmt:
        storage, domain = self.storages[name], self.symbols.domain
        extents = self._extents(storage.buffer)
        shape = nodes.group([self.symbols.extent(extents[axis]) for axis in storage.order])
        if name in self.memory.over:
            array: ast.expr = nodes.name(self.storages[self.memory.over[name]].identifier)
        elif name in self.memory.slots:
            array = self.shared.memory.room(self.memory.slots[name], shape)
        else:
            array = domain.call("empty", shape, self.symbols.dtype(storage.buffer))
        return nodes.assign(storage.identifier, array)

    def _extents(self, buffer: Buffer) -> list[Extent]:
        """The extents of a buffer; along an axis that a step writes as a whole, as that step says it."""
        extents = [*buffer.family, *buffer.shape]
        for step in self.writers[buffer.name]:
            for axis, subscript in enumerate(step.result.subscripts):
                if isinstance(subscript, Span) and covers(subscript, buffer, axis):
                    extents[axis] = step.labels[subscript.label]
        return extents

    def in_memory(self, items: Sequence[Item], limited: bool) -> list[Item]:
        """The statements of a function, with the memory that they use taken before and given back behind.

        ``limited`` says that they compute no more than some samples.
        """
        if not self.memory.slots:
            return list(items)
        count: ast.expr | None = None
        if not limited:
            batch = self.symbols.batch
            count = nodes.number(0) if batch is None else nodes.name(self.symbols.batch_word())
        return [self.shared.memory.taken(count), *items, self.shared.memory.kept(count)]

    def _is_large(self, name: str) -> bool:
        buffer = self.storages[name].buffer
        return not buffer.rolling and (bool(buffer.family) or len(buffer.shape) > 2)


def all_steps(body: Sequence[Step | Loop]) -> Iterator[Step]:
    """The steps of a program in order, those in loops once."""
    for item in body:
        if isinstance(item, Step):
            yield item
        else:
            yield from all_steps(item.body)


def incoming_order(buffer: Buffer, batch: str | None) -> Order:
    """The order of the axes of what comes in: samples first for data, the network's for weights."""
    return samples_first(buffer, batch) if buffer.role == "input" else native_order(buffer)
