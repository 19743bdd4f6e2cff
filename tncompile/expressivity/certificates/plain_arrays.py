"""Arrays of residues with a name for every axis: products and sums in 64-bit integers, nothing clever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from math import prod

import numpy as np

from tncompile.network import Ints
from tncompile.source.records import record

Label = tuple[str, tuple[int, ...]]  # a wire ("a", (3,)), or an axis of points
ROW_POINTS: Label = ("row points", ())
COLUMN_POINTS: Label = ("column points", ())
POINTS = (ROW_POINTS, COLUMN_POINTS)
SAFE_SUM = 4096  # products of two residues below 2^25 that a sum of 64-bit integers surely holds


@record(eq=False)
class Named:
    """An array with a label for each of its first axes (all of them, unless it is a tensor not yet used)."""

    array: Ints
    labels: tuple[Label, ...]

    def size_of(self, label: Label) -> int:
        """The extent of an axis."""
        return int(self.array.shape[self.labels.index(label)])

    def aligned(self, labels: Sequence[Label]) -> Ints:
        """The array with its axes in the order of ``labels``, new axes of extent 1 for those it has not."""
        order = [self.labels.index(label) for label in labels if label in self.labels]
        items = tuple(slice(None) if label in self.labels else None for label in labels)
        found: Ints = self.array.transpose(order)[items]
        return found

    def diagonal(self) -> Named:
        """The array with each label once."""
        if len(set(self.labels)) == len(self.labels):
            return self
        distinct = tuple(dict.fromkeys(self.labels))
        numbers = [distinct.index(label) for label in self.labels]
        return Named(np.einsum(self.array, numbers, list(range(len(distinct)))), distinct)


def added(parts: Sequence[Named], prime: int) -> Named:
    """The sum; a part that lacks a label is constant along it."""
    labels = tuple(dict.fromkeys(label for part in parts for label in part.labels))
    total: Ints = np.zeros((), np.int64)
    for part in parts:
        total = (total + part.aligned(labels)) % prime
    return Named(np.asarray(total), labels)


def powered(base: Named, exponent: int, prime: int) -> Named:
    """A power entry by entry; the inverse for negative exponents. Raises ZeroDivisionError."""
    if exponent < 0:
        if not base.array.all():
            raise ZeroDivisionError("zero has no inverse")
        exponent %= prime - 1
    total = np.ones_like(base.array)
    for bit in bin(exponent)[2:]:
        total = total * total % prime
        if bit == "1":
            total = total * base.array % prime
    return Named(total, base.labels)


def contracted(
    factors: Sequence[Named], summed: Sequence[Label], extents: Mapping[Label, int], prime: int
) -> Named:
    """The product of the factors, summed over some labels: one label after the other, the cheapest first."""
    left, parts = list(dict.fromkeys(summed)), list(factors)
    while left:
        label = min(left, key=lambda one: _cost(one, parts))
        group = [part for part in parts if label in part.labels]
        if not group:
            parts.append(Named(np.asarray(np.int64(extents[label] % prime)), ()))
            left.remove(label)
            continue
        others = [part for part in parts if label not in part.labels]
        gone = [
            one
            for one in left
            if any(one in part.labels for part in group) and not any(one in part.labels for part in others)
        ]
        parts = [*others, _product(group, gone, prime)]
        left = [one for one in left if one not in gone]
    return _product(parts, [], prime)


def _cost(label: Label, parts: Sequence[Named]) -> int:
    """The size of the product of all parts with a label."""
    sizes = {one: part.size_of(one) for part in parts if label in part.labels for one in part.labels}
    return prod(sizes.values())


def _product(parts: Sequence[Named], gone: Sequence[Label], prime: int) -> Named:
    """The product, summed; parts of the same points first, so that rows and columns meet once."""
    kinds = [(), (ROW_POINTS,), (COLUMN_POINTS,), POINTS]
    groups = [[p for p in parts if tuple(x for x in POINTS if x in p.labels) == kind] for kind in kinds]
    merged = [reduce(lambda a, b: _pair(a, b, (), prime), group) for group in groups if group]
    if not merged:
        return Named(np.asarray(np.int64(1)), ())
    if len(merged) == 1:
        return _pair(merged[0], Named(np.asarray(np.int64(1)), ()), gone, prime)
    first = reduce(lambda a, b: _pair(a, b, (), prime), merged[:-1])
    return _pair(first, merged[-1], gone, prime)


def _pair(left: Named, right: Named, gone: Sequence[Label], prime: int) -> Named:
    labels = tuple(dict.fromkeys((*left.labels, *right.labels)))
    kept = tuple(label for label in labels if label not in gone)
    sizes = {
        **dict(zip(left.labels, left.array.shape, strict=True)),
        **dict(zip(right.labels, right.array.shape, strict=True)),
    }
    if prod(sizes[label] for label in gone) > SAFE_SUM:
        whole = left.aligned(labels) * right.aligned(labels) % prime
        axes = tuple(labels.index(label) for label in gone)
        return Named(whole.sum(axis=axes) % prime, kept)
    numbers = {label: number for number, label in enumerate(labels)}
    operands = [(part.array, [numbers[label] for label in part.labels]) for part in (left, right)]
    total = np.einsum(*operands[0], *operands[1], [numbers[label] for label in kept])
    return Named(np.asarray(total) % prime, kept)
