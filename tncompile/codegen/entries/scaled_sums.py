"""What slices of a scaled program add up: mantissas at the larger of two exponents, sample by sample."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from tncompile.codegen.arrays.alignment import transposed
from tncompile.codegen.body.layouts import Order
from tncompile.codegen.body.program import Program
from tncompile.codegen.python import nodes
from tncompile.codegen.python.symbols import Symbols
from tncompile.plan.samples import is_samples
from tncompile.plan.schedule import Buffer, Schedule
from tncompile.source.records import record


@record
class ScaledSum:
    """A result of slices, and the variables of its sum. The mantissas of both lie alike."""

    buffer: Buffer
    mantissas: str
    exponents: str
    order: Order  # of the exponents of the sum: axes of the result, as the mantissas have them


@record
class ScaledSums:
    """Writes the sums of all results of a program, for each sample of a member at an exponent of its own."""

    schedule: Schedule
    program: Program
    symbols: Symbols

    @cached_property
    def of(self) -> dict[str, ScaledSum]:
        """The sums, by the buffer that is added up."""
        leaving = [access.buffer for blocks in self.schedule.outputs.values() for access in blocks]
        return {name: self._sum(self.schedule.buffers[name]) for name in dict.fromkeys(leaving)}

    def _sum(self, buffer: Buffer) -> ScaledSum:
        give, storages = self.program.shared.names.give, self.program.storages
        of = self.schedule.exponents[buffer.name]
        mantissas, exponents = (
            give(("sum", name), f"{storages[name].identifier}_sum") for name in (buffer.name, of)
        )
        own = scaled_axes(buffer, self.symbols.batch)
        order = tuple(axis for axis in storages[buffer.name].order if axis in own)
        return ScaledSum(buffer, mantissas, exponents, order)

    def begun(self, given: tuple[str, ...]) -> Iterator[ast.stmt]:
        """Sums of nothing; the mantissas of those ``given`` are there already."""
        domain = self.symbols.domain
        for name, one in self.of.items():
            extents = [*one.buffer.family, *one.buffer.shape]
            lying = self.program.storages[name].order
            shape, short = (
                nodes.group([self.symbols.extent(extents[axis]) for axis in axes])
                for axes in (lying, one.order)
            )
            if name not in given:
                yield nodes.assign(one.mantissas, domain.call("zeros", shape, self.symbols.dtype(one.buffer)))
            yield nodes.assign(one.exponents, domain.call("full", short, nodes.name("EMPTY")))

    def added(self) -> Iterator[ast.stmt]:
        """Adds up the results of a slice, which are not needed any more then."""
        storages = self.program.storages
        for name, one in self.of.items():
            lying, of = storages[name], storages[self.schedule.exponents[name]]
            own = scaled_axes(one.buffer, self.symbols.batch)
            axes = [place for place, axis in enumerate(lying.order) if axis not in own]
            labels = [str(own[axis]) for axis in of.order]
            exponents = transposed(nodes.name(of.identifier), labels, [str(axis) for axis in one.order])
            total, scale = nodes.name(one.mantissas), nodes.name(one.exponents)
            given = (total, nodes.integers(axes), scale, nodes.name(lying.identifier), exponents)
            yield nodes.assign(one.exponents, nodes.call(nodes.name("accumulate"), *given))
            yield ast.Delete([ast.Name(lying.identifier, ast.Del())])


def scaled_axes(buffer: Buffer, batch: str | None) -> list[int]:
    """The axes of a buffer that its exponents have as well: those of the family, and that of the samples."""
    family = len(buffer.family)
    samples = [axis for axis, extent in enumerate(buffer.shape) if is_samples(extent, batch)]
    return [*range(family), *(family + axis for axis in samples)]
