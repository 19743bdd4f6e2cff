"""Ranks as tables: of one network, of a sweep, of random weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tncompile.cli.rank_text import (
    bar,
    bound_text,
    count_bar,
    crossings_text,
    histogram,
    largest_value,
    quantiles,
    rank_text,
    side_text,
)
from tncompile.expressivity.result import RankReport, RankResult
from tncompile.source.numbers import number_text

FEW, MANY = 8, 40  # cuts up to which each is explained, cuts up to which each has a line
BAR, NARROW_BAR = 22, 30
COLOURS = {"exact": "green", "probable": "cyan", "at_least": "yellow", "numerical": "magenta"}
WORDS = {"at_least": "at least"}


def print_report(console: Console, report: RankReport) -> None:
    """The cuts of a network with their ranks."""
    print_title(console, report.network, report.sizes)
    if report.output:
        console.print(f"output: {report.output}", markup=False, soft_wrap=True)
    results = report.results
    if results and len(results) <= MANY:
        console.print(_table(results))
    elif results:
        _print_summary(console, results)
    if len(results) <= FEW:
        for result in results:
            _explain(console, result)
    if report.interrupted:
        count = "1 cut is" if len(results) == 1 else f"{len(results):,} cuts are"
        console.print(f"interrupted: {count} finished", style="yellow")


def print_title(console: Console, network: str, sizes: Mapping[str, object]) -> None:
    """The name and the sizes of a network."""
    text = ", ".join(f"{name} = {_plain(value)}" for name, value in sizes.items())
    console.print(Text.assemble((network, "bold"), "  ", text), soft_wrap=True)


def _plain(value: object) -> object:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _table(results: Sequence[RankResult]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("cut", overflow="fold", max_width=24)
    table.add_column("of")
    table.add_column("rank", justify="right")
    table.add_column("bound", justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("verdict")
    table.add_column("s", justify="right")
    largest = largest_value(results)
    for result in results:
        table.add_row(
            Text(result.cut.name),
            result.of,
            rank_text(result),
            bound_text(result),
            Text(bar(result, largest, BAR).ljust(BAR), COLOURS[result.verdict]),
            verdict_text(result),
            f"{result.seconds:.2f}",
        )
    return table


def verdict_text(result: RankResult) -> Text:
    """The verdict in its colour."""
    return Text(WORDS.get(result.verdict, result.verdict), COLOURS[result.verdict])


# --- each cut ------------------------------------------------------------------------------------


def _explain(console: Console, result: RankResult) -> None:
    """What lies behind the row of a cut, a line for each thing said."""
    cut = result.cut
    console.print(Text(cut.name, "bold"))
    lines = [("rows", side_text(cut.rows)), ("columns", side_text(cut.columns))]
    if len(cut.fixed):
        lines.append(("held fixed", side_text(cut.fixed)))
    lines.append(("found by", result.method + _certainty(result)))
    if result.bound is not None and (crossed := crossings_text(result.bound)):
        lines.append(("bound cuts", crossed))
    if result.singular_values:
        lines.append(("gap", _gap_text(result)))
    if result.verdict != "numerical" and result.lower > 1:
        lines.append(("so", f"a shallow network needs width ≥ {number_text(result.lower)}"))
    grid = Table.grid(padding=(0, 2))
    for name, text in lines:
        grid.add_row("", Text(name, "dim"), Text(text))
    console.print(grid)
    if len(result.ranks) > 1:
        _print_distribution(console, result)
    console.print()


def _certainty(result: RankResult) -> str:
    match result.verdict:
        case "exact":
            return "; certain, since rank and bound meet"
        case "probable" if result.failure is not None:
            return f"; larger only with probability ≤ {float(result.failure):.1e}"
        case "at_least" if result.method != "witness" and result.lower < result.points:
            return "; certain from below; the degree is too high for the primes to say more"
        case "probable" | "at_least":
            return "; certain from below"
    return ""


def _gap_text(result: RankResult) -> str:
    """Where the singular values fall below what counts."""
    values, rank = result.singular_values, result.ranks[0] if result.ranks else result.lower
    first = values[0] or 1.0
    if rank >= len(values):
        return f"none: all {len(values)} singular values count, the smallest is {values[-1] / first:.1e} of the largest"
    last = values[rank - 1] / first if rank else 0.0
    return f"singular value {rank} is {last:.1e} of the largest, the next {values[rank] / first:.1e}"


def _print_distribution(console: Console, result: RankResult) -> None:
    """The ranks at random weights: what occurs how often."""
    low, median, high = quantiles(result.ranks)
    console.print(
        f"  {len(result.ranks)} samples of random weights: smallest {low:,}, median {median:,}, largest {high:,}"
    )
    rows = histogram(result.ranks)
    most = max(count for _, count in rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("rank", justify="right")
    table.add_column("samples", justify="right")
    table.add_column("share", justify="right")
    table.add_column("", no_wrap=True)
    for text, count in rows:
        table.add_row(
            text, str(count), f"{count / len(result.ranks):.0%}", count_bar(count, most, NARROW_BAR)
        )
    console.print(table)


# --- many cuts -----------------------------------------------------------------------------------


def _print_summary(console: Console, results: Sequence[RankResult]) -> None:
    """How many cuts have which rank, and the cuts of the largest."""
    verdicts = Counter(result.verdict for result in results)
    said = ", ".join(f"{WORDS.get(v, v)}: {count:,}" for v, count in verdicts.items())
    console.print(f"{len(results):,} cuts; {said}")
    ranks = Counter(result.lower for result in results)
    most = max(ranks.values())
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("rank", justify="right")
    table.add_column("cuts", justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("for example")
    shown = sorted(ranks, reverse=True)[:MANY]
    for rank in shown:
        example = next(result for result in results if result.lower == rank)
        table.add_row(
            number_text(rank),
            f"{ranks[rank]:,}",
            count_bar(ranks[rank], most, NARROW_BAR),
            Text(f"rows {side_text(example.cut.rows)}"),
        )
    console.print(table)
    if len(ranks) > len(shown):
        console.print(f"and {len(ranks) - len(shown)} smaller ranks; --json lists every cut")
