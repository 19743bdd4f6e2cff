"""What is asked of a comparison: the networks, what is swept and set, the cuts, and what is measured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any

from tncompile.comparison.axes import SweepAxis, Target, check_targets, is_pseudo_width
from tncompile.comparison.contender import Contender
from tncompile.comparison.result import Budget
from tncompile.source import UsageError, read_bytes
from tncompile.source.records import record

LARGEST_DIMENSION = 2_000  # weights up to which the dimension is found unless told otherwise


@record
class Ranking:
    """How ranks are found; see `tncompile.rank`."""

    grid: int | None = None
    points: int = 1024
    fail: float = 1e-9
    seed: int = 0
    output: str | None = None

    def options(self) -> dict[str, Any]:
        """What differs from nothing, for a job."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@record
class Fitting:
    """How accuracies are found: the samples (an ``.npz`` file), and a fit for each of some seeds."""

    data: str
    target: str = "y"
    seeds: int = 3
    epochs: int = 10
    rate: float = 0.01
    batch: int = 32
    test_split: float = 0.25

    def options(self) -> dict[str, Any]:
        """For a job; other data under the same name make another job."""
        return {**asdict(self), "digest": hashlib.sha256(read_bytes(self.data)).hexdigest()}


@record
class Question:
    """A comparison that is asked for.

    ``widths`` say which size is the width where it is not clear. ``dimension`` is the number of weights up to
    which the dimension is found (0: never), ``batch`` the samples of a measurement of time (0: none).
    """

    contenders: tuple[Contender, ...]
    axes: tuple[SweepAxis, ...] = ()
    settings: Mapping[Target, object] = field(default_factory=dict)
    widths: tuple[Target, ...] = ()
    cuts: tuple[str, ...] = ()
    ranking: Ranking = Ranking()
    budget: Budget | None = None
    fitting: Fitting | None = None
    dimension: int = LARGEST_DIMENSION
    batch: int = 256
    equivalents: bool = True

    def __post_init__(self) -> None:
        if not self.contenders:
            raise UsageError("there is no network to compare")
        check_targets(self.contenders, self.axes, self.settings, self.widths)
        if self.budget is not None and self._sets_width():
            raise UsageError("--budget finds the width of each network: leave the sweep over width away")
        for value in (self.dimension, self.batch):
            if value < 0:
                raise UsageError("counts of weights and samples are 0 or more")

    def _sets_width(self) -> bool:
        targets = [target for axis in self.axes for target in axis.targets] + list(self.settings)
        return any(is_pseudo_width(self.contenders, target) for target in targets)

    @property
    def needs_width(self) -> str | None:
        """What cannot do without the width of each network."""
        if self.budget is not None:
            return "--budget"
        return "a sweep over width" if self._sets_width() else None

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data: equal questions have equal answers."""
        return {
            "networks": [[c.label, c.source.text, c.bound] for c in self.contenders],
            "axes": [[axis.name, axis.values] for axis in self.axes],
            "settings": {str(target): value for target, value in self.settings.items()},
            "widths": [str(target) for target in self.widths],
            "cuts": list(self.cuts),
            "ranking": asdict(self.ranking),
            "budget": None if self.budget is None else asdict(self.budget),
            "fitting": None if self.fitting is None else self.fitting.options(),
            "dimension": self.dimension,
            "batch": self.batch,
            "equivalents": self.equivalents,
        }
