"""Reports that are no pages, and how comparisons show themselves in Python."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import types
from dataclasses import replace

import pytest

import tncompile as tn
from tests.comparison.measured import EXAMPLES, extreme, measured
from tests.comparison.parsed import Page
from tncompile.comparison import report
from tncompile.comparison.result import Comparison, CutRank, EquivalentWidth, Row
from tncompile.source import TnError, UsageError


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return measured()


@pytest.fixture(scope="module")
def page(comparison) -> str:
    return report.render(comparison, ".html")


def test_json_holds_everything(comparison):
    found = json.loads(report.render(comparison, ".json"))
    assert [row["network"] for row in found["rows"]] == [row.network for row in comparison.rows]
    assert found["equivalent_widths"][0]["decided"] == comparison.widths[0].decided
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
    monkeypatch.setattr("tncompile.comparison.result.find_spec", lambda _: None)
    table = comparison.table
    assert [row["network"] for row in table] == [row.network for row in comparison.rows]
    assert len({tuple(row) for row in table}) == 1


def test_the_table_is_a_frame_with_pandas(comparison, monkeypatch):
    frames = types.ModuleType("pandas")
    frames.DataFrame = lambda rows: ("a frame", rows)
    monkeypatch.setattr("tncompile.comparison.result.find_spec", lambda name: name == "pandas")
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
