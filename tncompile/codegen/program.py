"""The body of a function of the module: steps and loops over buffers whose places are chosen."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tncompile.codegen import nodes
from tncompile.codegen.access import Accessor, Tables
from tncompile.codegen.alignment import transposed
from tncompile.codegen.blocks import WeightBlock, is_array, single_members
from tncompile.codegen.layouts import Order, Placed, bound_buffers, choose_orders, native_order, samples_first
from tncompile.codegen.reading import Storage
from tncompile.codegen.steps import StepWriter
from tncompile.codegen.symbols import Names, Symbols
from tncompile.codegen.text import Block, Comment, Item
from tncompile.plan.schedule import Buffer, Loop, Schedule, Step

NAMES_A_LINE = 5  # in a `del`


@dataclass
class Shared:
    """What the functions of one module have in common: names, tables, constants."""

    names: Names
    blocks: tuple[WeightBlock, ...]
    thorough: bool
    tables: Tables = field(default_factory=Tables)
    constants: dict[str, tuple[Buffer, Symbols]] = field(default_factory=dict)

    def block_buffer(self, schedule: Schedule, number: int) -> str | None:
        """The buffer of a schedule that holds exactly one block of weights."""
        block = self.blocks[number]
        for buffer in schedule.buffers.values():
            mine = buffer.tensor == block.table.name and buffer.role == "weight"
            if mine and np.array_equal(buffer.members, block.block.members):
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
        touched = [a.buffer for step in all_steps(schedule.body) for a in (step.result, *step.operands)]
        self.used = tuple(dict.fromkeys([*touched, *leaving]))
        self.bound = bound_buffers(schedule, given)
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
        accessor = Accessor(symbols, shared.tables)
        self.writer = StepWriter(symbols, accessor, self.storages, frozenset(leaving))

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
            for name in dict.fromkeys(step.result.buffer for step in all_steps([item])):
                if name not in self.bound and name not in made:
                    made.add(name)
                    items.append(self._allocation(name))
            items += self._item(item)
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
            statements: list[Item] = list(self.writer.write(item, item.result.buffer in self.bound))
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
        extents = [*storage.buffer.family, *storage.buffer.shape]
        shape = [self.symbols.extent(extents[axis]) for axis in storage.order]
        return nodes.assign(
            storage.identifier, domain.call("empty", nodes.group(shape), self.symbols.dtype(storage.buffer))
        )

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
