"""Reports: what they hold, that nothing in them runs or reaches out, that they are the same each time."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.comparison.measured import CUTS, HOSTILE, NAMES, extreme, many, measured
from tests.comparison.parsed import Page
from tncompile.comparison import report
from tncompile.comparison.result import Budget, Certificate, Comparison, CutRank, Row


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return measured()


@pytest.fixture(scope="module")
def page(comparison) -> str:
    return report.render(comparison, ".html")


# --- the page ------------------------------------------------------------------------------------


def test_the_page_is_well_formed(page):
    parsed = Page(page)
    assert parsed.wrong == []
    assert parsed.open == []
    assert parsed.all("html") == [{"lang": "en"}]


def test_every_identifier_is_there_once_and_every_reference_leads_somewhere(page):
    parsed = Page(page)
    names = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(names) == len(set(names))
    referred = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)|aria-labelledby="([^"]+)"', page))
    assert referred
    assert {name for found in referred for name in found if name} <= set(names)


def test_the_page_has_its_sections(page):
    for title in ("The networks", "All figures", "Rank against width r", "Rank against weights",
                  "Cost of a sample against width r", "Equivalent widths", "Certificates", "To make this again"):  # fmt: skip
        assert f">{title}</h2>" in page
    assert page.count('class="paper"') == len(NAMES)
    command = re.search(r'<pre class="command">(.*?)</pre>', page)[1]
    assert re.sub("</?span>", "", command) == measured().origin.command


def test_the_page_shows_the_ranks_with_their_verdict(page, comparison):
    for row in comparison.rows:
        for rank in row.ranks:
            assert re.search(rf"<td data-o=\d+( class=best)?>{rank.lower} <small>exact</small>", page)


def test_nothing_in_the_page_reaches_out(page):
    for _, attrs in Page(page).tags:
        for name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            assert (attrs.get(name) or "#").startswith(("#", "data:"))
    assert "@import" not in page
    assert set(re.findall(r"https?://[\w./]*", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "default-src 'none'" in page


def test_the_page_is_the_same_each_time(page, comparison):
    assert report.render(comparison, ".html") == page


def test_colours_come_from_the_page(page):
    charts = re.findall(r'<figure class="panel">.*?</figure>', page, re.DOTALL)
    assert charts
    for chart in charts:
        assert "var(--series-1)" in chart
        assert not re.search(r"#[0-9a-f]{6}\b", chart)


def test_hostile_texts_stay_texts():
    parsed = Page(report.render(extreme(), ".html"))
    assert parsed.wrong == []
    assert len(parsed.all("script")) == 1
    assert parsed.all("img") == []
    assert [attrs for _, attrs in parsed.tags if any(name.startswith("on") for name in attrs)] == []


def test_hostile_certificates_stay_text(comparison):
    claim = Certificate("cp", {"r": 1}, HOSTILE, {HOSTILE: [HOSTILE]})
    parsed = Page(report.render(replace(comparison, certificates=(claim,)), ".html"))
    assert parsed.wrong == []
    assert len(parsed.all("script")) == 1


def test_large_ranks_are_powers():
    page = report.render(extreme(), ".html")
    assert "3⁵⁰⁰" in page
    assert str(3**500) not in page


def test_a_page_of_thousands_of_rows_stays_below_two_megabytes():
    comparison = many(12, 200)
    page = report.render(comparison, ".html")
    assert len(page.encode("utf-8")) <= 2_000_000
    assert "of 200 points are shown" in page
    assert f"Show all {len(comparison.rows):,} rows" in page


def test_certificates_that_do_not_fit_can_be_had_by_a_command(comparison):
    large = {"cut": {"name": "odd_even"}, "text": "x" * 400_000}
    claims = tuple(Certificate("cp", {"r": width}, "odd_even", large) for width in (1, 2, 3))
    page = report.render(replace(comparison, certificates=claims), ".html")
    assert len(page.encode("utf-8")) <= 2_000_000
    assert page.count('class="claim"') == 2
    command = "tnc rank cp.tn -s d=4 -s n=3 -s r=3 -s C=1 --cut odd_even -o certificate.json"
    assert command in re.sub("</?span>", "", page)


def test_the_command_for_a_certificate_takes_lists(comparison):
    large = {"text": "x" * 2_000_000}
    claims = (Certificate("hierarchical_tucker", {"r": 2}, "start_end", large),)
    page = report.render(replace(comparison, certificates=claims), ".html")
    assert "-s &#39;r=[2, 2]&#39; --cut start_end" in re.sub("</?span>", "", page)


def test_failures_are_said():
    page = report.render(extreme(), ".html")
    assert ">too large</td>" in page
    assert "What could not be found, and why" in page
    assert "(at 3 points, from T = 1, R = 2 on)" in page
    assert "out of time after 60 s" in page


def test_an_unfinished_comparison_says_so(page, comparison):
    assert "Not finished" not in page
    assert "Not finished: 2 jobs are missing" in report.render(replace(comparison, unfinished=2), ".html")


@pytest.mark.parametrize("suffix", report.FORMATS)
def test_a_comparison_of_almost_nothing(suffix, comparison):
    bare = replace(
        comparison, entries=comparison.entries[:1], axes={}, cuts=(), widths=(), certificates=(),
        rows=(Row("tensor_train", {}, {}, failures={"network": "it failed"}),), budget=Budget("weights", 5000),
    )  # fmt: skip
    assert "tensor_train" in report.render(bare, suffix)
    assert report.render(replace(bare, rows=()), suffix)


def test_many_cuts_are_thinned(comparison):
    cuts = tuple(f"cut{k}" for k in range(127))
    rows = tuple(
        replace(row, ranks=tuple(CutRank(cut, "function", 2, 2, "exact") for cut in cuts))
        for row in comparison.rows
    )
    page = report.render(replace(comparison, rows=rows, cuts=cuts), ".html")
    assert "119 of 127 cuts are left out" in page
    assert len(page.encode("utf-8")) < 1_000_000
    assert "rank cut77" in report.render(replace(comparison, rows=rows, cuts=cuts), ".csv")


def test_rows_are_left_out_where_the_page_would_grow_too_large():
    comparison = many(12, 300)
    page = report.render(comparison, ".html")
    assert len(page.encode("utf-8")) <= 2_000_000
    left = int(re.search(r"([\d,]+) of 3,600 rows are left out", page)[1].replace(",", ""))
    assert page.count('<tr><th scope="row">network_0</th><td data-o') == (3600 - left) / 12


def test_two_axes_make_a_panel_for_each_value_of_the_second(comparison):
    rows = tuple(
        replace(row, point={**row.point, "d": d}, weights=(row.weights or 0) + d)
        for d in (4, 8)
        for row in comparison.rows
    )
    page = report.render(replace(comparison, rows=rows, axes={**comparison.axes, "d": (4, 8)}), ".html")
    for cut in CUTS:
        for d in (4, 8):
            assert page.count(f"<figcaption>{cut}, d = {d}</figcaption>") == 2  # ranks, and against weights


def test_a_network_without_a_width_still_has_ranks_against_weights(comparison):
    rows = tuple(replace(row, point={}, width=None) for row in comparison.rows[-3:])
    page = report.render(replace(comparison, rows=rows, axes={}), ".html")
    assert ">Rank against weights</h2>" in page
    assert ">Rank against width" not in page
