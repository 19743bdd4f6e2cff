"""The comparison as one page that needs nothing else: no other file, no network, no library."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tncompile.comparison.report.appendix import MOST_BYTES, appendix_of
from tncompile.comparison.report.charts import Charts
from tncompile.comparison.report.heat import heat_of
from tncompile.comparison.report.inline import inline_svg
from tncompile.comparison.report.measures import rank_measure
from tncompile.comparison.report.scales import raised
from tncompile.comparison.report.series import MOST_CUTS, last_point, point_text, sizes_text, spread
from tncompile.comparison.report.table import VERDICTS, failures_of, table_of
from tncompile.comparison.result import Comparison, CutRank, Entry
from tncompile.draw import draw
from tncompile.language import load
from tncompile.source import TnError
from tncompile.source.numbers import number_text, seconds_text
from tncompile.source.records import record

PACKAGE = "tncompile.comparison.report"
LARGEST_PAGE = 2_000_000  # bytes, certificates included
FEW_ROWS = 300  # that are shown before one asks for all
FEW_FAILURES = 200
MOST_CELLS = (30_000, 4_000)  # of the table; the second where the page would grow too large
LEGENDS = 4  # one in each section of charts
LARGEST_DRAWINGS = 480_000  # characters, of all networks


@record
class Portrait:
    """A network as the page shows it; ``reason`` says why there is no drawing."""

    entry: Entry
    sizes: str
    svg: Markup | None
    reason: str = ""


@record
class Standing:
    """A rank at the last point, and the networks that have it."""

    rank: str
    verdict: str
    networks: Sequence[str]


def render(comparison: Comparison) -> str:
    """The page as HTML text; the same text for the same comparison."""
    environment = Environment(
        loader=PackageLoader(PACKAGE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": _breakable,
        "markup": Markup,
        "seconds": seconds_text,
        "together": _together,
    }
    template = environment.get_template("page.html.j2")
    shown = replace(comparison, cuts=tuple(spread(comparison.cuts, MOST_CUTS)))
    context, room = _context(comparison, shown), 0
    for cells in MOST_CELLS:
        context["table"] = table_of(shown, cells)
        bare = template.render(**context, appendix=appendix_of(comparison, 0))
        room = min(MOST_BYTES, LARGEST_PAGE - len(bare.encode("utf-8")))
        if room >= 0:
            break
    return template.render(**context, appendix=appendix_of(comparison, max(room, 0)))


def _context(comparison: Comparison, shown: Comparison) -> dict[str, object]:
    """All that the template shows but the table and the certificates; ``shown`` has fewer cuts."""
    charts = Charts(shown)
    script = _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return {
        "comparison": comparison,
        "axes": [(name, _values_text(values)) for name, values in comparison.axes.items()],
        "budget": "" if comparison.budget is None else _budget_text(comparison),
        "last": point_text(last_point(comparison)),
        "standings": [(cut, found) for cut in shown.cuts if (found := _standings(comparison, cut))],
        "portraits": _portraits(comparison),
        "cuts_left_out": len(comparison.cuts) - len(shown.cuts),
        "few_rows": FEW_ROWS,
        "few_failures": FEW_FAILURES,
        "failures": failures_of(comparison),
        "across": charts.across.title,
        "samples": [charts.samples() for _ in range(LEGENDS)],
        "ranks": charts.ranks(),
        "fronts": charts.fronts(),
        "costs": charts.costs(),
        "accuracies": charts.accuracies(),
        "heat": heat_of(comparison),
        "style": Markup(_asset("page.css")),
        "script": Markup(script),
        "digest": digest,
    }


def _together(text: str) -> str:
    """``r = 4`` without a place where the line could break."""
    return text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def _breakable(text: str) -> Markup:
    """A label that a narrow column may break after its underscores."""
    return Markup("_<wbr>").join(text.split("_"))


def _asset(name: str) -> str:
    return files(PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _values_text(values: Sequence[int]) -> str:
    """``1…8``; what is no range is listed."""
    if len(values) > 2 and list(values) == list(range(values[0], values[-1] + 1)):
        return f"{values[0]}…{values[-1]}"
    return ", ".join(map(str, values))


def _budget_text(comparison: Comparison) -> str:
    budget = comparison.budget
    return "" if budget is None else f"{budget.what} ≤ {number_text(budget.amount)}"


def _standings(comparison: Comparison, cut: str) -> list[Standing]:
    """The ranks of a cut at the last point, the largest first."""
    point, measure = last_point(comparison), rank_measure(cut)
    groups: dict[tuple[int, str, str], list[str]] = {}
    for row in comparison.rows:
        rank: CutRank | None = row.rank(cut)
        if row.point == point and rank is not None:
            key = (rank.lower, raised(measure.text(row)), VERDICTS[rank.verdict])
            groups.setdefault(key, []).append(row.network)
    ordered = sorted(groups.items(), key=lambda item: -item[0][0])
    return [Standing(text, verdict, networks) for (_, text, verdict), networks in ordered]


def _portraits(comparison: Comparison) -> list[Portrait]:
    entries = comparison.entries
    most = LARGEST_DRAWINGS // max(4, len(entries))
    return [_portrait(entry, number, most) for number, entry in enumerate(entries)]


def _portrait(entry: Entry, number: int, most: int) -> Portrait:
    """A network's drawing, where it can be made and is not too large for a page."""
    sizes = sizes_text(entry.sizes)
    try:
        svg = inline_svg(draw(load(entry.drawn + "\n"), captioned=False).svg(), f"n{number}-", own_font=True)
    except TnError:
        return Portrait(entry, sizes, None, "it cannot be drawn")
    if len(svg) > most:
        return Portrait(entry, sizes, None, "too large for a page; tnc show draws it")
    return Portrait(entry, sizes, Markup(svg))
