"""Closed forms of known families, from tables of their values; `test_closed_form` has the others."""

from __future__ import annotations

from itertools import product

import pytest

from tncompile.expressivity.closed_form import propose


def table(value, **axes):
    """The values of a family at every point of a box."""
    points = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    return [(point, value(**point)) for point in points]


@pytest.mark.parametrize(
    ("value", "axes", "wanted"),
    [
        (lambda d, n, r: min(r, n ** (d // 2)), {"d": (2, 4, 6), "n": range(1, 4), "r": (1, 2, 4, 9, 30)}, {"r", "n^(d/2)"}),
        (lambda T, M, R: min(R, M ** (T // 2)), {"T": (2, 4, 6), "M": range(1, 5), "R": (1, 2, 5, 9, 30)}, {"R", "M^(T/2)"}),
        (lambda T, M, R: min(R, M) ** (T // 2), {"T": (2, 4, 6, 8), "M": range(1, 5), "R": range(1, 5)}, {"R^(T/2)", "M^(T/2)"}),
    ],
    ids=["cp", "circuit L1", "circuit L1 odd/even"],
)  # fmt: skip
def test_the_forms_of_shallow_networks_are_found(value, axes, wanted):
    (length, *sizes) = axes
    found = propose(table(value, **axes), sizes, [length])
    assert {str(term) for term in found.form.terms} == wanted


def odd_even(d, n, r):
    return min(r ** (d - 1), n ** (d // 2), n ** (d // 2 - 1) * r)


def test_a_form_made_from_short_trains_alone_has_rivals_and_a_longer_one_tells_them_apart():
    sizes = {"n": range(1, 7), "r": range(1, 6)}
    short = propose(table(odd_even, d=(2, 4), **sizes), "nr", "d")
    long = propose(table(odd_even, d=(2, 4, 6), **sizes), "nr", "d")
    assert short.form is None or short.rivals
    assert long.form.value({"d": 8, "n": 3, "r": 2}) == 54
    assert long.rivals == ()
