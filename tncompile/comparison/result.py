"""What a comparison of architectures yields: a row for each network and point, and equivalent widths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from tncompile.expressivity.result import Verdict
from tncompile.source.markup import html_table
from tncompile.source.numbers import number_text
from tncompile.source.records import record

Point = Mapping[str, int]
Spending = Literal["weights", "flops", "peak"]
Decided = Literal["proved", "probable", "at_least", "unreachable", "unknown"]
PLAIN = (
    *("width", "weights", "dimension", "score_flops", "gradient_flops", "peak_elements"),
    *("score_seconds", "gradient_seconds", "vc_bound", "budget_spent"),
)
"""The fields of a row that are one number each."""
LARGEST_FLOAT = 1000  # bits
FEW_ROWS = 60  # that a notebook shows


@record
class Entry:
    """A network that is compared: its label in the comparison, and where it comes from.

    ``width`` names the size that is its width, where one is known; ``sizes`` the values that are the same at
    all points; ``drawn`` is its text at the last point, from which a drawing is made.
    """

    label: str
    network: str
    file: str | None
    width: str | None
    sizes: Mapping[str, object]
    drawn: str


@record
class CutRank:
    """The rank of one cut at one row; ``upper`` is None where no bound is known."""

    cut: str
    of: str
    lower: int
    upper: int | None
    verdict: Verdict


@record
class Accuracy:
    """Mean and standard deviation of an accuracy over seeds."""

    mean: float
    spread: float
    seeds: int


@record
class Row:
    """What is known of one network at one point of the sweep.

    FLOPs and times are of one sample, the gradient with the score included; the peak counts elements. A measure that
    was not asked for, makes no sense or failed is None; ``failures`` says why, by the name of the field, or of the cut.
    """

    network: str
    point: Point
    sizes: Mapping[str, object]
    width: int | None = None
    weights: int | None = None
    dimension: int | None = None
    score_flops: int | None = None
    gradient_flops: int | None = None
    peak_elements: int | None = None
    score_seconds: float | None = None
    gradient_seconds: float | None = None
    vc_bound: int | None = None
    train_accuracy: Accuracy | None = None
    test_accuracy: Accuracy | None = None
    ranks: tuple[CutRank, ...] = ()
    budget_spent: int | None = None
    failures: Mapping[str, str] = field(default_factory=dict)

    def rank(self, cut: str) -> CutRank | None:
        """The rank of one cut, if it was found."""
        return next((rank for rank in self.ranks if rank.cut == cut), None)

    def record(self, axes: Iterable[str], cuts: Iterable[str]) -> dict[str, object]:
        """The row as one flat dict: names of columns, and numbers, texts or None."""
        found: dict[str, object] = {"network": self.network}
        found |= {column_of(axis): self.point.get(axis) for axis in axes}
        found |= {name: getattr(self, name) for name in PLAIN if name not in found}
        for name in ("train_accuracy", "test_accuracy"):
            accuracy: Accuracy | None = getattr(self, name)
            found[name] = None if accuracy is None else accuracy.mean
            found[f"{name}_spread"] = None if accuracy is None else accuracy.spread
        for cut in cuts:
            found |= _flat_rank(cut, self.rank(cut), self)
        found["failures"] = "; ".join(f"{name}: {reason}" for name, reason in self.failures.items()) or None
        return found


@record
class Theory:
    """What a theorem says about an equivalent width: ``relation`` is ``≤`` or ``≥``."""

    formula: str
    width: int
    relation: Literal["≤", "≥"]
    source: str


@record
class EquivalentWidth:
    """The least width at which ``column`` can have the ranks that ``row`` has at one point, at every compared cut.

    A lower bound on the width of an equivalent network by nature: equal functions have equal ranks, not the other way
    round. ``decided`` says how it is known: ``proved`` (this width has the ranks, and one less cannot, by the bound of the graph or
    an exact rank), ``probable`` (one less falls short but for the probability of failure that ranks are found with), ``at_least`` (that this width has the
    ranks was not confirmed: more may be needed), ``unreachable`` (no width
    can, and ``width`` is None), ``unknown`` (``reason`` says why). ``cut`` is the one that decides.
    """

    point: Point
    row: str
    column: str
    width: int | None
    decided: Decided
    cut: str | None = None
    theory: Theory | None = None
    reason: str | None = None


@record
class Certificate:
    """What anyone needs to check one rank again (`tnc rank FILE --verify`)."""

    network: str
    point: Point
    cut: str
    certificate: Mapping[str, Any]


@record
class Origin:
    """How a comparison came about: the command, the versions, the machine, the time (ISO 8601)."""

    command: str
    versions: Mapping[str, str]
    machine: str
    made: str
    seconds: float


@record
class Budget:
    """What every network may spend: weights, or for one sample the FLOPs or the peak elements of a gradient with its score."""

    what: Spending
    amount: int


@record
class Comparison:
    """Networks, compared. ``axes`` are the sizes swept, with their values; ``unfinished`` counts the jobs not done."""

    entries: tuple[Entry, ...]
    axes: Mapping[str, tuple[int, ...]]
    cuts: tuple[str, ...]
    of: str
    rows: tuple[Row, ...]
    widths: tuple[EquivalentWidth, ...]
    certificates: tuple[Certificate, ...]
    origin: Origin
    budget: Budget | None = None
    unfinished: int = 0

    @property
    def table(self) -> Any:
        """The rows as `records` has them; as a pandas data frame where pandas is installed."""
        rows = self.records()
        return import_module("pandas").DataFrame(rows) if find_spec("pandas") is not None else rows

    def records(self) -> list[dict[str, object]]:
        """The rows as flat dicts with the same keys: ``network``, the sizes swept, the measures, ``rank odd_even``."""
        return [row.record(self.axes, self.cuts) for row in self.rows]

    def to_html(self) -> str:
        """The report as one page of HTML."""
        # The report is built from comparisons, so it is imported when a page is asked for.
        text: str = import_module("tncompile.comparison.report.page").render(self)
        return text

    def _repr_html_(self) -> str:
        header = ["network", *map(column_of, self.axes), *["width"] * ("width" not in self.axes), "weights"]
        header += [f"rank {cut}" for cut in self.cuts]
        caption = ", ".join(entry.label for entry in self.entries)
        left = len(self.rows) - FEW_ROWS
        note = f"and {left:,} more rows: see .table" if left > 0 else ""
        return html_table(caption, header, [self._shown(row, header) for row in self.rows[:FEW_ROWS]], note)

    def _shown(self, row: Row, header: Iterable[str]) -> list[str]:
        record = row.record(self.axes, self.cuts)
        ranks = {f"rank {cut}": rank_text(row.rank(cut)) for cut in self.cuts}
        return [ranks[name] if name in ranks else _text(record[name]) for name in header]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as one JSON object; the fields are those of the classes."""
        found = asdict(self)
        found["networks"], found["equivalent_widths"] = found.pop("entries"), found.pop("widths")
        for row, known in zip(found["rows"], self.rows, strict=True):
            for rank, one in zip(row["ranks"], known.ranks, strict=True):
                rank["per_weight"] = per_weight(one, known)
        return found


