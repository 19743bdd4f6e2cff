"""Exponents that pass between a scaled program and its caller."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tncompile.codegen.arrays.alignment import transposed
from tncompile.codegen.body.layouts import Order
from tncompile.codegen.body.program import Program
from tncompile.codegen.entries.outside import Outside
from tncompile.codegen.entries.scaled_sums import ScaledSums, scaled_axes
from tncompile.codegen.entries.shapes import spread, whole_numbers
from tncompile.codegen.python import nodes
from tncompile.plan.schedule import Buffer, Schedule
from tncompile.source.records import record


@record
class OutsideScales:
    """Writes exponents as arrays that broadcast against their mantissas: the axes of members have length 1."""

    outside: Outside
    schedule: Schedule
    program: Program
    sums: ScaledSums | None = None  # which leave in the place of what is added up

    def cotangent(self, name: str, source: ast.expr) -> Iterator[ast.stmt]:
        """The exponents of a cotangent as they come in, 0 where none are given."""
        buffer, symbols = self.schedule.buffers[name], self.outside.symbols
        domain = symbols.domain
        mantissas = next(m for m, of in self.schedule.exponents.items() if of == name)
        owner = self.schedule.buffers[mantissas]
        whole = self.outside.is_array(owner.tensor.removesuffix("_bar"))
        absent = ast.Compare(nodes.name("cotangent_scale"), [ast.Is()], [ast.Constant(None)])
        inner = len(owner.shape) - len(buffer.shape)
        first = [nodes.FULL] * (len(buffer.family) + len(buffer.shape)) + [nodes.number(0)] * inner
        if whole:
            shape = self.outside.shape(owner.tensor, owner)
            shape = [*shape[: len(shape) - inner], *[nodes.number(1)] * inner]
            given = whole_numbers(source, ast.IfExp(absent, nodes.number(0), source))
            word = self.program.storages[name].identifier
            yield nodes.assign(word, spread(ast.unparse(source), given, shape))
            value = self.outside.input_array(owner.tensor, nodes.name(word), owner, whole)
            taken = nodes.assign(word, nodes.indexed(value, first) if inner else value)
            yield from [] if nodes.is_idle(taken) else [taken]
            value = nodes.name(word)
        else:
            extents = nodes.group([symbols.extent(extent) for extent in self.outside.inner(buffer)])
            zeros = domain.call("zeros", extents, domain.function("int64"))
            members = self.outside.input_array(owner.tensor, source, owner, whole)
            members = whole_numbers(source, members)
            value = ast.IfExp(absent, zeros, nodes.indexed(members, first, merge=False))
        statement = self.program.arrived(name, value)
        if statement is not None:
            yield statement

    def output(self, name: str) -> ast.expr:
        """The exponents of an output as they leave the program."""
        held = {}
        for access in self.schedule.outputs[name]:
            buffer = self.schedule.buffers[access.buffer]
            axes = range(len(buffer.family) + len(buffer.shape))
            held[buffer.name] = (self.beside(buffer), tuple(axes))
        return self.outside.output(self.schedule, name, held)

    def beside(self, buffer: Buffer) -> ast.expr:
        """The exponents of a buffer with all its axes in their order: family axes, then the axes of a member."""
        domain, symbols = self.outside.symbols.domain, self.outside.symbols
        name = self.schedule.exponents.get(buffer.name)
        family = len(buffer.family)
        if name is None:
            shape = [symbols.extent(extent) for extent in buffer.family] + [nodes.number(1)] * len(
                buffer.shape
            )
            return domain.call("zeros", nodes.group(shape), domain.function("int64"))
        word, order = self._lying(buffer, name)
        rest = [axis for axis in range(family + len(buffer.shape)) if axis not in order]
        finished = nodes.call(nodes.name("finished"), nodes.name(word))
        return _inserted(finished, order, rest)

    def _lying(self, buffer: Buffer, name: str) -> tuple[str, Order]:
        """The variable of the exponents ``name`` of a buffer, and which of its axes they have, in which order."""
        if self.sums is not None:
            total = self.sums.of[buffer.name]
            return total.exponents, total.order
        storage, own = self.program.storages[name], scaled_axes(buffer, self.outside.symbols.batch)
        return storage.identifier, tuple(own[axis] for axis in storage.order)


def _inserted(expr: ast.expr, order: Sequence[int], rest: Sequence[int]) -> ast.expr:
    """The axes ``order`` brought into their order, with axes of length 1 at the places ``rest``."""
    expr = transposed(expr, [str(axis) for axis in order], [str(axis) for axis in sorted(order)])
    items: list[ast.expr] = [
        ast.Constant(None) if axis in rest else nodes.FULL for axis in range(len(order) + len(rest))
    ]
    return nodes.indexed(expr, items) if rest else expr
