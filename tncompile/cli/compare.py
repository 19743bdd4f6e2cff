"""`tnc compare`: architectures side by side, by what they can express and what they cost."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tncompile.cli.compare_tables import print_comparison
from tncompile.cli.console import echo, echo_json, table_console
from tncompile.cli.options import json_option, parse_sizes, read_input, size_option
from tncompile.comparison.axes import parse_sweep, parse_target
from tncompile.comparison.budget import parse_budget
from tncompile.comparison.contender import Contender, label_of, labelled
from tncompile.comparison.question import LARGEST_DIMENSION, Fitting, Question, Ranking
from tncompile.comparison.running.journal import journal_path
from tncompile.comparison.session import Session

INTERRUPTED = 130


@click.command("compare")
@click.argument("files", metavar="[LABEL=]FILE...", nargs=-1, required=True)
@click.option("--sweep", "axes", multiple=True, metavar="NAME=A..B..STEP", help="Sweep a size; n,r=2..4 moves two together, cp.r is of one network, width is the width of each. Repeatable.")  # fmt: skip
@click.option("--cut", "cuts", multiple=True, metavar="CUT", help="As of `tnc rank`; else those that all networks have. Repeatable.")  # fmt: skip
@click.option("--width", "widths", multiple=True, metavar="NAME", help="The size that is the width, where it is not clear: R, or cp.r. Repeatable.")  # fmt: skip
@click.option("--budget", metavar="WHAT=NUMBER", help="Let each network take the largest width within weights=, flops= or peak=.")  # fmt: skip
@click.option(
    "--grid", type=click.IntRange(1), metavar="M", help="Ranks on a grid of M templates for each input."
)
@click.option("--output", metavar="MEMBER", help="The output, as 'y[5](1)'; else the first one.")
@click.option("--points", type=click.IntRange(1), default=1024, show_default=True, metavar="N", help="Points of a probe at most.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--dimension", type=click.IntRange(0), default=LARGEST_DIMENSION, show_default=True, metavar="N", help="Find the dimension up to N weights.")  # fmt: skip
@click.option("--batch", type=click.IntRange(0), default=256, show_default=True, metavar="N", help="Samples at a time when time is measured; 0: never.")  # fmt: skip
@click.option("--no-equivalents", is_flag=True, help="Leave equivalent widths out.")
@click.option(
    "--fit", "data", metavar="FILE.npz", help="Train each network on these samples and compare accuracies."
)
@click.option("--fit-seeds", type=click.IntRange(1), default=3, show_default=True, metavar="N")
@click.option("--fit-epochs", type=click.IntRange(1), default=10, show_default=True, metavar="N")
@click.option("--fit-target", default="y", show_default=True, metavar="NAME", help="The name of the targets in the samples.")  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes; by default as many as there are cores."
)
@click.option("--executor", metavar="dask://HOST:PORT", help="Hand the jobs to a Dask cluster.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Give up a job after so long; it is then a row that says so.")  # fmt: skip
@click.option("-o", "reports", multiple=True, metavar="REPORT", help="Write a report: .html, .json, .csv or .md. Repeatable.")  # fmt: skip
@click.option(
    "--resume", is_flag=True, help="Go on with the results of a run that was stopped (REPORT.jobs)."
)
@size_option
@json_option
def command(
    files: tuple[str, ...], axes: tuple[str, ...], cuts: tuple[str, ...], widths: tuple[str, ...], budget: str | None,
    grid: int | None, output: str | None, points: int, seed: int, dimension: int, batch: int, no_equivalents: bool,
    data: str | None, fit_seeds: int, fit_epochs: int, fit_target: str, jobs: int | None, executor: str | None,
    timeout: float | None, reports: tuple[str, ...], resume: bool, settings: tuple[str, ...], as_json: bool,
) -> int:  # fmt: skip
    """Compare the networks of FILEs over the same inputs.

    Sizes that have the same name are bound together, and those of the inputs follow the first network;
    -s cp.r=16 is of the network labelled cp alone. For each network and point: weights, dimension, FLOPs, memory, time, exact ranks
    with their bounds; and the least width at which each could have the ranks of each other.
    """
    sys.set_int_max_str_digits(0)  # ranks of long chains have thousands of digits
    question = Question(
        contenders=labelled(_contender(file) for file in files),
        axes=tuple(parse_sweep(axis) for axis in axes),
        settings={
            parse_target(name, f"-s {name}"): value
            for name, value in parse_sizes(settings, labels=True).items()
        },
        widths=tuple(parse_target(name, f"--width {name}") for name in widths),
        cuts=cuts,
        ranking=Ranking(grid=grid, points=points, seed=seed, output=output),
        budget=None if budget is None else parse_budget(budget),
        fitting=None if data is None else Fitting(data, fit_target, fit_seeds, fit_epochs),
        dimension=dimension,
        batch=batch,
        equivalents=not no_equivalents,
    )
    with _progress() as progress:
        comparison = Session(jobs, executor, timeout, progress, reports, resume).ask(
            question, _command_line()
        )
    if as_json:
        echo_json(comparison.to_dict())
    else:
        print_comparison(table_console(), comparison)
    if comparison.unfinished:
        _say_unfinished(comparison.unfinished, reports)
        return INTERRUPTED
    for report in reports:
        echo(f"report in {report}", err=True)
    return 0


def _contender(file: str) -> Contender:
    """A file with its name as label, or ``LABEL=FILE``."""
    label, equals, path = file.partition("=")
    if equals and label.isidentifier():
        return Contender(label, read_input(path))
    return Contender(label_of(file), read_input(file))


def _command_line() -> str:
    return shlex.join(["tnc", *sys.argv[1:]])


def _say_unfinished(count: int, reports: tuple[str, ...]) -> None:
    kept = f"; the rest is kept in {journal_path(reports[0])}, --resume goes on with it" if reports else ""
    echo(f"tnc: interrupted: {count} jobs are not finished{kept}", err=True)


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    """A line on standard error with how many jobs are done and the time left; silent where that is no terminal."""
    console = table_console(err=True)
    columns: tuple[Any, ...] = (
        TextColumn("jobs"), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[latest]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("jobs", total=None, latest="")
        yield lambda done, total, latest: progress.update(task, completed=done, total=total, latest=latest)
