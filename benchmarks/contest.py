"""Everybody on one workload: each way once for its first call, then the best of each rival in turn with ours."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.case import Case
from benchmarks.peers import OURS
from benchmarks.rivals import Build, NoWay, Rival
from benchmarks.timing import Machine, Race, Run, block, race

SLOWEST = 10.0  # seconds of a call that is called once only
Note = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """How long to measure: turns of a race, seconds for it, and whether processes of their own are started."""

    rounds: int
    patience: float
    processes: bool


@dataclass(frozen=True)
class Attempt:
    """One way: seconds to build it, of the first call and of a later one; or the reason why there is none."""

    rival: str
    way: str
    build: float = math.nan
    first: float = math.nan
    later: float = math.nan
    reason: str | None = None


@dataclass(frozen=True)
class Row:
    """The best way of a rival beside ours, and the floor in seconds."""

    workload: str
    title: str
    kind: str
    attempt: Attempt
    race: Race | None
    floor: float


@dataclass(frozen=True)
class Outcome:
    """A contest: a row for each rival, and all attempts."""

    rows: tuple[Row, ...]
    attempts: tuple[Attempt, ...]


def contest(
    case: Case, kind: str, rivals: Sequence[Rival], machine: Machine, effort: Effort, note: Note
) -> Outcome:
    """All rivals on a case."""
    floor = machine.floor(case.flops(kind), case.moved(kind))
    attempts: list[Attempt] = []
    best: dict[str, tuple[Attempt, Run | None]] = {}
    for rival in rivals:
        note(f"{case.workload.name}, {kind}: {rival.name}")
        tried = list(tries(rival, case, kind))
        attempts += [attempt for attempt, _ in tried]
        best[rival.name] = min(tried, key=lambda pair: (pair[1] is None, pair[0].later))
    ours = best[OURS][1]
    if ours is None:
        raise RuntimeError(f"{case.workload.name}, {kind}: {best[OURS][0].reason}")
    rows = []
    for name, (attempt, run) in best.items():
        note(f"{case.workload.name}, {kind}: {name} beside ours")
        result = None if run is None or name == OURS else race(ours, run, effort.rounds, effort.patience)
        rows.append(Row(case.workload.name, case.workload.title, kind, attempt, result, floor))
    return Outcome(tuple(rows), tuple(attempts))


def tries(rival: Rival, case: Case, kind: str) -> Iterator[tuple[Attempt, Run | None]]:
    """Every way of a rival, built and called; a result that is wrong is an error of ours and raised."""
    if rival.absent is not None:
        yield Attempt(rival.name, "", reason=f"{rival.absent} is not installed"), None
        return
    try:
        ways = rival.ways(case, kind)
    except NoWay as reason:
        yield Attempt(rival.name, "", reason=str(reason)), None
        return
    for way, build in ways.items():
        yield tried(rival.name, way, build, case, kind)


def tried(rival: str, way: str, build: Build, case: Case, kind: str) -> tuple[Attempt, Run | None]:
    """One way."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of other libraries
            start = time.perf_counter()
            run = build()
            built = time.perf_counter()
            result = run()
            called = time.perf_counter()
    except NoWay as reason:
        return Attempt(rival, way, reason=str(reason)), None
    case.check(kind, result)
    first = called - built
    later = first if first > SLOWEST else block(run)
    return Attempt(rival, way, built - start, first, later), run
