"""One run: which workloads, how long, what comes of it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

import click

from benchmarks.alone import starts
from benchmarks.case import KINDS, Case, Workload
from benchmarks.contest import Effort, contest
from benchmarks.growth import curves, sweeps
from benchmarks.machine import described
from benchmarks.peers import OURS
from benchmarks.report.result import Result
from benchmarks.rivals import RIVALS, Rival
from benchmarks.timing import measured_machine
from benchmarks.workloads import BY_HAND, QUICK, all_workloads
from benchmarks.workloads.zoo import zoo

ZOO, GROWTH = "zoo", "growth"
FULL, OF_ZOO, BRIEF = Effort(15, 1.2, True), Effort(7, 0.25, False), Effort(5, 0.3, False)
TOO_SLOW_FOR_ZOO = ("quimb",)  # it contracts as cotengra does, and JAX traces that for long


def measured(names: Sequence[str], quick: bool, rivals: Sequence[str], threads: int) -> Result:
    """Everything that is asked for. Raises UsageError for names that there are not."""
    workloads, growing = chosen(names, quick)
    part = [RIVALS[name] for name in RIVALS if name == OURS or not rivals or name in rivals]
    of_zoo = [one for one in part if one.name not in TOO_SLOW_FOR_ZOO or one.name in rivals]
    result = Result(described(threads), measured_machine())
    for workload in workloads:
        effort = BRIEF if quick else FULL if workload.by_hand else OF_ZOO
        compete(workload, part if workload.by_hand else of_zoo, effort, result)
    for sweep in sweeps(quick) if growing else []:
        result.curves += curves(sweep, note)
    return result


def chosen(names: Sequence[str], quick: bool) -> tuple[list[Workload], bool]:
    """Workloads, and whether growth is measured."""
    known = all_workloads()
    check_names(names, (*known, ZOO, GROWTH))
    if not names:
        return (list(QUICK) if quick else [*BY_HAND, *zoo()]), True
    found: list[Workload] = []
    for name in names:
        found += zoo() if name == ZOO else [known[name]] if name in known else []
    return found, GROWTH in names


def check_names(names: Sequence[str], known: Collection[str]) -> None:
    """Raises UsageError for a name that there is not."""
    for name in names:
        if name not in known:
            raise click.UsageError(f"there is no `{name}`; there are {', '.join(known)}")


def compete(workload: Workload, rivals: Sequence[Rival], effort: Effort, result: Result) -> None:
    """Scores and gradients of a workload; first results and memory."""
    case = Case(workload)
    for kind in KINDS:
        outcome = contest(case, kind, rivals, result.machine, effort, note)
        result.rows += outcome.rows
        result.attempts[f"{workload.name} {kind}"] = list(outcome.attempts)
        if effort.processes:
            note(f"{workload.name}, {kind}: first results")
            result.starts += starts(case, kind, outcome.attempts)


def note(text: str) -> None:
    """What is under way, on standard error."""
    terminal = sys.stderr.isatty()
    click.echo(f"\r\033[K{text}" if terminal else text, err=True, nl=not terminal)
