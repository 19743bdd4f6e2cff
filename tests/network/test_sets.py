"""Sets of integers: what NumPy's functions give."""

from __future__ import annotations

import numpy as np
import pytest

from tncompile.network.values.sets import common, numbered, union, unique, unique_rows, within, without


def arrays(seed: int) -> list[np.ndarray]:
    draw = np.random.default_rng(seed)
    return [draw.integers(-5, 5, size) for size in (0, 1, 2, 7, 40)]


@pytest.mark.parametrize("seed", range(5))
def test_sets_are_those_of_numpy(seed):
    for one in arrays(seed):
        values, places = np.unique(one, return_inverse=True)
        assert np.array_equal(unique(one), values)
        count, found = numbered(one)
        assert count == len(values)
        assert np.array_equal(found, places)
        for other in arrays(seed + 10):
            assert np.array_equal(within(one, other), np.isin(one, other))
            assert np.array_equal(union(one, other), np.union1d(one, other))
            assert np.array_equal(common(one, other), np.intersect1d(one, other))
            assert np.array_equal(without(one, other), np.setdiff1d(one, other))


def test_arrays_of_several_axes_are_flattened_but_a_mask_keeps_its_shape():
    values = np.array([[3, 1], [1, 2]])
    assert unique(values).tolist() == [1, 2, 3]
    assert within(values, np.array([[1], [3]])).tolist() == [[True, True], [True, False]]


@pytest.mark.parametrize("shape", [(0, 2), (1, 3), (30, 1), (30, 2), (30, 4), (5, 0)])
def test_rows_are_those_of_numpy(shape):
    rows = np.random.default_rng(0).integers(0, 3, shape)
    assert np.array_equal(unique_rows(rows), np.unique(rows, axis=0))
