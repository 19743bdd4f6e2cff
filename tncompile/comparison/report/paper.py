"""The comparison as Markdown: tables as a draft of a paper has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tncompile.comparison.report.heat import theory_text, width_text
from tncompile.comparison.report.measures import Measure, best_rows, measures_of, rank_measure
from tncompile.comparison.report.scales import raised
from tncompile.comparison.report.series import point_text, spread
from tncompile.comparison.result import Comparison, EquivalentWidth, Row

SIGNS = {"probable": "*", "numerical": "~"}
MOST_POINTS = 8  # of which the equivalent widths are shown
_SPECIAL = re.compile(r"([\\`*\[\]<>|~#])")


def render(comparison: Comparison) -> str:
    """Markdown text (GitHub's tables)."""
    parts = [_title(comparison), _figures(comparison), *_widths(comparison), _origin(comparison)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(comparison: Comparison) -> str:
    cuts = ", ".join(comparison.cuts)
    said = (
        [f"Ranks of the {comparison.of} at the cut{'s' * (len(comparison.cuts) > 1)} {cuts}"] if cuts else []
    )
    if comparison.budget is not None:
        said.append(f"{comparison.budget.what} at most {comparison.budget.amount:,}")
    said += [f"{name} in {', '.join(map(str, values))}" for name, values in comparison.axes.items()]
    names = ", ".join(entry.label for entry in comparison.entries)
    lines = [f"# {_safe(names)}", f"{_safe('; '.join(said))}." if said else ""]
    if comparison.unfinished:
        lines.append(f"Not finished: {comparison.unfinished:,} jobs are missing.")
    return "\n\n".join(line for line in lines if line)


def _figures(comparison: Comparison) -> str:
    """A line for each row; in bold the best of its point."""
    rows, measures = comparison.rows, measures_of(comparison)
    axes = list(comparison.axes)
    with_width = any(row.width is not None and row.width not in row.point.values() for row in rows)
    header = ["network", *axes, *(["width"] if with_width else [])]
    header += [measure.title for measure in measures] + [f"rank, {cut}" for cut in comparison.cuts]
    marked = [(m, best_rows(rows, m)) for m in (*measures, *map(rank_measure, comparison.cuts))]
    lines = []
    for number, row in enumerate(rows):
        cells = [row.network, *(str(row.point.get(axis, "–")) for axis in axes)]
        cells += [str(row.width or "–")] if with_width else []
        texts = [_safe(cell) for cell in cells]
        texts += [_figure(row, measure, number in best) for measure, best in marked]
        lines.append(texts)
    note = "Bold: the best at its point." + _verdicts(comparison)
    return _table([_safe(name) for name in header], lines) + "\n\n" + note


def _figure(row: Row, measure: Measure, best: bool) -> str:
    """A figure as Markdown; its sign says how a rank is known."""
    text = raised(measure.text(row))
    if not text:
        return "failed" if measure.name in row.failures else "–"
    rank = row.rank(measure.name) if measure.is_rank else None
    safe = _safe(text + ("" if rank is None else SIGNS.get(rank.verdict, "")))
    return f"**{safe}**" if best else safe


def _verdicts(comparison: Comparison) -> str:
    found = {rank.verdict for row in comparison.rows for rank in row.ranks}
    meanings = {
        "at_least": "≥ marks a rank that may be larger",
        "probable": r"\* one that is larger with a small, stated probability only",
        "numerical": r"\~ one found in floating-point numbers",
    }
    said = [meaning for verdict, meaning in meanings.items() if verdict in found]
    certain = "All ranks are exact" if found == {"exact"} else "Other ranks are exact" if said else ""
    texts = [*said, certain]
    return "".join(f" {text[0].upper()}{text[1:]}." for text in texts if text) if found else ""


def _widths(comparison: Comparison) -> list[str]:
    """The matrices of equivalent widths, and how they are read."""
    groups: dict[str, list[EquivalentWidth]] = {}
    for width in comparison.widths:
        groups.setdefault(point_text(width.point), []).append(width)
    if not groups:
        return []
    labels = [entry.label for entry in comparison.entries]
    parts = ["## Equivalent widths", READING]
    for title, group in spread(list(groups.items()), MOST_POINTS):
        found = {(width.row, width.column): _width(width) for width in group}
        lines = [[_safe(row), *(_safe(found.get((row, column), "–")) for column in labels)] for row in labels]
        parts.append(_table([_safe(f"given at {title}" if title else "given"), *map(_safe, labels)], lines))
    return parts


READING = (
    "Each row is a given network; the columns say the least width at which another network can have the same rank at every compared cut. "
    "It is a lower bound on the width of an equivalent network by nature. ≥: not confirmed, more may be needed; none: no width can; "
    "?: a rank is missing; in parentheses what a theorem says."
)


def _width(width: EquivalentWidth) -> str:
    theory = f" ({theory_text(width.theory)})" if width.theory is not None else ""
    return raised(width_text(width)) + theory


def _origin(comparison: Comparison) -> str:
    origin = comparison.origin
    versions = ", ".join(f"{name} {version}" for name, version in origin.versions.items())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", origin.command)), default=2))
    command = f"{fence}\n{origin.command}\n{fence}"
    return f"Made {_safe(origin.made)} on {_safe(origin.machine)} with {_safe(versions)} by\n\n{command}"


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = [":--", *("--:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *lines))


def _safe(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
