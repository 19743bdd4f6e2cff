"""Exponents of two as a caller gives them: the scale of a cotangent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tncompile.network import Network
from tncompile.runtime.data import Expected, quoted, shape_of
from tncompile.source import TnError
from tncompile.source.records import record

Array = Any
Pair = tuple[Array, Array]  # mantissas and scales

EMPTY = -(2**48)  # the exponent of 0, below all others
FAR = 2**11  # no power of two that counts is farther from 1


def aligned_sum(one: Pair, other: Pair, namespace: Any) -> Pair:
    """The sum of arrays ``mantissa * 2**scale`` of one shape, entry by entry at the larger scale; that of 0 may be any.

    The mantissas may be written over: new arrays as large as these would take longer than to add them up. Where each
    array has one scale, as gradients have whose adjoints follow their states, so has the sum.
    """
    if namespace is np:  # elsewhere to look at them takes longer than to add them up
        if not _counts(other[0]):
            return one
        if not _counts(one[0]):
            return other
        scales = _one_scale(one[1]), _one_scale(other[1])
        if scales[0] is not None and scales[1] is not None:
            largest = max(scales[0], scales[1])
            _move(one[0], scales[0] - largest)
            _move(other[0], scales[1] - largest)
            np.add(one[0], other[0], out=one[0])
            return one[0], np.broadcast_to(np.int64(largest), one[0].shape)
    pairs = [(mantissa, namespace.where(mantissa == 0, EMPTY, scale)) for mantissa, scale in (one, other)]
    largest = namespace.maximum(pairs[0][1], pairs[1][1])
    total = sum(
        mantissa * namespace.ldexp(1.0, namespace.maximum(scale - largest, -FAR)).astype(mantissa.dtype)
        for mantissa, scale in pairs
    )
    return total, namespace.where(largest == EMPTY, 0, largest)


def sized_sum(one: Pair, other: Pair, namespace: Any) -> Pair:
    """The sum of two arrays ``mantissa * 2**scale``, at the larger scale, its largest mantissa in [1, 2).

    A scale counts for all along the axes of length 1 that it has, as those of outputs do; that of 0 is 0. This is
    what modules do to add up slices, to the last bit.
    """
    axes = tuple(axis for axis, extent in enumerate(one[1].shape) if extent == 1)
    scales = [namespace.where(_largest(m, axes) == 0, EMPTY, scale) for m, scale in (one, other)]
    top = namespace.maximum(*scales)
    total = one[0] * _share(scales[0] - top, one[0].dtype, namespace)
    total += other[0] * _share(scales[1] - top, one[0].dtype, namespace)
    size = _largest(total, axes)
    exponent = namespace.frexp(size)[1] - 1
    total /= namespace.ldexp(size.dtype.type(1), exponent)
    return total, namespace.where(size == 0, 0, top + exponent)


def _largest(mantissa: Array, axes: tuple[int, ...]) -> Array:
    return abs(mantissa).max(axis=axes, keepdims=True)


def _share(below: Array, dtype: Any, namespace: Any) -> Array:
    """``2**below``; 0 for what is too far below 1 to count."""
    limits = np.finfo(dtype)
    faint = int(limits.minexp) * 3 // 4
    power = namespace.ldexp(limits.dtype.type(1), namespace.maximum(below, faint))
    return namespace.where(below < faint, limits.dtype.type(0), power)


def sum_of_outputs(one: Any, other: Any, namespace: Any) -> Any:
    """The sum of two results of a score: pairs of arrays or of lists of them, maybe by name."""
    if isinstance(one, dict):
        return {name: sum_of_outputs(pair, other[name], namespace) for name, pair in one.items()}
    if not isinstance(one[0], list):
        return sized_sum(one, other, namespace)
    members = zip(zip(*one, strict=True), zip(*other, strict=True), strict=True)
    sums = [sized_sum(mine, theirs, namespace) for mine, theirs in members]
    return [mantissa for mantissa, _ in sums], [scale for _, scale in sums]


def sum_of_gradients(one: Pair, other: Pair, blocks: Sequence[tuple[int, int, int]], namespace: Any) -> Pair:
    """The sum of two gradients, member by member: a block begins at a place and has so many members of so many weights."""
    mantissas, scales = namespace.empty_like(one[0]), namespace.empty(one[1].shape, one[1].dtype)
    for start, count, size in blocks:
        place, shape = slice(start, start + count * size), (count, size)
        mine, theirs = ((m[place].reshape(shape), s[place].reshape(shape)[:, :1]) for m, s in (one, other))
        mantissa, scale = sized_sum(mine, theirs, namespace)
        mantissas[place].reshape(shape)[...] = mantissa
        scales[place].reshape(shape)[...] = scale
    return mantissas, scales


def _counts(mantissa: Array) -> bool:
    """Is any entry not 0? Mostly the first one is not."""
    return bool(mantissa.size and (mantissa.flat[0] or mantissa.any()))


def _one_scale(scale: Array) -> int | None:
    """The scale of all entries, None where there are several."""
    first = int(scale.flat[0]) if scale.size else 0
    return first if not any(scale.strides) or (scale == first).all() else None


def _move(mantissa: Array, exponent: int) -> None:
    """Multiplies by ``2**exponent``, for an exponent that is not above 0."""
    if exponent:
        mantissa *= mantissa.real.dtype.type(math.ldexp(1.0, max(exponent, -FAR)))


@record
class ScaleReader:
    """Reads exponents for outputs of a network with its samples, if ``batch`` counts them."""

    network: Network
    batch: str | None
    namespace: Any  # numpy or cupy

    def read(self, wanted: Expected, mantissas: Any, scale: Any) -> Array | list[Array]:
        """Whole numbers that broadcast against the mantissas, in their form. Raises TnError."""
        table = self.network.tables.tensors[wanted.name]
        shapes = [shape_of(table.blocks[number].shape, self.batch) for number in table.block_of.tolist()]
        legs = [len(shape) - (-1 in shape) for shape in shapes]
        if wanted.whole:
            return self._array(wanted.name, mantissas, legs[0], 0 if scale is None else scale)
        scales = [0] * len(legs) if scale is None else scale
        if not isinstance(scales, list | tuple) or len(scales) != len(legs):
            raise TnError(
                f"the scale of `{wanted.name}` is a list of {len(legs)} arrays, one for each member"
            )
        members = zip(wanted.members, mantissas, legs, scales, strict=True)
        return [self._array(title, mantissa, count, one) for title, mantissa, count, one in members]

    def _array(self, title: str, mantissas: Array, legs: int, value: object) -> Array:
        array = self.namespace.asarray(value)
        first = mantissas.shape[: mantissas.ndim - legs]
        shape = (*first, *[1] * legs)
        if array.dtype.kind not in "iu":
            raise TnError(f"the scale of {quoted(title)} holds {array.dtype}, not whole numbers")
        if array.shape not in ((), shape):
            raise TnError(f"the scale of {quoted(title)} has the shape {shape}, here is {array.shape}")
        return self.namespace.broadcast_to(array, shape)
