"""Grouping and joining of integers in bulk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tncompile.network.values.rows import Ints
from tncompile.network.values.sets import numbered


def lexicographic_ranks(columns: Sequence[Ints], count: int) -> Ints:
    """A dense number for each row of integer columns: equal rows alike, in lexicographic order."""
    ranks, size = np.zeros(count, np.int64), 1
    for column in columns:
        distinct, places = numbered(column)
        if size * distinct >= 2**62:
            ranks = numbered(ranks)[1]
            size = count
        ranks = ranks * distinct + places
        size *= distinct
    return numbered(ranks)[1]


def group_rows(columns: Sequence[Ints], count: int) -> list[Ints]:
    """Positions of equal rows, each group increasing, the groups by their first rows."""
    if count == 0:
        return []
    varying = [column for column in columns if (column != column[0]).any()]
    if not varying:
        return [np.arange(count)]
    return groups_of(lexicographic_ranks(varying, count))


def groups_of(labels: Ints) -> list[Ints]:
    """Positions of equal labels, each group increasing, the groups by their first positions."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order])) + 1
    return sorted(np.split(order, starts), key=lambda group: int(group[0]))


def fingerprint(owner: Ints, owners: int, columns: Sequence[Ints]) -> Ints:
    """A 64-bit number for each owner that tells apart the sequences of its rows (``owner`` increases)."""
    counts = np.bincount(owner, minlength=owners)
    starts = np.cumsum(counts) - counts
    mixed = (np.arange(len(owner)) - starts[owner]).astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = _mix(mixed)
        for column in columns:
            mixed = _mix(mixed ^ column.astype(np.uint64))
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        result = _mix(sums[starts + counts] - sums[starts]) + counts.astype(np.uint64)
    return result.view(np.int64)


def _mix(values: np.typing.NDArray[np.uint64]) -> np.typing.NDArray[np.uint64]:
    # The finaliser of the splitmix64 generator: every bit of the input reaches every bit of the output.
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def components(count: int, left: Ints, right: Ints) -> Ints:
    """The connected components of a graph: for each node the smallest node of its component."""
    labels = np.arange(count)
    while len(left):
        a, b = labels[left], labels[right]
        apart = a != b
        left, right, a, b = left[apart], right[apart], a[apart], b[apart]
        np.minimum.at(labels, np.maximum(a, b), np.minimum(a, b))
        while True:
            further = labels[labels]
            if np.array_equal(further, labels):
                break
            labels = further
    return labels


def first_equal(matrix: Ints) -> Ints:
    """For each entry of a row the first column of that row with the same value."""
    rows, width = matrix.shape
    if width == 0:
        return matrix
    order = np.argsort(matrix, axis=1, kind="stable")
    ordered = np.take_along_axis(matrix, order, axis=1)
    begins = np.ones((rows, width), np.bool_)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    start = np.maximum.accumulate(np.where(begins, np.arange(width), 0), axis=1)
    result = np.empty_like(matrix)
    np.put_along_axis(result, order, np.take_along_axis(order, start, axis=1), axis=1)
    return result


def stretches(owner: Ints, wanted: Ints) -> Ints:
    """The positions in ``owner`` (increasing) that hold the ``wanted`` owners, in the order wanted."""
    starts = np.searchsorted(owner, wanted, side="left")
    counts = np.searchsorted(owner, wanted, side="right") - starts
    shift = starts - (np.cumsum(counts) - counts)
    places: Ints = np.arange(int(counts.sum())) + np.repeat(shift, counts)
    return places
