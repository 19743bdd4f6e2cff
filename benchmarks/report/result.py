"""All figures of one run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.alone import Start
from benchmarks.contest import Attempt, Row
from benchmarks.growth import Curve
from benchmarks.timing import Machine


@dataclass
class Result:
    """Rows of the contests, all attempts by workload and kind, first results, curves."""

    description: str
    machine: Machine
    rows: list[Row] = field(default_factory=list)
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    starts: list[Start] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    def groups(self) -> Iterator[tuple[str, str, list[Row]]]:
        """The rows of one workload and kind together."""
        return grouped(self.rows)

    def to_json(self) -> str:
        """One object; what is not known is null."""
        found = asdict(self)
        for curve, one in zip(found["curves"], self.curves, strict=True):
            curve["exponent"] = one.exponent
        return json.dumps(known(found), indent=1, allow_nan=False)


def grouped(rows: Iterable[Row]) -> Iterator[tuple[str, str, list[Row]]]:
    """Rows of one workload and kind together, in order."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.workload, row.kind), []).append(row)
    for (workload, kind), members in found.items():
        yield workload, kind, members


def known(value: Any) -> Any:
    """The same with null for what is no number."""
    if isinstance(value, dict):
        return {key: known(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [known(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
