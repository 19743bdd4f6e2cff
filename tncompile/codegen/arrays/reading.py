"""An access to a buffer as subscripts of an array: what it reads, and how that lies in memory."""

from __future__ import annotations

from itertools import pairwise

from tncompile.codegen.arrays.strided import Strided
from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Span
from tncompile.source.records import record


@record
class Storage:
    """A buffer and its memory: the order of its axes (family axes first, counted from 0), outermost first."""

    buffer: Buffer
    identifier: str
    order: tuple[int, ...]


@record
class Part:
    """What happens to one axis of an array: a subscript, and the label that remains (none for an integer)."""

    label: str | None
    subscript: Affine | Span | Gather | None  # None: the whole axis


@record
class Reading:
    """An access, axis by axis in the order of memory."""

    storage: Storage
    parts: tuple[Part, ...]
    conjugate: bool
    turned: tuple[str, ...] = ()  # the gathered labels in another order than that of their tables

    @property
    def gathers(self) -> tuple[int, ...]:
        """The axes read through a table, or along a label that another axis has as well."""
        labels = [part.label for part in self.parts]
        return tuple(
            i
            for i, part in enumerate(self.parts)
            if isinstance(part.subscript, Gather)
            or (part.label is not None and labels.count(part.label) > 1)
            or (isinstance(part.subscript, Span) and part.subscript.step < 0 and part.subscript.start.terms)
        )

    @property
    def strided(self) -> Strided:
        """The labels of what is read, and how they lie in memory."""
        special = self.gathers
        if special:
            return Strided.dense((*self.gathered, *(p.label for p in self._plain if p.label)))
        kept = [i for i, part in enumerate(self.parts) if part.label is not None]
        joined = [j == i + 1 and self._whole(j) and _steady(self.parts[i]) for i, j in pairwise(kept)]
        if kept:
            joined.append(kept[-1] == len(self.parts) - 1 and _steady(self.parts[kept[-1]]))
        return Strided(tuple(str(self.parts[i].label) for i in kept), tuple(joined))

    @property
    def gathered(self) -> tuple[str, ...]:
        """The labels of all gathered axes together; they come first in what is read."""
        if self.turned:
            return self.turned
        labels: list[str] = []
        for i in self.gathers:
            subscript = self.parts[i].subscript
            labels += subscript.labels if isinstance(subscript, Gather) else [str(self.parts[i].label)]
        return tuple(dict.fromkeys(labels))

    @property
    def _plain(self) -> tuple[Part, ...]:
        special = self.gathers
        return tuple(part for i, part in enumerate(self.parts) if i not in special)

    def _whole(self, axis: int) -> bool:
        subscript = self.parts[axis].subscript
        if subscript is None:
            return True
        buffer, number = self.storage.buffer, self.storage.order[axis]
        return isinstance(subscript, Span) and covers(subscript, buffer, number)


def _steady(part: Part) -> bool:
    return not isinstance(part.subscript, Span) or part.subscript.step == 1


def covers(span: Affine | Span | Gather, buffer: Buffer, axis: int) -> bool:
    """Does a subscript run over the whole of a family axis, in order?"""
    if not isinstance(span, Span) or span.start.constant or span.start.terms or span.step != 1:
        return False
    return span.count.value == buffer.family[axis].value


def reading(access: Access, storage: Storage) -> Reading:
    """The access, with the axes in the order of memory."""
    family = len(storage.buffer.family)
    parts = []
    for axis in storage.order:
        if axis >= family:
            parts.append(Part(access.indices[axis - family], None))
            continue
        subscript = access.subscripts[axis]
        label = (
            subscript.label if isinstance(subscript, Span) else "" if isinstance(subscript, Gather) else None
        )
        parts.append(Part(label, subscript))
    return Reading(storage, tuple(parts), access.conjugate)
