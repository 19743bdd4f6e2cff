"""The table of a sweep, and the closed form below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tncompile.cli.rank_tables import COLOURS
from tncompile.cli.rank_text import bar, bound_text, largest_value, rank_text
from tncompile.expressivity.sweep import Axis, Finding, Row, SweepReport

BAR = 20
WIDEST = 76  # characters of a table with the values of one size as columns
RIVALS, SKIPPED = 3, 8


def print_sweep(console: Console, report: SweepReport) -> None:
    """A table for each cut, and what it suggests."""
    for cut in report.cuts:
        name, of = cut
        console.print(Text.assemble((report.network, "bold"), f"  {name}: rank of the {of}"), soft_wrap=True)
        rows = report.rows_of(cut)
        square = _square(report, rows) if len(report.axes) > 1 else None
        console.print(square or _listed(report, rows))
        for finding in report.findings:
            if (finding.cut, finding.of) == cut:
                _print_finding(console, finding)
    for reason, count in list(Counter(reason for _, reason in report.skipped).items())[:SKIPPED]:
        points = "1 point" if count == 1 else f"{count} points"
        console.print(f"skipped {points}: {reason}", style="yellow", markup=False)
    if report.interrupted:
        console.print("interrupted: the points above are finished", style="yellow")


def sizes_text(sizes: Mapping[str, int]) -> str:
    """``T = 4, R = 2``"""
    return ", ".join(f"{name} = {value}" for name, value in sizes.items())


def _listed(report: SweepReport, rows: list[Row]) -> Table:
    """A line for each point."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for axis in report.axes:
        table.add_column(axis.name, justify="right")
    table.add_column("rank", justify="right")
    table.add_column("bound", justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("verdict")
    largest = largest_value([row.result for row in rows])
    for row in rows:
        colour = COLOURS[row.result.verdict]
        table.add_row(
            *(str(value) for value in row.sizes.values()),
            rank_text(row.result),
            bound_text(row.result),
            Text(bar(row.result, largest, BAR).ljust(BAR), colour),
            Text(row.result.verdict.replace("_", " "), colour),
        )
    return table


def _square(report: SweepReport, rows: list[Row]) -> Table | None:
    """The last size runs to the right, the others down; None if that is too wide."""
    *down, across = report.axes
    cells = {tuple(row.sizes.values()): Text(_cell(row), COLOURS[row.result.verdict]) for row in rows}
    wide = max(len(cell) for cell in cells.values()) + 2
    if wide * len(across.values) > WIDEST:
        return None
    title = f"{across.name} →"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for axis in down:
        table.add_column(axis.name, justify="right")
    table.add_column(title, justify="right", style="dim")
    for value in across.values:
        table.add_column(str(value), justify="right")
    for point in _points(down, cells):
        table.add_row(
            *map(str, point), "", *(cells.get((*point, value), Text("–", "dim")) for value in across.values)
        )
    return table


def _points(down: list[Axis], cells: dict[tuple[int, ...], Text]) -> list[tuple[int, ...]]:
    return list(dict.fromkeys(point[: len(down)] for point in cells))


def _cell(row: Row) -> str:
    """The rank; in brackets the bound where it is larger."""
    result = row.result
    if result.upper is None or result.upper == result.lower:
        return rank_text(result)
    return f"{rank_text(result)} [{bound_text(result)}]"


# --- closed forms --------------------------------------------------------------------------------


def _print_finding(console: Console, finding: Finding) -> None:
    found = finding.proposal
    counts = f"{found.training} values used, {found.held_out} held out"
    if finding.unknown:
        counts += f", {finding.unknown} left out because only a lower bound is known"
    if found.form is None:
        _print_nothing(console, finding, counts)
        return
    label = "equals the proved upper bound" if finding.proved else "a conjecture"
    console.print(Text.assemble("closed form: ", (str(found.form), "bold green"), f"   ({label})"))
    console.print(f"  all held-out values are predicted ({counts})", markup=False)
    if found.rivals:
        console.print("  rivals that fit as well (more values would tell them apart):")
        for form in found.rivals[:RIVALS]:
            console.print(Text(f"    {form}"))
        if len(found.rivals) > RIVALS:
            console.print(f"    and {len(found.rivals) - RIVALS:,} more")
    console.print()


def _print_nothing(console: Console, finding: Finding, counts: str) -> None:
    found = finding.proposal
    console.print(Text.assemble(("no closed form", "bold yellow"), f" among the candidates ({counts})"))
    if found.near is not None and found.misses:
        miss = found.misses[0]
        said = f"{found.near} fits the values used, but gives {miss.predicted:,} at {sizes_text(miss.point)}"
        console.print(Text(f"  {said}, where the rank is {miss.found:,}"))
    console.print()
