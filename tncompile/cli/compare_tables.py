"""A comparison as tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tncompile.comparison.report.heat import width_text
from tncompile.comparison.report.measures import Measure, best_rows, measures_of, rank_measure
from tncompile.comparison.report.series import point_text
from tncompile.comparison.result import Budget, Comparison, CutRank, EquivalentWidth, Row
from tncompile.source.numbers import number_text

MOST_CUTS = 4  # cuts that stand in the table
MOST_ROWS = 200
MOST_REASONS = 3
COLOURS = {"exact": "", "probable": "", "at_least": "yellow", "numerical": "magenta"}
SIGNS = {"exact": "", "probable": "~", "at_least": "≥", "numerical": "num "}
# Where the title of a measure is too wide for a terminal.
TITLES = {
    "dimension": "dim.",
    "score_flops": "FLOPs",
    "gradient_flops": "gradient",
    "peak_elements": "peak",
    "score_seconds": "time",
    "gradient_seconds": "grad. time",
    "vc_bound": "VC ≤",
    "train_accuracy": "train",
    "test_accuracy": "test",
}


def print_comparison(console: Console, comparison: Comparison) -> None:
    """What was compared, the table of rows, what failed, the equivalent widths."""
    console.print(_title(comparison), soft_wrap=True)
    for measures in _parts(console, comparison):
        console.print(_rows(comparison, measures))
    if legend := _legend(comparison):
        console.print(legend, style="dim", markup=False)
    _print_failures(console, comparison)
    if comparison.widths:
        console.print()
        _print_widths(console, comparison)


def _title(comparison: Comparison) -> Text:
    same = comparison.entries[0].sizes
    shared = {n: v for n, v in same.items() if all(e.sizes.get(n, v) == v for e in comparison.entries)}
    sizes = ", ".join(f"{name} = {_value(value)}" for name, value in shared.items())
    names = ", ".join(entry.label for entry in comparison.entries)
    parts: list[str | tuple[str, str]] = [(names, "bold"), f"   {sizes}" if sizes else ""]
    if comparison.budget is not None:
        parts.append(f"   within {comparison.budget.amount:,} {comparison.budget.what}")
    if comparison.of != "function":
        parts.append(f"   ranks of the {comparison.of}")
    return Text.assemble(*parts)


def _value(value: object) -> str:
    return "[" + ", ".join(map(_value, value)) + "]" if isinstance(value, list | tuple) else str(value)


# --- rows ----------------------------------------------------------------------------------------


def _parts(console: Console, comparison: Comparison) -> list[list[Measure]]:
    """What stands in one table; or what it costs and what it can express apart, in as many as the width asks for."""
    measures = measures_of(comparison)
    costs = [measure for measure in measures if measure.name != "vc_bound"]
    if comparison.budget is not None:
        costs.insert(0, _spent(comparison.budget))
    ranks = [measure for measure in measures if measure not in costs]
    ranks += [rank_measure(cut) for cut in comparison.cuts[:MOST_CUTS]]
    if _fits(console, comparison, [*costs, *ranks]):
        return [[*costs, *ranks]]
    return [part for group in (costs, ranks) for part in _packed(console, comparison, group)]


def _packed(console: Console, comparison: Comparison, measures: Sequence[Measure]) -> list[list[Measure]]:
    """Tables of as many measures as fit, in order."""
    parts: list[list[Measure]] = []
    for measure in measures:
        if parts and _fits(console, comparison, [*parts[-1], measure]):
            parts[-1].append(measure)
        else:
            parts.append([measure])
    return parts


def _fits(console: Console, comparison: Comparison, measures: Sequence[Measure]) -> bool:
    table = _rows(comparison, measures)
    return Measurement.get(console, console.options.update_width(10_000), table).maximum <= console.width


def _spent(budget: Budget) -> Measure:
    """What share of the budget is spent."""

    def text(row: Row) -> str:
        return "" if row.budget_spent is None else f"{row.budget_spent / budget.amount:.1%}"

    return Measure("budget_spent", "spent", lambda row: row.budget_spent, text)


def _rows(comparison: Comparison, measures: Sequence[Measure]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    shows_width = "width" not in comparison.axes and any(row.width is not None for row in comparison.rows)
    for axis in comparison.axes:
        table.add_column(axis, justify="right", no_wrap=True)
    table.add_column("network", no_wrap=True)
    for title in ["width"] * shows_width + [
        m.name if m.is_rank else TITLES.get(m.name, m.title) for m in measures
    ]:
        table.add_column(title, justify="right", no_wrap=True)
    best = [best_rows(comparison.rows, measure) for measure in measures]
    shown = comparison.rows[:MOST_ROWS]
    for number, row in enumerate(shown):
        new = number == 0 or shown[number - 1].point != row.point
        if new and number and len(comparison.entries) > 1:
            table.add_section()
        cells = [str(value) if new else "" for value in row.point.values()]
        width = ["–" if row.width is None else f"{row.width:,}"] * shows_width
        values = [
            _marked(_cell(m, row), number in winners) for m, winners in zip(measures, best, strict=True)
        ]
        table.add_row(*cells, row.network, *width, *values)
    return table


def _cell(measure: Measure, row: Row) -> Text:
    if measure.is_rank:
        return _rank(row.rank(measure.name))
    text = measure.text(row)
    return Text(text) if text else Text("–", "dim")


def _marked(text: Text, best: bool) -> Text:
    return Text.assemble((text.plain, "bold green"), ("*", "green")) if best else Text.assemble(text, " ")


def _rank(rank: CutRank | None) -> Text:
    """The rank; in brackets the bound where it is larger."""
    if rank is None:
        return Text("–", "dim")
    bound = "" if rank.upper in (None, rank.lower) else f" [{number_text(rank.upper or 0)}]"
    return Text(SIGNS[rank.verdict] + number_text(rank.lower) + bound, COLOURS[rank.verdict])


def _legend(comparison: Comparison) -> str:
    verdicts = {rank.verdict for row in comparison.rows for rank in row.ranks}
    said = [
        "FLOPs, peak and time are of one sample; * the best of its point"
        if len(comparison.entries) > 1
        else ""
    ]
    if "probable" in verdicts:
        said.append("~ probable: the rank but for a tiny probability, its bound in brackets")
    if "at_least" in verdicts:
        said.append("≥ at least: the probe was full, its bound in brackets")
    if len(comparison.cuts) > MOST_CUTS:
        said.append(f"{len(comparison.cuts) - MOST_CUTS} more cuts stand in the report (-o)")
    if len(comparison.rows) > MOST_ROWS:
        said.append(f"{len(comparison.rows) - MOST_ROWS} more rows stand in the report (-o)")
    return "\n".join(line for line in said if line)


def _print_failures(console: Console, comparison: Comparison) -> None:
    """Each reason once, with how often it occurred."""
    reasons: dict[tuple[str, str, str], int] = {}
    for row in comparison.rows:
        for what, reason in row.failures.items():
            key = row.network, what, reason
            reasons[key] = reasons.get(key, 0) + 1
    for (network, what, reason), count in list(reasons.items())[:12]:
        often = "" if count == 1 else f" (at {count} points)"
        console.print(Text(f"{network}: {what}: {reason}{often}", "yellow"))


# --- equivalent widths ---------------------------------------------------------------------------


def _print_widths(console: Console, comparison: Comparison) -> None:
    console.print(Text("equivalent widths", "bold"))
    console.print(
        "the least width at which the network of the column can have the ranks of the given one, at"
    )
    console.print("every cut: a lower bound on the width that it needs to be the same function")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for axis in comparison.axes:
        table.add_column(axis, justify="right")
    table.add_column("given", no_wrap=True)
    for entry in comparison.entries:
        table.add_column(f"as {entry.label}", justify="right")
    by_pair = {(point_text(w.point), w.row, w.column): w for w in comparison.widths}
    points = {point_text(width.point): width.point for width in comparison.widths}
    for title, point in list(points.items())[: max(1, MOST_ROWS // len(comparison.entries))]:
        for number, entry in enumerate(comparison.entries):
            cells = [str(value) if number == 0 else "" for value in point.values()]
            widths = [by_pair[title, entry.label, other.label] for other in comparison.entries]
            end = number + 1 == len(comparison.entries)
            table.add_row(*cells, entry.label, *map(_width, widths), end_section=end)
    console.print(table)
    decided = {width.decided for width in comparison.widths}
    said = ["≥ more may be needed"] * ("at_least" in decided) + ["~ probable"] * ("probable" in decided)
    said += ["none: no width has such ranks"] * ("unreachable" in decided)
    reasons = dict.fromkeys(width.reason for width in comparison.widths if width.reason)
    said += [f"? {reason}" for reason in list(reasons)[:MOST_REASONS]]
    if any(width.theory for width in comparison.widths):
        source = next(width.theory.source for width in comparison.widths if width.theory)
        said.append(f"in brackets what theory says: ≤ suffices, ≥ is needed ({source})")
    console.print("; ".join(said), style="dim", markup=False)


def _width(width: EquivalentWidth) -> Text:
    theory = f" [{width.theory.relation}{width.theory.width:,}]" if width.theory is not None else ""
    style = {"unknown": "dim", "unreachable": "red"}.get(width.decided, "")
    return Text.assemble((width_text(width), style), (theory, "dim"))
