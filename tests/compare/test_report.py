"""Reports: what they hold, that nothing in them runs or reaches out, that they are the same each time."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import types
from dataclasses import replace
from html.parser import HTMLParser

import pytest

import tncompile as tn
from tests.compare.measured import CUTS, EXAMPLES, HOSTILE, NAMES, extreme, many, measured
from tncompile.compare import report
from tncompile.compare.comparison import Budget, Certificate, Comparison, CutRank, EquivalentWidth, Row
from tncompile.compare.report.charts import front
from tncompile.compare.report.measures import MEASURES, best_rows, rank_measure
from tncompile.compare.report.scales import count_scale, raised, swept_scale
from tncompile.compare.report.table import table_of
from tncompile.source import TnError, UsageError
from tncompile.source.numbers import seconds_text

EMPTY = {"br", "circle", "defs", "ellipse", "hr", "img", "input", "line", "link", "meta", "path", "polygon", "rect", "stop", "use", "wbr"}  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, and whether they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in EMPTY:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


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


# --- tables and scales ---------------------------------------------------------------------------


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


# --- the other formats ---------------------------------------------------------------------------


def test_json_holds_everything(comparison):
    found = json.loads(report.render(comparison, ".json"))
    assert [row["network"] for row in found["rows"]] == [row.network for row in comparison.rows]
    assert found["widths"][0]["decided"] == comparison.widths[0].decided
    assert len(found["certificates"]) == len(comparison.certificates)


def test_integers_that_python_does_not_print_are_texts():
    row = Row("n", {}, {}, ranks=(CutRank("c", "function", 7**20000, None, "exact"),))
    comparison = replace(extreme(1, 1), rows=(row,), cuts=("c",), axes={}, widths=())
    assert json.loads(report.render(comparison, ".json"))["rows"][0]["ranks"][0]["lower"] == "7^20000"
    assert "7^20000" in report.render(comparison, ".csv")
    assert "7²⁰⁰⁰⁰" in report.render(comparison, ".html")
    assert "7²⁰⁰⁰⁰" in report.render(comparison, ".md")


def test_csv_has_a_line_for_each_row(comparison):
    rows = list(csv.DictReader(io.StringIO(report.render(comparison, ".csv"))))
    assert len(rows) == len(comparison.rows)
    for read, row in zip(rows, comparison.rows, strict=True):
        assert int(read["rank odd_even"]) == row.rank("odd_even").lower
        assert read["verdict odd_even"] == row.rank("odd_even").verdict
        assert int(read["r"]) == row.point["r"]
        assert read["score_seconds"] == ""


def test_markdown_tables_have_as_many_cells_in_every_line(comparison):
    for found in (comparison, extreme()):
        lines = report.render(found, ".md").splitlines()
        tables = "\n".join(line if line.startswith("|") else "" for line in lines).split("\n\n")
        for table in tables:
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines() if line}
            assert len(cells) <= 1
    assert "**" in report.render(comparison, ".md")
    assert "(≤ r = 2)" in report.render(comparison, ".md")


def test_the_matrix_says_how_each_width_is_known(comparison):
    kinds = [("proved", 4, "4"), ("probable", 4, "~ 4"), ("at_least", 4, "≥ 4"), ("unreachable", None, "none"), ("unknown", None, "?")]  # fmt: skip
    for decided, width, text in kinds:
        widths = (EquivalentWidth({"r": 3}, "cp", "tensor_train", width, decided, "odd_even"),)
        found = replace(comparison, widths=widths)
        assert re.search(rf'<td class="{decided} h\d">{re.escape(text)}<small', report.render(found, ".html"))
        assert f"| {text.replace('~', chr(92) + '~')} |" in report.render(found, ".md")


def test_markdown_of_hostile_texts_holds_no_html():
    assert not re.search(
        r"(?<!\\)<script", report.render(replace(extreme(), origin=measured().origin), ".md")
    )


def test_a_report_ends_in_one_of_the_formats(comparison, tmp_path):
    with pytest.raises(UsageError, match="ends in"):
        report.write_report(comparison, tmp_path / "report.pdf")
    with pytest.raises(TnError, match="cannot write"):
        report.write_report(comparison, tmp_path / "nowhere" / "report.csv")
    with pytest.raises(UsageError, match="no such folder"):
        report.check_report(tmp_path / "nowhere" / "report.html")
    with pytest.raises(UsageError, match="ends in"):
        report.check_report(tmp_path / "report")
    report.check_report(tmp_path / "report.MD")
    report.write_report(comparison, tmp_path / "report.MD")
    assert (tmp_path / "report.MD").read_text(encoding="utf-8").startswith("# tensor_train")


# --- notebooks and frames ------------------------------------------------------------------------


def test_the_table_is_a_list_of_flat_rows_without_pandas(comparison, monkeypatch):
    monkeypatch.setattr("tncompile.compare.comparison.find_spec", lambda _: None)
    table = comparison.table
    assert [row["network"] for row in table] == [row.network for row in comparison.rows]
    assert len({tuple(row) for row in table}) == 1


def test_the_table_is_a_frame_with_pandas(comparison, monkeypatch):
    frames = types.ModuleType("pandas")
    frames.DataFrame = lambda rows: ("a frame", rows)
    monkeypatch.setattr("tncompile.compare.comparison.find_spec", lambda name: name == "pandas")
    monkeypatch.setitem(sys.modules, "pandas", frames)
    assert comparison.table == ("a frame", comparison.records())


def test_objects_show_themselves_in_a_notebook(comparison, page):
    assert comparison.to_html() == page
    small = Page(comparison._repr_html_())
    assert small.wrong == []
    assert len(small.all("tr")) == len(comparison.rows) + 1
    assert Page(extreme()._repr_html_()).all("script") == []
    net = tn.load(EXAMPLES / "cp.tn", d=4, r=2)
    assert "<svg" in net._repr_svg_()
    ranks = tn.rank(net)
    assert Page(ranks._repr_html_()).wrong == []
    assert f"<td>{ranks.results[0].lower}</td>" in ranks._repr_html_()
