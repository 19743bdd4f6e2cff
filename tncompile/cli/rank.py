"""`tnc rank`: exact ranks of cuts, with bounds and certificates."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tncompile.cli.certificates import verify_file, write_certificates
from tncompile.cli.console import echo, echo_json, table_console
from tncompile.cli.options import file_argument, json_option, parse_sizes, read_input, size_option
from tncompile.cli.rank_sweeps import print_sweep, sizes_text
from tncompile.cli.rank_tables import print_report
from tncompile.expressivity.rank import rank
from tncompile.expressivity.result import RankReport, RankResult
from tncompile.expressivity.sweep import parse_axis, points_of, sweep
from tncompile.language import load_source
from tncompile.network import Network
from tncompile.source import UsageError
from tncompile.source.records import record

INTERRUPTED = 130


@record
class Wanted:
    """What is asked about each network."""

    cuts: tuple[str, ...]
    grid: int | None
    points: int
    fail: float
    seed: int
    samples: int | None
    output: str | None


@click.command("rank")
@file_argument
@click.option("--cut", "cuts", multiple=True, metavar="CUT", help="A cut of the file, odd_even, start_end, members such as 'x[1], x[3]', contiguous, dyadic, or all; repeatable.")  # fmt: skip
@click.option("--grid", type=click.IntRange(1), metavar="M", help="The rank on a grid of M templates for each input, instead of that of the function.")  # fmt: skip
@click.option("--output", metavar="MEMBER", help="The output, as 'y[5](1)'; else the first one, contracted with a random vector.")  # fmt: skip
@click.option("--points", type=click.IntRange(1), default=1024, show_default=True, metavar="N", help="Points of a probe at most.")  # fmt: skip
@click.option("--fail", type=click.FloatRange(0, 1, min_open=True), default=1e-9, show_default=True, metavar="P", help="Probability of failure aimed at.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--samples", type=click.IntRange(1), metavar="N", help="Numerical ranks at N random weights, and their distribution.")  # fmt: skip
@click.option("--sweep", "axes", multiple=True, metavar="NAME=A..B..STEP", help="Ranks over a range of a size, and a closed form; repeatable.")  # fmt: skip
@click.option(
    "-o", "certificate", metavar="CERT.json", help="Write a certificate that --verify checks again."
)
@click.option("--verify", "verified", metavar="CERT.json", help="Check a certificate of this file again.")
@size_option
@json_option
def command(
    file: str, cuts: tuple[str, ...], grid: int | None, output: str | None, points: int, fail: float, seed: int,
    samples: int | None, axes: tuple[str, ...], certificate: str | None, verified: str | None,
    settings: tuple[str, ...], as_json: bool,
) -> int:  # fmt: skip
    """Find the ranks of cuts of the network of FILE: how strongly it can join the two sides.

    The separation rank of the function for almost all weights, or the rank on a grid (--grid). Found from
    below in exact arithmetic and bounded from above by the graph; where the two meet the rank is certain.
    """
    sys.set_int_max_str_digits(0)  # ranks of long chains have thousands of digits
    wanted = Wanted(cuts, grid, points, fail, seed, samples, output)
    if verified is not None:
        _refuse_with_verify(wanted, axes, certificate)
        verify_file(read_input(file), verified, as_json)
        return 0
    if axes:
        if certificate is not None:
            raise UsageError("-o writes the certificate of one network: leave --sweep away")
        return _sweep(file, settings, axes, wanted, as_json)
    return _rank(load_source(read_input(file), parse_sizes(settings)), wanted, certificate, as_json)


def _refuse_with_verify(wanted: Wanted, axes: tuple[str, ...], certificate: str | None) -> None:
    """The certificate says what is checked: nothing else may be asked."""
    given = {
        "--cut": wanted.cuts,
        "--grid": wanted.grid,
        "--output": wanted.output,
        "--samples": wanted.samples,
        "--sweep": axes,
        "-o": certificate,
    }
    named = [name for name, value in given.items() if value]
    if named:
        raise UsageError(f"--verify checks what the certificate says: leave {', '.join(named)} away")


def _rank(net: Network, wanted: Wanted, certificate: str | None, as_json: bool) -> int:
    with ExitStack() as rest:
        with _progress("cuts") as advance:
            report = _ranks(net, wanted, lambda _, result: advance(result.cut.name))
            if report.interrupted:
                rest.enter_context(_undisturbed())
        if certificate is not None:
            write_certificates(certificate, report.certificates)
        if as_json:
            echo_json(report.to_dict())
        else:
            print_report(table_console(), report)
        if certificate is not None:
            echo(f"certificate in {certificate}", err=True)
    return INTERRUPTED if report.interrupted else 0


def _ranks(net: Network, wanted: Wanted, progress: Callable[[int, RankResult], None]) -> RankReport:
    return rank(
        net,
        list(wanted.cuts) or None,
        grid=wanted.grid,
        points=wanted.points,
        fail=wanted.fail,
        seed=wanted.seed,
        samples=wanted.samples,
        output=wanted.output,
        progress=progress,
    )


def _sweep(file: str, settings: tuple[str, ...], axes: tuple[str, ...], wanted: Wanted, as_json: bool) -> int:
    """Ranks over a range of sizes."""
    source, sizes = read_input(file), parse_sizes(settings)
    swept = [parse_axis(axis) for axis in axes]
    points = points_of(swept)
    twice = [axis.name for axis in swept if axis.name in sizes]
    if twice:
        raise UsageError(f"--sweep {twice[0]}: the size is given by -s as well")

    with ExitStack() as rest:
        with _progress("points", len(points)) as advance:
            report = sweep(
                lambda point: load_source(source, {**sizes, **point}),
                swept,
                lambda net: _ranks(net, wanted, lambda _number, _result: None),
                progress=lambda point: advance(sizes_text(point)),
            )
            if report.interrupted:
                rest.enter_context(_undisturbed())
        if as_json:
            echo_json(report.to_dict())
        else:
            print_sweep(table_console(), report)
    return INTERRUPTED if report.interrupted else 0


@contextmanager
def _undisturbed() -> Iterator[None]:
    """After one Ctrl-C further ones are ignored while what is finished is printed."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(what: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
    """A line on standard error with how many are done, and the latest; silent where that is no terminal."""
    console = table_console(err=True)
    columns = (
        TextColumn(what),
        MofNCompleteColumn(),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[latest]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total, latest="")
        yield lambda latest: progress.update(task, advance=1, latest=latest[:40])
