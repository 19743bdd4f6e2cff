"""The buffers of a scaled schedule that hold exponents, and those that hold values on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tncompile.network import Expr, Extent, Negative, Number
from tncompile.plan.folding.steps import labels_of
from tncompile.plan.samples import is_samples
from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Schedule, Span, Step

MINUS_ONE = Negative(Number("1"))


@dataclass
class Exponents:
    """The buffers that grow as a schedule is scaled. ``batch`` is the size that counts samples."""

    schedule: Schedule
    batch: str | None

    def __post_init__(self) -> None:
        self.buffers = dict(self.schedule.buffers)
        self.of: dict[str, str] = {}  # buffer -> buffer of its exponents

    def fresh(self, word: str) -> str:
        """A name that no buffer has."""
        return fresh_name(word, self.buffers)

    def add(self, name: str) -> str:
        """Gives a buffer one for its exponents."""
        if name not in self.of:
            buffer = self.buffers[name]
            shape = tuple(buffer.shape[axis] for axis in self._samples(buffer))
            own = self.fresh(f"scale_{name}")
            self.buffers[own] = replace(buffer, name=own, shape=shape, exponents=True)
            self.of[name] = own
        return self.of[name]

    def access(self, access: Access) -> Access | None:
        """The exponents of what an access reads; None where there are none."""
        name = self.of.get(access.buffer)
        return None if name is None else Access(name, access.subscripts, self._indices(access))

    def labels(self, access: Access) -> tuple[str, ...]:
        """The labels along which exponents can differ: of members and of samples."""
        buffer = self.buffers[access.buffer]
        own = access.indices if buffer.exponents else self._indices(access)
        return labels_of(replace(access, indices=own))

    def temporary(
        self,
        word: str,
        labels: Sequence[str],
        extents: Mapping[str, Extent],
        like: str,
        exponents: bool,
        wide: bool = False,
    ) -> Access:
        """A new array with these labels, as what a step writes."""
        name = self.fresh(word)
        tensor = self.buffers[like].tensor
        shape = tuple(extents[label] for label in labels)
        nothing = np.zeros(0, np.int64)
        self.buffers[name] = Buffer(name, tensor, "value", nothing, (), shape, exponents=exponents, wide=wide)
        return Access(name, (), tuple(labels))

    def sum_of(
        self,
        result: Access,
        terms: Sequence[Access],
        extents: Mapping[str, Extent],
        minus: int = 0,
        factor: Expr | None = None,
    ) -> Step:
        """The sum of exponents, the last ``minus`` of them subtracted, times a factor; nothing is 0."""
        signs = [factor] * (len(terms) - minus) + [MINUS_ONE] * minus
        labels = _needed((result, *terms), extents)
        return Step("combine", result, tuple(terms), labels, coefficients=tuple(signs))

    def number(self, expr: Expr) -> complex:
        """The value of a number of the network."""
        return complex(self.schedule.network.scope.numbers(expr)[0])

    def _samples(self, buffer: Buffer) -> Iterator[int]:
        return (axis for axis, extent in enumerate(buffer.shape) if is_samples(extent, self.batch))

    def _indices(self, access: Access) -> tuple[str, ...]:
        return tuple(access.indices[axis] for axis in self._samples(self.buffers[access.buffer]))


def fresh_name(word: str, taken: Collection[str]) -> str:
    """A name that is not taken."""
    while word in taken:
        word += "_"
    return word


def whole_buffer(buffer: Buffer) -> tuple[Access, dict[str, Extent]]:
    """All of a buffer, as what a step writes or reads, and the extents of the labels."""
    axes = [f"axis{number}" for number in range(len(buffer.family) + len(buffer.shape))]
    extents = dict(zip(axes, (*buffer.family, *buffer.shape), strict=True))
    family = zip(axes, buffer.family, strict=False)
    spans = tuple(Span(axis, Affine(0), 1, extent) for axis, extent in family)
    return Access(buffer.name, spans, tuple(axes[len(buffer.family) :])), extents


def spreads(step: Step) -> bool:
    """Is the result the same along a label that no operand has?"""
    carried = {label for access in step.operands for label in labels_of(access)}
    return not carried >= set(labels_of(step.result))


def whole_number(value: int) -> Expr:
    """A whole number as the language writes it."""
    return Negative(Number(str(-value))) if value < 0 else Number(str(value))


def with_function(
    called: str, result: Access, operands: Sequence[Access], extents: Mapping[str, Extent]
) -> Step:
    """A function of scaled schedules, or another one, element by element."""
    labels = _needed((result, *operands), extents)
    arguments = tuple(range(len(operands)))
    return Step("apply", result, tuple(operands), labels, function=called, arguments=arguments)


def is_scattered(access: Access) -> bool:
    """Is the place written through a table of positions, which has no view to change in place?"""
    return any(
        isinstance(subscript, Gather) or (isinstance(subscript, Span) and subscript.step < 0)
        for subscript in access.subscripts
    )


def _needed(accesses: Sequence[Access], extents: Mapping[str, Extent]) -> dict[str, Extent]:
    wanted = {label for access in accesses for label in labels_of(access)}
    return {label: extent for label, extent in extents.items() if label in wanted}
