"""A comparison as tables on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tncompile.cli.rank_text import number_text
from tncompile.compare.comparison import Accuracy, Comparison, CutRank, EquivalentWidth, Row

Number = int | float
MOST_CUTS = 4  # cuts that stand in the table
MOST_ROWS = 200
LARGEST = 10_000_000  # numbers that are written out
COLOURS = {"exact": "", "probable": "", "at_least": "yellow", "numerical": "magenta"}
SIGNS = {"exact": "", "probable": "~", "at_least": "≥", "numerical": "num "}


@dataclass(frozen=True)
class Column:
    """A column of numbers: how it is called, read, written; and which number is best (``min``, ``max``, or neither)."""

    title: str
    read: Callable[[Row], Number | None]
    write: Callable[[Row], Text]
    best: Callable[[Sequence[Number]], Number] | None


def print_comparison(console: Console, comparison: Comparison) -> None:
    """What was compared, the table of rows, what failed, the equivalent widths."""
    console.print(_title(comparison), soft_wrap=True)
    for columns in _parts(console, comparison):
        console.print(_rows(comparison, columns))
    console.print(_legend(comparison), style="dim", markup=False)
    _print_failures(console, comparison)
    if any(width.decided != "unknown" for width in comparison.widths):
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


def _columns(comparison: Comparison) -> list[Column]:
    found = [
        _counted("weights", "weights", min),
        _counted("dim.", "dimension", max),
        _counted("FLOPs", "score_flops", min),
        _counted("gradient", "gradient_flops", min),
        _counted("peak", "peak_elements", min),
        Column("µs", lambda r: r.score_seconds, lambda r: _microseconds(r.score_seconds), min),
        Column("µs grad", lambda r: r.gradient_seconds, lambda r: _microseconds(r.gradient_seconds), min),
        Column("train", lambda r: _mean(r.train_accuracy), lambda r: _accuracy(r.train_accuracy), max),
        Column("test", lambda r: _mean(r.test_accuracy), lambda r: _accuracy(r.test_accuracy), max),
        Column("spent", lambda r: r.budget_spent, lambda r: _share(r, comparison), None),
        *(_rank_column(cut) for cut in comparison.cuts[:MOST_CUTS]),
    ]
    return [column for column in found if any(column.read(row) is not None for row in comparison.rows)]


def _parts(console: Console, comparison: Comparison) -> list[list[Column]]:
    """The columns of one table, or of two (what it costs, what it can express) where one would be too wide."""
    columns = _columns(comparison)
    needed = Measurement.get(
        console, console.options.update_width(10_000), _rows(comparison, columns)
    ).maximum
    ranks = [column for column in columns if column.title in comparison.cuts]
    if needed <= console.width or not ranks:
        return [columns]
    costs = [column for column in columns if column not in ranks]
    return [part for part in (costs, ranks) if part]


def _counted(title: str, field: str, best: Callable[[Sequence[Number]], Number]) -> Column:
    def read(row: Row) -> Number | None:
        value: Number | None = getattr(row, field)
        return value

    return Column(title, read, lambda row: _count(read(row)), best)


def _rank_column(cut: str) -> Column:
    return Column(cut, lambda row: _lower(row.rank(cut)), lambda row: _rank(row.rank(cut)), max)


def _lower(rank: CutRank | None) -> int | None:
    return None if rank is None else rank.lower


def _rows(comparison: Comparison, columns: Sequence[Column]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for axis in comparison.axes:
        table.add_column(axis, justify="right", no_wrap=True)
    table.add_column("network", no_wrap=True)
    if any(row.width is not None for row in comparison.rows) and "width" not in comparison.axes:
        table.add_column("width", justify="right", no_wrap=True)
    for column in columns:
        table.add_column(column.title, justify="right", no_wrap=True)
    shown = comparison.rows[:MOST_ROWS]
    for number, row in enumerate(shown):
        best = _best(comparison, row, columns)
        new = number == 0 or shown[number - 1].point != row.point
        if new and number and len(comparison.entries) > 1:
            table.add_section()
        cells = [str(value) if new else "" for value in row.point.values()]
        cells.append(row.network)
        if any(row.width is not None for row in comparison.rows) and "width" not in comparison.axes:
            cells.append("–" if row.width is None else f"{row.width:,}")
        table.add_row(*cells, *(_marked(column.write(row), column in best) for column in columns))
    return table


def _best(comparison: Comparison, row: Row, columns: Sequence[Column]) -> list[Column]:
    """The columns in which a row is the best of its point; those in which all are alike have none."""
    rivals = [other for other in comparison.rows if other.point == row.point]
    found = []
    for column in columns:
        values = [value for rival in rivals if (value := column.read(rival)) is not None]
        if column.best is not None and len(set(values)) > 1 and column.read(row) == column.best(values):
            found.append(column)
    return found


def _marked(text: Text, best: bool) -> Text:
    return Text.assemble((text.plain, "bold green"), ("*", "green")) if best else Text.assemble(text, " ")


def _count(value: Number | None) -> Text:
    if value is None:
        return Text("–", "dim")
    return Text(f"{value:,}" if value < LARGEST else f"{value:.3g}")


def _microseconds(value: float | None) -> Text:
    return (
        Text("–", "dim")
        if value is None
        else Text(f"{value * 1e6:.2g}" if value < 1e-4 else f"{value * 1e6:,.0f}")
    )


def _mean(value: Accuracy | None) -> float | None:
    return None if value is None else value.mean


def _accuracy(value: Accuracy | None) -> Text:
    return Text("–", "dim") if value is None else Text(f"{value.mean:.3f} ±{value.spread:.3f}")


def _share(row: Row, comparison: Comparison) -> Text:
    if row.budget_spent is None or comparison.budget is None:
        return Text("–", "dim")
    return Text(f"{row.budget_spent / comparison.budget.amount:.1%}")


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
    console.print(
        Text.assemble(
            ("equivalent widths", "bold"),
            ": the least width at which the network of the column can have the ranks of",
        ),
    )
    console.print(
        "the network of the row at every cut; a lower bound on the width that it needs to be the same function."
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for axis in comparison.axes:
        table.add_column(axis, justify="right")
    table.add_column("given", no_wrap=True)
    for entry in comparison.entries:
        table.add_column(f"as {entry.label}", justify="right")
    by_pair = {(str(w.point), w.row, w.column): w for w in comparison.widths}
    for place, point in enumerate(_points(comparison)):
        for number, entry in enumerate(comparison.entries):
            cells = [str(value) if number == 0 else "" for value in point.values()]
            widths = [by_pair.get((str(point), entry.label, other.label)) for other in comparison.entries]
            table.add_row(
                *cells, entry.label, *map(_width, widths), end_section=number + 1 == len(comparison.entries)
            )
        if (place + 1) * len(comparison.entries) >= MOST_ROWS:
            break
    console.print(table)
    decided = {width.decided for width in comparison.widths}
    said = ["≥ more may be needed"] * ("at_least" in decided) + ["~ probable"] * ("probable" in decided)
    said += ["none: no width has such ranks"] * ("unreachable" in decided) + ["? not known"] * (
        "unknown" in decided
    )
    if any(width.theory for width in comparison.widths):
        source = next(width.theory.source for width in comparison.widths if width.theory)
        said.append(f"in brackets what theory says: ≤ suffices, ≥ is needed ({source})")
    console.print("; ".join(said), style="dim", markup=False)


def _points(comparison: Comparison) -> list[Mapping[str, int]]:
    return list({str(width.point): width.point for width in comparison.widths}.values())


def _width(width: EquivalentWidth | None) -> Text:
    if width is None or width.decided == "unknown":
        return Text("?", "dim")
    if width.width is None:
        return Text("none", "red")
    sign = {"at_least": "≥", "probable": "~"}.get(width.decided, "")
    theory = f" [{width.theory.relation}{width.theory.width:,}]" if width.theory is not None else ""
    return Text.assemble(f"{sign}{width.width:,}", (theory, "dim"))
