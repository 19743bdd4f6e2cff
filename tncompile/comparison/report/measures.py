"""What is compared, measure by measure: what it is called, how it reads, which way is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from tncompile.comparison.result import Accuracy, Comparison, Row, per_weight, rank_text
from tncompile.source.numbers import number_text, seconds_text
from tncompile.source.records import record

Value = int | float


@record
class Measure:
    """One number of a row.

    ``name`` is the field of `Row`, or the cut of whose rank it is (``is_rank``). ``better`` is None where neither way is.
    """

    name: str
    title: str
    get: Callable[[Row], Value | None]
    text: Callable[[Row], str]
    better: Literal["less", "more"] | None = None
    is_rank: bool = False


def measures_of(comparison: Comparison) -> list[Measure]:
    """The measures, without those of the cuts, of which any row knows the value or a failure."""
    return [
        measure
        for measure in MEASURES
        if any(measure.get(row) is not None or measure.name in row.failures for row in comparison.rows)
    ]


def rank_measure(cut: str) -> Measure:
    """The rank of a cut; ``≥`` where it may be larger."""

    def get(row: Row) -> int | None:
        rank = row.rank(cut)
        return None if rank is None else rank.lower

    def text(row: Row) -> str:
        rank = row.rank(cut)
        return "" if rank is None else rank_text(rank)

    return Measure(cut, "rank", get, text, "more", is_rank=True)


def density_measure(cut: str) -> Measure:
    """The rank of a cut for each weight."""

    def get(row: Row) -> Value | None:
        rank = row.rank(cut)
        return None if rank is None else per_weight(rank, row)

    def text(row: Row) -> str:
        value = get(row)
        return "" if value is None else short_text(value)

    return Measure(cut, "per weight", get, text, "more")


def short_text(value: Value) -> str:
    """Three digits; integers in full."""
    if value >= 1000 or value == int(value):
        return number_text(round(value))
    return f"{value:.3g}"


def best_rows(rows: Sequence[Row], measure: Measure) -> set[int]:
    """The numbers of the rows that are best at their point: none where all there are alike, or only one is known."""
    if measure.better is None:
        return set()
    points: dict[tuple[tuple[str, int], ...], list[tuple[Value, int]]] = {}
    for number, row in enumerate(rows):
        value = measure.get(row)
        if value is not None:
            points.setdefault(tuple(sorted(row.point.items())), []).append((value, number))
    choose = min if measure.better == "less" else max
    return {number for found in points.values() for number in _best(found, choose)}


def _best(found: list[tuple[Value, int]], choose: Callable[[Iterable[Value]], Value]) -> list[int]:
    values = {value for value, _ in found}
    return [number for value, number in found if value == choose(values)] if len(values) > 1 else []


def _count(name: str, title: str, better: Literal["less", "more"] | None = "less") -> Measure:
    def get(row: Row) -> int | None:
        value: int | None = getattr(row, name)
        return value

    def text(row: Row) -> str:
        value = get(row)
        return "" if value is None else number_text(value)

    return Measure(name, title, get, text, better)


def _time(name: str, title: str) -> Measure:
    def get(row: Row) -> float | None:
        value: float | None = getattr(row, name)
        return value

    def text(row: Row) -> str:
        value = get(row)
        return "" if value is None else seconds_text(value)

    return Measure(name, title, get, text, "less")


def _accuracy(name: str, title: str) -> Measure:
    def known(row: Row) -> Accuracy | None:
        value: Accuracy | None = getattr(row, name)
        return value

    def get(row: Row) -> float | None:
        value = known(row)
        return None if value is None else value.mean

    def text(row: Row) -> str:
        value = known(row)
        return "" if value is None else f"{value.mean:.1%} ± {100 * value.spread:.1f}"

    return Measure(name, title, get, text, "more")


MEASURES = (
    _count("weights", "weights"),
    _count("dimension", "dimension", "more"),
    _count("score_flops", "score FLOPs"),
    _count("gradient_flops", "gradient FLOPs"),
    _count("peak_elements", "peak elements"),
    _time("score_seconds", "score time"),
    _time("gradient_seconds", "gradient time"),
    _count("vc_bound", "VC bound", None),
    _accuracy("train_accuracy", "train accuracy"),
    _accuracy("test_accuracy", "test accuracy"),
)
"""Every measure but those of the cuts, in the order in which tables show them."""
