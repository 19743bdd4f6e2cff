"""From a question to a comparison: jobs in rounds, each round made from what the one before found."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from tncompile.comparison.budget import check_budget
from tncompile.comparison.contender import Contender
from tncompile.comparison.placing import Common, Place, find_widths, places
from tncompile.comparison.question import Question
from tncompile.comparison.result import Comparison, Entry, Origin
from tncompile.comparison.rows import certificates_of, row_of, widths_of
from tncompile.comparison.running.executors import core_count
from tncompile.comparison.running.jobs import Outcome
from tncompile.comparison.running.run import Runner
from tncompile.comparison.work import Work, place_key
from tncompile.expressivity.cuts import BUILT_IN, studies
from tncompile.network import Network
from tncompile.source import TnError

PACKAGES = ("tncompile", "numpy", "python-flint", "networkx")


def answer(work: Work, runner: Runner, command: str) -> Comparison:
    """The comparison that is asked for. Interrupted, it holds what is finished, and `unfinished` counts the rest."""
    start, question = time.perf_counter(), work.question
    spent: dict[str, int] = {}
    if question.budget is not None:
        work, spent = _within_budget(work, runner)
    work_left, known = 0, runner.journal.known
    times = work.times()
    runner.total = (
        runner.done + len({job.digest for job in work.measures()}) + len(times) + len(question.contenders)
    )
    try:
        runner.run(work.measures())
        runner.run(search.job for search in work.equivalents(known).values())
        runner.run_alone(times)
    except KeyboardInterrupt:
        work_left = sum(job.digest not in known for job in (*work.measures(), *times))
    searches = work.equivalents(known)
    rows = tuple(row_of(work, place, known, spent.get(place_key(place))) for place in work.places)
    return Comparison(
        entries=tuple(_entry(work, contender) for contender in question.contenders),
        axes={axis.name: axis.values for axis in question.axes},
        cuts=tuple(dict.fromkeys(rank.cut for row in rows for rank in row.ranks)) or work.cuts,
        of="function" if question.ranking.grid is None else f"grid {question.ranking.grid}",
        rows=rows,
        widths=tuple(widths_of(work, searches, known)),
        certificates=tuple(certificates_of(work, known)),
        origin=_origin(command, time.perf_counter() - start),
        budget=question.budget,
        unfinished=work_left,
    )


def prepared(question: Question) -> Work:
    """The networks at all points, and the cuts; everything that can be wrong with the question is found here.

    Raises TnError where inputs do not match, a network is wrong at all points, a cut is none of a network, or no width meets the budget.
    """
    common = Common(question.contenders, question.axes, question.settings, {})
    widths = find_widths(common, question.widths, needed=question.needs_width)
    placed = places(replace(common, widths=widths))
    for place in placed:
        if question.budget is not None and place.failure is None:
            label = place.contender.label
            check_budget(place.contender.load(place.given), question.budget, widths[label], label)
    return Work(question, placed, _cuts(question, placed), widths)


def _cuts(question: Question, placed: Sequence[Place]) -> tuple[str, ...]:
    """The cuts asked for, checked on every network; without any those that all networks have."""
    nets = [_first_net(contender, placed) for contender in question.contenders]
    output = question.ranking.output
    for cut in question.cuts:
        for net in nets:
            next(iter(studies(net, cut, output)))
    if question.cuts:
        return question.cuts
    candidates = dict.fromkeys([*BUILT_IN, *(name for net in nets for name in net.cuts)])
    return tuple(cut for cut in candidates if all(_has_cut(net, cut, output) for net in nets))


def _first_net(contender: Contender, placed: Sequence[Place]) -> Network:
    place = next(p for p in placed if p.contender is contender and p.failure is None)
    return contender.load(place.given)


def _has_cut(net: Network, cut: str, output: str | None) -> bool:
    try:
        return bool(list(studies(net, cut, output)))
    except TnError:
        return False


def _within_budget(work: Work, runner: Runner) -> tuple[Work, dict[str, int]]:
    """The networks at the widths that the budget allows, and what each spends."""
    jobs = work.budgets()
    runner.total = len(jobs)
    outcomes = runner.run(jobs.values())
    placed, spent = [], {}
    for place in work.places:
        if place.failure is not None:
            placed.append(place)
            continue
        found = outcomes[jobs[place_key(place)].digest]
        placed.append(_at_width(work, place, found))
        if found.why is None:
            spent[place_key(place)] = found.value["spent"]
    return replace(work, places=placed), spent


def _at_width(work: Work, place: Place, found: Outcome) -> Place:
    """A place at the width that was found."""
    if found.why is not None:
        return replace(place, failure=found.failure)
    width, label = found.value["width"], place.contender.label
    given = {**place.given, work.widths[label]: width}
    return replace(place, given=given, sizes=dict(place.contender.load(given).sizes), width=width)


def _entry(work: Work, contender: Contender) -> Entry:
    own = [place for place in work.places if place.contender is contender and place.failure is None]
    net = contender.load(own[-1].given)
    same = {n: v for n, v in own[-1].sizes.items() if all(place.sizes.get(n) == v for place in own)}
    file = None if contender.bound else contender.source.path
    return Entry(contender.label, net.name, file, work.widths.get(contender.label), same, str(net))


def _origin(command: str, seconds: float) -> Origin:
    versions = {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}
    machine = f"{platform.system()} {platform.machine()}, {core_count()} cores"
    return Origin(command, versions, machine, datetime.now(UTC).isoformat(timespec="seconds"), seconds)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
