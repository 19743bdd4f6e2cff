"""How a step reaches into a buffer: tables of positions recognised as spans, constants or gathers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tncompile.network import Extent, Ints
from tncompile.plan.folding.ranges import NEAR, nearest
from tncompile.plan.schedule import Affine, Gather, Span
from tncompile.source.records import record

Subscript = Affine | Span | Gather


@record
class Around:
    """A loop around a step: the name of its variable and the values that it takes, ``first`` on by ``step``."""

    variable: str
    first: int
    step: int
    count: int


@record
class Axes:
    """What the axes of a table of positions stand for: rounds of loops, then labels of the step."""

    loops: tuple[Around, ...]
    labels: tuple[str, ...]
    extents: tuple[Extent, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a table over all of them."""
        return (*(loop.count for loop in self.loops), *(extent.value for extent in self.extents))


def subscripts_of(
    tables: Sequence[Ints], family: Sequence[Extent], axes: Axes, written: bool, needed: Sequence[str] = ()
) -> tuple[Subscript, ...]:
    """A subscript for each axis of a family, from the positions (of shape ``axes.shape``) along it.

    ``written``: the access is a result, so no label may have two spans. The labels ``needed`` are
    carried even if nothing varies along them.
    """
    found = [affine_subscript(table, axes, extent) for table, extent in zip(tables, family, strict=True)]
    labels = _gathered_labels(tables, found, axes, written)
    spans = [subscript.label for subscript in found if isinstance(subscript, Span)]
    missing = [label for label in needed if label not in labels and label not in spans]
    if missing and found:
        found[found.index(None) if None in found else 0] = None
        gathered = _gathered_labels(tables, found, axes, written)
        labels = tuple(label for label in axes.labels if label in gathered or label in missing)
    return tuple(
        _gather(table, axes, labels) if subscript is None or _uses_label(subscript, labels) else subscript
        for table, subscript in zip(tables, found, strict=True)
    )


def _uses_label(subscript: Subscript, labels: Sequence[str]) -> bool:
    return isinstance(subscript, Span) and subscript.label in labels


def _gathered_labels(
    tables: Sequence[Ints], found: Sequence[Affine | Span | None], axes: Axes, written: bool
) -> tuple[str, ...]:
    """The labels that all gathers of the access share, so that no span is along one of them."""
    spans = [subscript.label for subscript in found if isinstance(subscript, Span)]
    gathered = {label for label in spans if written and spans.count(label) > 1}
    for table, subscript in zip(tables, found, strict=True):
        if subscript is None:
            gathered.update(label for axis, label in _label_axes(axes) if _varies(table, axis))
    return tuple(label for label in axes.labels if label in gathered)


def _label_axes(axes: Axes) -> list[tuple[int, str]]:
    return [(len(axes.loops) + number, label) for number, label in enumerate(axes.labels)]


def _varies(table: Ints, axis: int) -> bool:
    return table.shape[axis] > 1 and bool((table != table.take([0], axis)).any())


def affine_subscript(table: Ints, axes: Axes, extent: Extent) -> Affine | Span | None:
    """The positions as an affine expression of loop variables and at most one label, if they are one."""
    first = int(table[(0,) * table.ndim])
    steps = [
        int(table[tuple(int(a == axis) for a in range(table.ndim))]) - first if table.shape[axis] > 1 else 0
        for axis in range(table.ndim)
    ]
    along = [
        (axes.labels[axis - len(axes.loops)], steps[axis]) for axis, _ in _label_axes(axes) if steps[axis]
    ]
    if len(along) > 1 or not _is_affine(table, first, steps):
        return None
    start = _start(first, steps, axes.loops, extent)
    if not along:
        return start
    label, step = along[0]
    return Span(label, start, step, axes.extents[axes.labels.index(label)])


def _is_affine(table: Ints, first: int, steps: Sequence[int]) -> bool:
    expected = np.full((1,) * table.ndim, first)
    for axis, step in enumerate(steps):
        shape = [1] * table.ndim
        shape[axis] = table.shape[axis]
        expected = expected + step * np.arange(table.shape[axis]).reshape(shape)
    return bool((table == expected).all())


def _start(first: int, steps: Sequence[int], loops: Sequence[Around], extent: Extent) -> Affine:
    terms = []
    for loop, step in zip(loops, steps[: len(loops)], strict=True):
        if step:
            terms.append((loop.variable, step * loop.step))
            first -= step * loop.step * loop.first
    # What runs forwards is counted from the front; everything else, where it is near, from the end.
    forwards = any(factor > 0 for _, factor in terms)
    formula = None if forwards or first <= NEAR else nearest([(extent.value, extent.formula)], first)
    return Affine(first, tuple(terms), None if formula is None or formula.number is not None else formula)


def _gather(table: Ints, axes: Axes, labels: tuple[str, ...]) -> Gather:
    """A table over the loops along which the positions vary, and over all of ``labels``."""
    at = []
    kept = list(range(table.ndim))
    for axis, loop in enumerate(axes.loops):
        if _varies(table, axis):
            at.append(Affine(-loop.step * loop.first, ((loop.variable, loop.step),)))
        else:
            table = table.take([0], axis)
            kept.remove(axis)
    for axis, label in _label_axes(axes):
        if label not in labels:
            table = table.take([0], axis)
            kept.remove(axis)
    return Gather(
        labels, np.ascontiguousarray(table.reshape([table.shape[axis] for axis in kept])), tuple(at)
    )
