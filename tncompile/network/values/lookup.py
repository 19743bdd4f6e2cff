"""Finding members of a family by their subscripts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def find_members(members: Ints, subscripts: Ints) -> Ints:
    """Positions of ``subscripts`` (rows, k) among ``members`` (count, k), in lexicographic order; -1 where absent."""
    rows = len(subscripts)
    if len(members) == 0:
        return np.full(rows, -1, np.int64)
    if members.shape[1] == 0:
        return np.zeros(rows, np.int64)
    low, high = members.min(axis=0), members.max(axis=0)
    widths = [int(w) for w in high - low + 1]
    span = 1
    for width in widths:
        span *= width
    if span >= 2**62:
        return _find_by_hash(members, subscripts)
    inside = np.all((subscripts >= low) & (subscripts <= high), axis=1)
    keys = _keys(members - low, widths)
    wanted = _keys(np.where(inside[:, None], subscripts - low, 0), widths)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(inside & (keys[places] == wanted), places, -1).astype(np.int64)


def _keys(offsets: Ints, widths: list[int]) -> Ints:
    keys = np.zeros(len(offsets), np.int64)
    for column, width in zip(offsets.T, widths, strict=True):
        keys = keys * width + column
    return keys


def _find_by_hash(members: Ints, subscripts: Ints) -> Ints:
    # Members so far apart that a mixed-radix key would overflow.
    places = {tuple(member): i for i, member in enumerate(members.tolist())}
    return np.array([places.get(tuple(row), -1) for row in subscripts.tolist()], np.int64)
