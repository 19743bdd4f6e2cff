"""The outcomes of jobs put together: rows, equivalent widths, certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tncompile.comparison.placing import Place
from tncompile.comparison.result import Accuracy, Certificate, CutRank, EquivalentWidth, Row
from tncompile.comparison.running.jobs import Outcome
from tncompile.comparison.theory import Decomposition, theory
from tncompile.comparison.work import Outcomes, Searches, Work, rank_name

# What a measure tells when it fails is told under the first field that it would have filled.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "cost": ("weights", "score_flops", "gradient_flops", "peak_elements", "vc_bound"),
    "dimension": ("dimension",),
    "time": ("score_seconds", "gradient_seconds"),
    "fit": ("test_accuracy", "train_accuracy"),
}
UNFINISHED = "not finished"


def row_of(work: Work, place: Place, outcomes: Outcomes, spent: int | None) -> Row:
    """What is known of a network at a point."""
    point, sizes = dict(place.point), dict(place.sizes)
    if place.failure is not None:
        return Row(place.contender.label, point, sizes, failures={"sizes": place.failure})
    values: dict[str, Any] = {}
    failures: dict[str, str] = {}
    time = work.time_of(place)
    for measure, job in {**work.of(place), **({} if time is None else {"time": time})}.items():
        if measure in FIELDS:
            _read(outcomes.get(job.digest), FIELDS[measure], values, failures)
    ranks = tuple(_ranks(work, place, outcomes, failures))
    return Row(
        place.contender.label,
        point,
        sizes,
        place.width,
        **values,
        ranks=ranks,
        budget_spent=spent,
        failures=failures,
    )


def _read(
    outcome: Outcome | None, fields: tuple[str, ...], values: dict[str, Any], failures: dict[str, str]
) -> None:
    if outcome is None or outcome.why is not None:
        failures[fields[0]] = UNFINISHED if outcome is None else str(outcome.failure)
        return
    for field in fields:
        value = outcome.value.get(field)
        values[field] = Accuracy(**value) if isinstance(value, dict) else value
    if "skipped" in outcome.value:
        failures[fields[0]] = outcome.value["skipped"]


def _ranks(work: Work, place: Place, outcomes: Outcomes, failures: dict[str, str]) -> Iterator[CutRank]:
    jobs = work.of(place)
    for cut in work.cuts:
        outcome = outcomes.get(jobs[rank_name(cut)].digest)
        if outcome is None or outcome.why is not None:
            failures[cut] = UNFINISHED if outcome is None else str(outcome.failure)
            continue
        failures.update(outcome.value["failures"])
        yield from (CutRank(**rank) for rank in outcome.value["ranks"])


def certificates_of(work: Work, outcomes: Outcomes) -> Iterator[Certificate]:
    """The certificates of all ranks."""
    for place in work.places:
        if place.failure is not None:
            continue
        jobs = work.of(place)
        for cut in work.cuts:
            outcome = outcomes.get(jobs[rank_name(cut)].digest)
            if outcome is not None and outcome.why is None:
                for rank, found in zip(outcome.value["ranks"], outcome.value["certificates"], strict=True):
                    yield Certificate(place.contender.label, dict(place.point), rank["cut"], found)


def widths_of(work: Work, searches: Mapping[str, Searches], outcomes: Outcomes) -> Iterator[EquivalentWidth]:
    """The equivalent width of every pair at every point."""
    if not searches:
        return
    for row, column in work.pairs():
        pair = dict(row.point), row.contender.label, column.contender.label
        said = theory(_decomposition(work, row, outcomes), _decomposition(work, column, outcomes))
        found = _width_of(work, row, column, searches, outcomes)
        yield EquivalentWidth(*pair, **found, theory=said)


def _width_of(
    work: Work, row: Place, column: Place, searches: Mapping[str, Searches], outcomes: Outcomes
) -> dict[str, Any]:
    """What was found of a pair, or why nothing was."""
    label = column.contender.label
    target = work.target(row, outcomes)
    if target is None:
        return _unknown(f"a generic rank of `{row.contender.label}` is not known")
    if column.failure is not None:
        return _unknown(column.failure)
    if label not in work.widths:
        return _unknown(f"which size is the width of `{label}` is not clear: say --width {label}.NAME")
    search = searches[work.column_key(column)]
    outcome = outcomes.get(search.job.digest)
    if outcome is None or outcome.why is not None:
        return _unknown(UNFINISHED if outcome is None else str(outcome.failure))
    return search.answer(target, outcome)


def _unknown(reason: str) -> dict[str, Any]:
    return {"width": None, "decided": "unknown", "reason": reason}


def _decomposition(work: Work, place: Place, outcomes: Outcomes) -> Decomposition | None:
    if place.failure is not None:
        return None
    outcome = outcomes.get(work.of(place)["cost"].digest)
    found = None if outcome is None or outcome.why is not None else outcome.value["decomposition"]
    return None if found is None else Decomposition(**found)
