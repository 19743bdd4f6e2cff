"""The figures as tables in a terminal, which are Markdown where they are piped."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.alone import Start
from benchmarks.contest import Row
from benchmarks.growth import spans
from benchmarks.peers import OURS
from benchmarks.report.result import Result

PIPED_WIDTH = 220
FLOOR = (
    "x floor: time / the longer of all FLOPs at the rate of a matrix product and all bytes moved once at that of a copy, "
    "as our plan counts them"
)


def show(result: Result) -> None:
    """All tables, to standard output."""
    piped = not sys.stdout.isatty()
    console = Console(width=PIPED_WIDTH if piped else None)
    style = box.MARKDOWN if piped else box.SIMPLE_HEAD
    console.print(result.description, soft_wrap=True)
    rate, bandwidth = result.machine.flops / 1e9, result.machine.bandwidth / 1e9
    console.print(f"matrix product {rate:.0f} GFLOP/s, copy {bandwidth:.1f} GB/s (read and written)\n")
    tables = [contests(result), skipped(result), firsts(result.starts), growths(result)]
    for table in tables:
        if table.row_count:
            table.box = style
            console.print(table)


def contests(result: Result) -> Table:
    """The best way of each rival beside ours."""
    table = Table(title="ratio: theirs / ours, median of turns and quartiles; below 1 we lose", caption=FLOOR)
    for name in ("workload", "what", "rival", "way"):
        table.add_column(name)
    for name in ("build s", "first s", "ms", "ratio", "x floor"):
        table.add_column(name, justify="right", no_wrap=True)
    for workload, kind, rows in result.groups():
        ours = next(row for row in rows if row.attempt.rival == OURS)
        for row in sorted(rows, key=steady):
            if row.attempt.reason is None:
                shown = (workload, kind) if row is ours else ("", "")
                table.add_row(*shown, *cells(row), style="bold" if row is ours else None)
    return table


def steady(row: Row) -> float:
    """Ours first, then by how they compare."""
    return 0.0 if row.race is None else row.race.ratio


def cells(row: Row) -> Sequence[str]:
    """One row: a rival, its way, the times, the ratio, how far above the floor."""
    one, race = row.attempt, row.race
    seconds = one.later if race is None else race.theirs
    ratio = "1" if race is None else f"{race.ratio:.2f} [{race.low:.2f}, {race.high:.2f}]"
    floor = f"{seconds / row.floor:.1f}" if row.floor else ""
    return one.rival, one.way, f"{one.build:.2f}", f"{one.first:.2f}", f"{1e3 * seconds:.3f}", ratio, floor


def skipped(result: Result) -> Table:
    """Who did not take part, and why."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in result.rows:
        if row.attempt.reason is not None:
            reasons.setdefault((row.attempt.rival, row.attempt.reason), []).append(
                f"{row.workload} {row.kind}"
            )
    table = Table("rival", "took no part because", "in", title="left out")
    for (rival, reason), where in reasons.items():
        table.add_row(rival, reason, where[0] if len(where) == 1 else f"{len(where)} contests")
    return table


def firsts(starts: Sequence[Start]) -> Table:
    """First results and memory in processes of their own."""
    table = Table(title="from nothing to the first result, in a process of its own")
    for name in ("workload", "what", "rival", "way"):
        table.add_column(name)
    for name in ("imports s", "build s", "first call s", "all s", "/ ours", "memory MiB"):
        table.add_column(name, justify="right")
    for one in starts:
        ours = next(
            s.total for s in starts if (s.workload, s.kind, s.rival) == (one.workload, one.kind, OURS)
        )
        times = (f"{value:.2f}" for value in (one.imports, one.build, one.first, one.total, one.total / ours))
        first = (one.workload, one.kind) if one.rival == OURS else ("", "")
        table.add_row(*first, one.rival, one.way, *times, f"{one.peak / 2**20:.0f}")
    return table


def growths(result: Result) -> Table:
    """The power of each size that each quantity grows with."""
    quantities = list(dict.fromkeys(curve.quantity for curve in result.curves))
    table = Table("network", "size", "from", "to", *quantities, title="growth: exponent for large sizes")
    for workload, size, curves in spans(result.curves):
        powers = [f"{curve.exponent:.2f}" for curve in curves]
        table.add_row(workload, size, f"{curves[0].sizes[0]:,}", f"{curves[0].sizes[-1]:,}", *powers)
    return table
