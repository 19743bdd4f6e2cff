"""Ranks as a person reads them."""

from fractions import Fraction

import pytest

from tncompile.cli.rank_text import bar, count_bar, histogram, quantiles, side_text
from tncompile.expressivity.result import CutSides, RankResult, Side
from tncompile.source.numbers import number_text


def side(*positions):
    return Side(tuple(("x", (k,)) for k in positions))


def result(lower, upper):
    return RankResult(
        CutSides("c", side(1), side(2)), "function", lower, upper, "exact", Fraction(0), "probe"
    )


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"),
    (1683, "1,683"),
    (999_999_999_999, "999,999,999,999"),
    (3**500, "3^500"),
    (10**15, "10^15"),
    (2 * 3**499, "2·3^499"),
    (2**4000 + 1, "1.32e1204"),
    (99_999_999_999_999_999, "1.00e17"),
])  # fmt: skip
def test_large_numbers_are_powers_or_have_leading_digits(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(("members", "text"), [
    (side(1, 2, 3, 4), "x[1..4]"),
    (side(1, 3), "x[1], x[3]"),
    (side(1, 2), "x[1], x[2]"),
    (side(), "nothing"),
    (side(*range(1, 100, 2)), "x[1], x[3], x[5], ..., x[99] (50 in all)"),
    (Side((("x", (1, 1)), ("x", (1, 2)), ("x", (1, 3)), ("y", ()))), "x[1, 1..3], y"),
    (Side((("x", (1, 1)), ("x", (2, 2)))), "x[1, 1], x[2, 2]"),
])  # fmt: skip
def test_sides_are_said_in_runs(members, text):
    assert side_text(members) == text


def test_bars_are_logarithmic_and_shade_what_the_bound_leaves_open():
    assert bar(result(100, 100), 100, 10) == "█" * 10
    assert bar(result(10, 100), 100, 10) == "█" * 5 + "░" * 5
    assert bar(result(10, None), 100, 10) == "█" * 5
    assert bar(result(0, 0), 100, 10) == ""
    assert bar(result(1, 1), 1, 10) == "▏"
    assert len(bar(result(3**500, 3**500), 3**500, 22)) == 22


def test_a_histogram_covers_every_value_once():
    values = [4, 4, 5, 9, 40, 41, 216]
    rows = histogram(values)
    assert sum(count for _, count in rows) == len(values)
    assert len(rows) <= 12
    assert histogram([7, 7, 7]) == [("7", 3)]
    assert histogram([1, 2, 2]) == [("1", 1), ("2", 2)]


def test_the_quantiles_are_values_that_occur():
    assert quantiles([5, 1, 3]) == (1, 3, 5)
    assert quantiles([1, 2, 3, 4]) == (1, 2, 4)


def test_counts_have_bars_to_an_eighth():
    assert count_bar(8, 8, 4) == "████"
    assert count_bar(1, 32, 4) == "▏"
    assert count_bar(0, 8, 4) == ""
