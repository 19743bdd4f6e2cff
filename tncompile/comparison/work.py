"""The jobs of a comparison: what is measured of each network at each point, and the equivalent widths that follow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tncompile.comparison.placing import Place
from tncompile.comparison.question import Question
from tncompile.comparison.result import CutRank
from tncompile.comparison.running.jobs import Job, Outcome
from tncompile.source.records import record

Outcomes = Mapping[str, Outcome]  # by the digest of the job


@record
class Work:
    """What is asked, of which networks at which sizes; ``cuts`` as they are said, ``widths`` by label."""

    question: Question
    places: Sequence[Place]
    cuts: tuple[str, ...]
    widths: Mapping[str, str]

    def budgets(self) -> dict[str, Job]:
        """For each place the job that finds its width, by `place_key`; none without a budget."""
        budget = self.question.budget
        if budget is None:
            return {}
        return {
            place_key(place): _job(
                "budget",
                place,
                {"width": self.widths[place.contender.label], "what": budget.what, "amount": budget.amount},
            )
            for place in self._valid()
        }

    def of(self, place: Place) -> Mapping[str, Job]:
        """The jobs of a network at a point that need nothing else, by what they measure (`rank` with the cut)."""
        question = self.question
        found = {"cost": _job("cost", place)}
        for cut in self.cuts:
            found[rank_name(cut)] = _job("rank", place, {"cut": cut, **question.ranking.options()})
        if question.dimension:
            found["dimension"] = _job("dimension", place, {"most_weights": question.dimension})
        if question.fitting is not None:
            found["fit"] = _job("fit", place, question.fitting.options())
        return found

    def time_of(self, place: Place) -> Job | None:
        """The job that takes the time of a network at a point."""
        return _job("time", place, {"batch": self.question.batch}) if self.question.batch else None

    def measures(self) -> list[Job]:
        """All jobs that need nothing else."""
        return [job for place in self._valid() for job in self.of(place).values()]

    def times(self) -> list[Job]:
        """All jobs that take time."""
        return [job for place in self._valid() if (job := self.time_of(place)) is not None]

    def _valid(self) -> Iterator[Place]:
        return (place for place in self.places if place.failure is None)

    # --- equivalent widths -----------------------------------------------------------------------

    def pairs(self) -> Iterator[tuple[Place, Place]]:
        """The given and the equivalent network of each pair, at each point."""
        by_point: dict[str, list[Place]] = {}
        for place in self.places:
            by_point.setdefault(json.dumps(place.point), []).append(place)
        return ((row, column) for same in by_point.values() for row in same for column in same)

    def equivalents(self, outcomes: Outcomes) -> dict[str, Searches]:
        """The searches for widths, by `column_key`: those of one network at one set of other sizes are one job."""
        found: dict[str, Searches] = {}
        if not self.question.equivalents or not self.cuts or len(self.question.contenders) < 2:
            return found
        for row, column in self.pairs():
            target = self.target(row, outcomes)
            if target is not None and column.failure is None and column.contender.label in self.widths:
                found.setdefault(self.column_key(column), Searches(self, column)).add(target)
        for place in self.places:
            if place.contender.label in self.widths and self.column_key(place) in found:
                found[self.column_key(place)].learn(place.width, self.ranks(place, outcomes) or [])
        return found

    def target(self, row: Place, outcomes: Outcomes) -> dict[str, int] | None:
        """The ranks of a network at the cuts; None where one is missing, or is not that of almost all weights."""
        ranks = self.ranks(row, outcomes)
        if ranks is None or any(rank.verdict == "numerical" for rank in ranks):
            return None
        return {rank.cut: rank.lower for rank in ranks}

    def ranks(self, place: Place, outcomes: Outcomes) -> list[CutRank] | None:
        """The ranks that were found of a network at a point; None where one was not."""
        if place.failure is not None:
            return None
        jobs = self.of(place)
        found = [outcomes.get(jobs[rank_name(cut)].digest) for cut in self.cuts]
        values = [outcome.value for outcome in found if outcome is not None and outcome.why is None]
        if len(values) < len(found) or any(value["failures"] for value in values):
            return None
        return [CutRank(**rank) for value in values for rank in value["ranks"]]

    def column_key(self, column: Place) -> str:
        """What a search depends on besides the ranks that are wanted."""
        return json.dumps([column.contender.label, self.other_sizes(column)], sort_keys=True)

    def other_sizes(self, column: Place) -> dict[str, object]:
        """The sizes given to a network but its width."""
        width = self.widths[column.contender.label]
        return {name: value for name, value in column.given.items() if name != width}


@dataclass
class Searches:
    """The widths of one network that are searched, for several sets of ranks."""

    work: Work
    column: Place
    targets: dict[str, dict[str, int]] = field(default_factory=dict)
    known: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)

    def add(self, target: dict[str, int]) -> None:
        """One more set of ranks."""
        self.targets[target_key(target)] = target

    def learn(self, width: int | None, ranks: Iterable[CutRank]) -> None:
        """Ranks that the sweep has found at a width."""
        if width is not None:
            self.known[str(width)] = {rank.cut: (rank.lower, rank.verdict) for rank in ranks}

    @property
    def job(self) -> Job:
        """The job that finds them all."""
        options: dict[str, Any] = {
            "width": self.work.widths[self.column.contender.label],
            "cuts": list(self.work.cuts),
            "targets": [self.targets[key] for key in sorted(self.targets)],
            "known": self.known,
            **self.work.question.ranking.options(),
        }
        text = self.column.contender.source.text
        return Job("widths", text, self.work.other_sizes(self.column), options)

    def answer(self, target: dict[str, int], outcome: Outcome) -> dict[str, Any]:
        """What was found for one set of ranks."""
        place = sorted(self.targets).index(target_key(target))
        found: dict[str, Any] = outcome.value["widths"][place]
        return found


def rank_name(cut: str) -> str:
    """How the job of a cut is called among those of a network."""
    return f"rank {cut}"


def place_key(place: Place) -> str:
    """A network at a point, as text."""
    return json.dumps([place.contender.label, place.point], sort_keys=True)


def target_key(target: Mapping[str, int]) -> str:
    """Ranks by cut, as text."""
    return json.dumps(target, sort_keys=True)


def _job(measure: str, place: Place, options: Mapping[str, Any] | None = None) -> Job:
    return Job(measure, place.contender.source.text, place.given, options or {})
