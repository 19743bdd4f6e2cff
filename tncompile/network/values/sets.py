"""Sets of integers as arrays.

The functions of NumPy for this do more than is needed here: each call takes some ten microseconds, and the first one
loads all of `numpy.ma`.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)
Array = npt.NDArray[Scalar]
Mask = npt.NDArray[np.bool_]


def unique(values: Array[Scalar]) -> Array[Scalar]:
    """The entries of an array of any shape, each once, in increasing order."""
    ordered = np.sort(values, axis=None)
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def numbered(values: Array[Scalar]) -> tuple[int, npt.NDArray[np.int64]]:
    """How many distinct values a vector has, and for each entry the place of its value among these in order."""
    order = values.argsort(kind="stable")
    ordered = values[order]
    first = np.zeros(len(ordered), np.int64)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:], casting="unsafe")
    places = np.empty(len(ordered), np.int64)
    places[order] = first.cumsum()
    return int(places[order[-1]]) + 1 if len(ordered) else 0, places


def unique_rows(rows: Array[Scalar]) -> Array[Scalar]:
    """The rows of a matrix, each once, in lexicographic order."""
    if not rows.shape[1]:
        return rows[:1]
    ordered = rows[np.lexsort(rows.T[::-1])]
    first = np.ones(len(ordered), np.bool_)
    np.any(ordered[1:] != ordered[:-1], axis=1, out=first[1:])
    return ordered[first]


def within(values: Array[Scalar], some: Array[Scalar]) -> Mask:
    """Which of the values are among some others."""
    known = np.sort(some, axis=None)
    if not len(known):
        return np.zeros(values.shape, np.bool_)
    places = np.minimum(known.searchsorted(values), len(known) - 1)
    found: Mask = known[places] == values
    return found


def union(one: Array[Scalar], other: Array[Scalar]) -> Array[Scalar]:
    """What is in either, in increasing order."""
    return unique(np.concatenate([one, other]))


def common(one: Array[Scalar], other: Array[Scalar]) -> Array[Scalar]:
    """What is in both, in increasing order."""
    mine = unique(one)
    return mine[within(mine, other)]


def without(one: Array[Scalar], other: Array[Scalar]) -> Array[Scalar]:
    """What is in the first alone, in increasing order."""
    mine = unique(one)
    return mine[~within(mine, other)]
