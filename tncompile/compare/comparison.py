"""What a comparison of architectures yields: a row for each network and point, and equivalent widths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tncompile.expressivity.result import Verdict

Point = Mapping[str, int]
Spending = Literal["weights", "flops", "peak"]
Decided = Literal["proved", "probable", "at_least", "unreachable", "unknown"]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class CutRank:
    """The rank of one cut at one row; ``upper`` is None where no bound is known."""

    cut: str
    of: str
    lower: int
    upper: int | None
    verdict: Verdict


@dataclass(frozen=True)
class Accuracy:
    """Mean and standard deviation of an accuracy over seeds."""

    mean: float
    spread: float
    seeds: int


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Theory:
    """What a theorem says about an equivalent width: ``relation`` is ``≤`` or ``≥``."""

    formula: str
    width: int
    relation: Literal["≤", "≥"]
    source: str


@dataclass(frozen=True)
class EquivalentWidth:
    """The least width at which ``column`` can have the ranks that ``row`` has at one point, at every compared cut.

    A lower bound on the width of an equivalent network by nature: equal functions have equal ranks, not the other way
    round. ``decided`` says how it is known: ``proved`` (this width has the ranks, and one less cannot, by the bound of the graph or
    an exact rank), ``probable`` (one less falls short but for the probability of failure that ranks are found with), ``at_least`` (that this width has the
    ranks was not confirmed: more may be needed), ``unreachable`` (no width
    can, and ``width`` is None), ``unknown`` (a rank of the row is missing). ``cut`` is the one that decides.
    """

    point: Point
    row: str
    column: str
    width: int | None
    decided: Decided
    cut: str | None = None
    theory: Theory | None = None


@dataclass(frozen=True)
class Certificate:
    """What anyone needs to check one rank again (`tnc rank FILE --verify`)."""

    network: str
    point: Point
    cut: str
    certificate: Mapping[str, Any]


@dataclass(frozen=True)
class Origin:
    """How a comparison came about: the command, the versions, the machine, the time (ISO 8601)."""

    command: str
    versions: Mapping[str, str]
    machine: str
    made: str
    seconds: float


@dataclass(frozen=True)
class Budget:
    """What every network may spend: weights, or for one sample the FLOPs or the peak elements of a gradient with its score."""

    what: Spending
    amount: int


@dataclass(frozen=True)
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

    def to_dict(self) -> dict[str, Any]:
        """The comparison as one JSON object; the fields are those of the classes."""
        found = asdict(self)
        found["networks"], found["equivalent_widths"] = found.pop("entries"), found.pop("widths")
        for row, known in zip(found["rows"], self.rows, strict=True):
            for rank, one in zip(row["ranks"], known.ranks, strict=True):
                rank["per_weight"] = _per_weight(one, known)
        return found


def _per_weight(rank: CutRank, row: Row) -> float | None:
    return rank.lower / row.weights if row.weights else None
