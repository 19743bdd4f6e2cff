"""What the tables mark and sort by, and where values stand in the charts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.comparison.measured import extreme, measured
from tncompile.comparison.report.charts import front
from tncompile.comparison.report.measures import MEASURES, best_rows, rank_measure
from tncompile.comparison.report.scales import count_scale, raised, swept_scale
from tncompile.comparison.report.table import table_of
from tncompile.comparison.result import Comparison, CutRank, Row
from tncompile.source.numbers import seconds_text


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return measured()


def test_the_best_of_a_point_are_marked(comparison):
    rows = comparison.rows[-3:]
    largest = max(row.rank("odd_even").lower for row in rows)
    best = best_rows(rows, rank_measure("odd_even"))
    assert {rows[number].rank("odd_even").lower for number in best} == {largest}
    cheapest = best_rows(rows, MEASURES[0])
    assert {rows[number].weights for number in cheapest} == {min(row.weights for row in rows)}


def test_nothing_is_best_where_all_are_alike(comparison):
    assert best_rows(comparison.rows[:1], MEASURES[0]) == set()
    same = [replace(row, weights=5) for row in comparison.rows[:3]]
    assert best_rows(same, MEASURES[0]) == set()


def test_columns_are_sorted_by_exact_integers():
    ranks = (3**500 + 1, 3**500, 5, 3**500 + 1)
    rows = tuple(Row(f"n{k}", {}, {}, ranks=(CutRank("c", "function", r, None, "exact"),)) for k, r in enumerate(ranks))  # fmt: skip
    comparison = replace(extreme(4, 1), rows=rows, cuts=("c",), axes={})
    column = next(column for column in table_of(comparison, 100).columns if column.title == "rank")
    assert [cell.order for cell in column.cells] == [2, 1, 0, 2]


def test_the_front_holds_what_no_other_beats():
    points = [(10, 3), (5, 3), (7, 8), (20, 8), (30, 9), (5, 2)]
    assert front(points) == [(5, 3), (7, 8), (30, 9)]


def test_integers_of_any_size_stand_on_a_scale():
    scale = count_scale("rank", [1, 3**5000])
    assert scale.low < scale.place(1) < scale.place(3**5000) < scale.high
    assert scale.place(10**1000) == 1000
    assert len(scale.ticks) > 2


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([76, 81], ["75", "80", "85"]),
        ([1512, 1976], ["1,600", "1,800", "2,000"]),
        ([1], ["1"]),
        ([10**100], ["10¹⁰⁰"]),
        ([5], ["5"]),
        ([1, 81], ["1", "2", "5", "10", "20", "50"]),
        ([1, 10**9], ["1", "100", "10,000", "10⁶", "10⁸"]),
    ],
)
def test_ticks_are_round(values, ticks):
    shown = [text for _, text in count_scale("rank", values).ticks]
    assert set(ticks) <= set(shown)
    assert len(shown) <= 9


def test_ticks_of_a_swept_size_do_not_touch():
    assert [text for _, text in swept_scale("r", [6, 10, 76]).ticks] == ["6", "76"]
    assert [text for _, text in swept_scale("r", [60, 61, 90]).ticks] == ["60", "90"]


def test_a_swept_size_has_ticks_at_its_values():
    scale = swept_scale("r", [4, 1, 2, 8, 16, 32])
    assert [text for _, text in scale.ticks] == ["1", "2", "4", "8", "16", "32"]
    assert scale.logarithmic
    assert not swept_scale("r", [1, 2, 3]).logarithmic


@pytest.mark.parametrize(
    ("text", "high"),
    [("3^500", "3⁵⁰⁰"), ("2·3^499", "2·3⁴⁹⁹"), ("1.23e45", "1.23·10⁴⁵"), ("r^(d/2)", "r^(d/2)"), ("5", "5")],
)
def test_exponents_are_set_high(text, high):
    assert raised(text) == high


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.0, "1.00 s"), (0.0123, "12.3 ms"), (4.5e-7, "450 ns"), (75.3, "75.3 s"), (0.0, "0.00 ns")]
)  # fmt: skip
def test_seconds_have_a_unit(seconds, text):
    assert seconds_text(seconds) == text
