"""What products cost as their matrices lie."""

from __future__ import annotations

import pytest

from tncompile.codegen.arrays.products import best_product
from tncompile.codegen.arrays.strided import Strided

SIZES = {"r": 32, "s": 128, "q": 1024}


def cost(first, second, result, **sizes):
    arrays = (Strided.dense(labels) for labels in (first, second, result))
    return best_product(*arrays, False, {**SIZES, **sizes}).cost


@pytest.mark.parametrize("swapped", [False, True])
def test_a_large_matrix_is_read_along_its_rows(swapped):
    """On which side it stands is all the same: the result lies as it does."""
    pairs = [("rs", second) for second in ("sq", "qs")]
    along, across = (cost(*(pair[::-1] if swapped else pair), "rq") for pair in pairs)
    assert 1.2 * along < across


def test_small_matrices_may_lie_either_way_but_not_both_along_what_is_summed():
    rows, columns, both = (
        cost("rs", "sq", "rq", q=64),
        cost("sr", "qs", "rq", q=64),
        cost("rs", "qs", "rq", q=64),
    )
    assert rows == columns < both


def test_entries_that_lie_apart_take_longer_wherever_they_lie():
    dense, apart = Strided.dense("rs"), Strided(("r", "s"), (False, True))
    costs = [
        best_product(first, dense, result, False, SIZES).cost
        for first, result in ((dense, dense), (apart, dense), (dense, apart))
    ]
    assert costs[0] < costs[1] == costs[2]


def test_a_long_matrix_may_lie_either_way():
    assert cost("qs", "sr", "qr") == cost("sq", "sr", "qr") == cost("qs", "rs", "qr")
