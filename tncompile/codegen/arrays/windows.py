"""Reads written otherwise: a short axis as a few arrays, tables of positions turned so that nothing is copied twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, permutations, product

import numpy as np

from tncompile.codegen.arrays.contraction import plan_contraction
from tncompile.codegen.arrays.reading import Reading
from tncompile.codegen.arrays.strided import Sizes, Strided
from tncompile.plan.folding.steps import labels_of_subscript
from tncompile.plan.schedule import Access, Affine, Gather, Span, Step

FEW = 3  # arrays: more are reduced in one call
ORDERS = 24  # of the gathered labels of an operand that are tried


def parts_of(step: Step) -> list[Access] | None:
    """The operand of a reduction for each value of the label that is reduced, if these are few and each is a view.

    None where they are not, or there are several such labels. Arrays one after the other are faster than a short axis,
    and a table of positions would have copied what it reads.
    """
    if len(step.operands) != 1 or len(step.summed) != 1 or not 1 < step.labels[step.summed[0]].value <= FEW:
        return None
    (operand,), (gone,) = step.operands, step.summed
    around = [s for s in operand.subscripts if gone in labels_of_subscript(s)]
    if len(around) != 1 or gone in operand.indices:
        return None
    (old,) = around
    chosen = [_at(old, step, gone, value) for value in range(step.labels[gone].value)]
    return [_with(operand, old, new) for new in chosen if new is not None] if all(chosen) else None


def _at(subscript: Affine | Span | Gather, step: Step, label: str, value: int) -> Affine | Span | None:
    """A subscript at one value of a label; None where it is no slice."""
    if isinstance(subscript, Span):
        return replace(
            subscript.start, constant=subscript.start.constant + subscript.step * value, formula=None
        )
    if not isinstance(subscript, Gather) or subscript.at or len(subscript.labels) != 2:
        return None
    column = np.moveaxis(subscript.table, subscript.labels.index(label), 0)[value]
    (kept,) = (other for other in subscript.labels if other != label)
    steps = np.diff(column)
    if len(column) < 2 or int(steps[0]) <= 0 or (steps != steps[0]).any():
        return None
    return Span(kept, Affine(int(column[0])), int(steps[0]), step.labels[kept])


def _with(access: Access, old: Affine | Span | Gather, new: Affine | Span) -> Access:
    return replace(access, subscripts=tuple(new if s is old else s for s in access.subscripts))


def turned(readings: Sequence[Reading], result: Strided, fresh: bool, sizes: Sizes) -> list[Reading]:
    """The operands of a contraction, their gathered labels in the orders that make it cheapest."""
    ways = product(*(islice(_orders(reading), ORDERS) for reading in readings))
    return list(
        min(ways, key=lambda way: plan_contraction([r.strided for r in way], result, fresh, sizes).cost)
    )


def _orders(reading: Reading) -> Iterator[Reading]:
    for order in permutations(reading.gathered):
        yield replace(reading, turned=order)
