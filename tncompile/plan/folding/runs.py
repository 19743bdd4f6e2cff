"""Steps that reach members through tables of positions, as a few steps each that reach them by slices.

A table copies what it reads, and again what it writes. Where one label has few values, or a table consists of few stretches
of equal distances, a step for each of these reads and writes the arrays as they lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from tncompile.network import Extent, Formula, Ints
from tncompile.plan.cost import product, times
from tncompile.plan.folding.accesses import Axes, Subscript, affine_subscript
from tncompile.plan.folding.steps import labels_of, labels_of_subscript
from tncompile.plan.samples import usual_size
from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Loop, Span, Step

FEW = 3  # steps in the place of one
COPIED = 2**13  # elements that each step more must save from being copied: fewer take less time than its call


def in_runs(
    body: Sequence[Step | Loop], buffers: Mapping[str, Buffer], batch: str
) -> tuple[Step | Loop, ...]:
    """The nodes, with a few steps without tables in the place of one with them where that saves large copies."""
    found: list[Step | Loop] = []
    for node in body:
        if isinstance(node, Loop):
            found.append(replace(node, body=in_runs(node.body, buffers, batch)))
        else:
            found.extend(_runs(node, buffers, batch))
    return tuple(found)


def _runs(step: Step, buffers: Mapping[str, Buffer], batch: str) -> Sequence[Step]:
    if step.op == "reduce":  # read as views where the members are few
        return [step]
    copying = [access for access in (step.result, *step.operands) if _tables(access)]
    copied = sum(usual_size([step.labels[label] for label in labels_of(a)], batch) for a in copying)
    labels = {label: None for access in copying for table in _tables(access) for label in table.labels}
    ways: list[list[Step]] = []
    for label in labels:
        ends = None if label in step.summed else _ends(step, label)
        if ends is not None and copied >= COPIED * (len(ends) - 2):
            parts = [_part(step, label, *pair, buffers) for pair in pairwise(ends)]
            found = [part for part in parts if part is not None]
            ways += [found] if len(found) == len(parts) else []
    return min(ways, key=len, default=[step])


def _tables(access: Access) -> list[Gather]:
    return [subscript for subscript in access.subscripts if isinstance(subscript, Gather)]


def _ends(step: Step, label: str) -> list[int] | None:
    """Where stretches of a label begin and end in which all tables move evenly; None if there are too many, or one table never does."""
    count, columns = step.labels[label].value, []
    for table in (table for access in (step.result, *step.operands) for table in _tables(access)):
        if table.at or label not in table.labels:
            return None
        columns.append(np.moveaxis(table.table, table.labels.index(label), 0).reshape(count, -1))
    if any((column != column[:, :1]).any() for column in columns):
        return list(range(count + 1)) if count <= FEW else None
    moves = np.diff(np.concatenate([column[:, :1] for column in columns], axis=1), axis=0)
    ends = [0]
    while ends[-1] < count and len(ends) <= FEW:
        ends.append(_stop(moves, ends[-1]))
    return ends if ends[-1] == count else None


def _stop(moves: Ints, start: int) -> int:
    """The end of the stretch that begins at ``start``: the first place that lies elsewhere than even moves lead."""
    uneven = np.flatnonzero((moves[start:] != moves[start : start + 1]).any(axis=1))
    return start + 1 + (int(uneven[0]) if len(uneven) else len(moves) - start)


def _part(step: Step, label: str, start: int, stop: int, buffers: Mapping[str, Buffer]) -> Step | None:
    """A step for a stretch of a label; None where it would need tables still."""
    every = product(step.labels.values()).value
    if step.flops.value % every:
        return None
    labels = {other: extent for other, extent in step.labels.items() if other != label}
    if stop - start > 1:
        labels[label] = Extent(stop - start, Formula.constant(stop - start))
    found: list[Access] = []
    for access in (step.result, *step.operands):
        family = buffers[access.buffer].family
        new = [
            _narrowed(subscript, label, range(start, stop), labels, extent)
            for subscript, extent in zip(access.subscripts, family, strict=True)
        ]
        subscripts = tuple(subscript for subscript in new if subscript is not None)
        if len(subscripts) < len(new) or label in access.indices:
            return None
        found.append(replace(access, subscripts=subscripts))
    result, *operands = found
    spans = [name for subscript in result.subscripts for name in labels_of_subscript(subscript)]
    carried = {name for operand in operands for name in labels_of(operand)}
    if len(set(spans)) < len(spans) or not carried.issuperset(step.summed):
        return None
    flops = times(product(labels.values()), step.flops.value // every)
    return replace(step, result=result, operands=tuple(operands), labels=labels, flops=flops)


def _narrowed(
    subscript: Subscript, label: str, places: range, labels: Mapping[str, Extent], family: Extent
) -> Affine | Span | None:
    """A subscript along a stretch of a label, or at its only place; None where it is no slice."""
    if isinstance(subscript, Affine) or label not in labels_of_subscript(subscript):
        return None if isinstance(subscript, Gather) else subscript
    if isinstance(subscript, Span):
        constant = subscript.start.constant + subscript.step * places.start
        start = Affine(constant, subscript.start.terms)
        return Span(label, start, subscript.step, labels[label]) if len(places) > 1 else start
    axis, kept = subscript.labels.index(label), subscript.labels
    table = subscript.table.take(places, axis)
    if len(places) == 1:
        kept = tuple(other for other in kept if other != label)
        table = table.reshape([labels[name].value for name in kept])
    return affine_subscript(table, Axes((), kept, tuple(labels[name] for name in kept)), family)