def column_of(axis: str) -> str:
    """How the column of a swept size is called: a size may have the name of a measure."""
    return f"size {axis}" if axis in ("network", "failures", *PLAIN) and axis != "width" else axis


def per_weight(rank: CutRank, row: Row) -> float | int | None:
    """A float, or an integer where a float could not hold it."""
    if not row.weights:
        return None
    return rank.lower // row.weights if rank.lower.bit_length() > LARGEST_FLOAT else rank.lower / row.weights


def rank_text(rank: CutRank | None) -> str:
    """The rank as a person reads it, with ``≥`` where it may be larger."""
    if rank is None:
        return "–"
    return ("≥ " if rank.verdict == "at_least" else "") + number_text(rank.lower)


def _flat_rank(cut: str, rank: CutRank | None, row: Row) -> dict[str, object]:
    if rank is None:
        return dict.fromkeys((f"rank {cut}", f"bound {cut}", f"verdict {cut}", f"rank per weight {cut}"))
    return {
        f"rank {cut}": rank.lower,
        f"bound {cut}": rank.upper,
        f"verdict {cut}": rank.verdict,
        f"rank per weight {cut}": per_weight(rank, row),
    }


def _text(value: object) -> str:
    return number_text(value) if isinstance(value, int) else "–" if value is None else str(value)
