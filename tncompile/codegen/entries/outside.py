"""What passes between a program and its caller: data in, blocks of weights, results out."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import numpy as np

from tncompile.codegen.arrays.alignment import transposed
from tncompile.codegen.blocks import is_array
from tncompile.codegen.body.layouts import samples_first
from tncompile.codegen.python import nodes
from tncompile.codegen.python.symbols import Symbols
from tncompile.network import Extent, Ints, Network
from tncompile.plan.samples import is_samples
from tncompile.plan.schedule import Buffer, Schedule
from tncompile.source.records import record

Held = Mapping[str, tuple[ast.expr, tuple[int, ...]]]  # the array of each buffer, and the order of its axes


@record
class Outside:
    """Writes inputs and outputs of one network. Where there are samples, they are the first axis.

    What is one array and what a list hangs on the rules of the network as it was ``written``: in order, a rule may be
    several, or have other loops.
    """

    network: Network
    written: Network
    symbols: Symbols

    def is_array(self, name: str) -> bool:
        """Are all members of an input or output one array?"""
        return is_array(self.written, name)

    def _sampled(self, buffer: Buffer) -> bool:
        """Does the buffer have an axis of samples?"""
        return bool(buffer.shape) and is_samples(buffer.shape[0], self.symbols.batch)

    def inner(self, buffer: Buffer) -> list[Extent]:
        """The extents of a buffer in the order in which data lie outside."""
        extents = [*buffer.family, *buffer.shape]
        return [extents[axis] for axis in samples_first(buffer, self.symbols.batch)]

    def input_array(self, name: str, source: ast.expr, buffer: Buffer, whole: bool) -> ast.expr:
        """The members of an input that a buffer holds: (samples, family axes, axes).

        ``whole`` says that all members come as one array, not as a list.
        """
        table = self.network.tables.tensors[name]
        if whole:
            items = self._dropping(table.members)
            return nodes.indexed(source, [nodes.FULL, *items] if self._sampled(buffer) else items)
        if not buffer.family:
            return nodes.indexed(source, [nodes.number(int(buffer.members[0]))])
        chosen = _chosen(source, buffer.members)
        axis = nodes.number(1 if self._sampled(buffer) else 0)
        stacked = self.symbols.domain.call("stack", chosen, axis=axis)
        if len(buffer.family) == 1:
            return stacked
        return nodes.method(
            stacked, "reshape", *(self.symbols.extent(extent) for extent in self.inner(buffer))
        )

    def shape(self, name: str, buffer: Buffer) -> list[ast.expr]:
        """The shape of a tensor that is one array outside: (samples, family, axes)."""
        members = self.network.tables.tensors[name].members
        kept = iter(buffer.family)
        family = [
            self.symbols.extent(next(kept)) if varies else nodes.number(1) for varies in _varying(members)
        ]
        shape = [self.symbols.extent(extent) for extent in buffer.shape]
        return [*shape[:1], *family, *shape[1:]] if self._sampled(buffer) else [*family, *shape]

    def output(self, schedule: Schedule, name: str, held: Held) -> ast.expr:
        """An output as it leaves the program;"""
        members = self.network.tables.tensors[name].members
        buffers = [schedule.buffers[access.buffer] for access in schedule.outputs[name]]
        if self.is_array(name) and len(buffers) == 1:
            buffer = buffers[0]
            expr = self._samples_first(buffer, *held[buffer.name])
            items: list[ast.expr] = [
                nodes.FULL if varies else ast.Constant(None) for varies in _varying(members)
            ]
            if not any(nodes.is_new_axis(item) for item in items):
                return expr
            return nodes.indexed(expr, [nodes.FULL, *items] if self._sampled(buffer) else items)
        return ast.List(self._listed(buffers, held, len(members)), ast.Load())

    def _samples_first(self, buffer: Buffer, expr: ast.expr, order: Sequence[int]) -> ast.expr:
        wanted = samples_first(buffer, self.symbols.batch)
        return transposed(expr, [str(a) for a in order], [str(a) for a in wanted])

    def _listed(self, buffers: Sequence[Buffer], held: Held, count: int) -> list[ast.expr]:
        """Each member as an array of its own, in the order of members."""
        items: list[tuple[int, ast.expr]] = []
        for buffer in buffers:
            expr, order = held[buffer.name]
            axes = tuple(range(len(buffer.family) + len(buffer.shape)))
            lying = transposed(expr, [str(a) for a in order], [str(a) for a in axes])
            shape = tuple(extent.value for extent in buffer.family)
            for position, member in enumerate(buffer.members.tolist()):
                places = np.unravel_index(position, shape) if shape else ()
                items.append((member, nodes.indexed(lying, [nodes.number(int(place)) for place in places])))
        assert len(items) == count
        return [item for _, item in sorted(items, key=lambda pair: pair[0])]

    def _dropping(self, members: Ints) -> list[ast.expr]:
        return [nodes.FULL if varies else nodes.number(0) for varies in _varying(members)]


def _varying(members: Ints) -> list[bool]:
    """Which subscripts take more than one value."""
    return [bool((column != column[0]).any()) for column in members.T]


def _chosen(source: ast.expr, members: Ints) -> ast.expr:
    """Some items of a list."""
    first, last = int(members[0]), int(members[-1])
    if (np.diff(members) == 1).all():
        return nodes.indexed(source, [ast.Slice(nodes.number(first), nodes.number(last + 1))])
    return ast.List([nodes.indexed(source, [nodes.number(int(m))]) for m in members], ast.Load())
