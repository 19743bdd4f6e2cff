"""First results and memory: each way in a process of its own (`python -m benchmarks.alone`).

Ours counts from the start of the interpreter, all imports and the reading of the text included. A rival counts from when
weights and data lie ready, NumPy is imported, and only its own imports are left.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.case import SCORE, Case, Workload
from benchmarks.contest import Attempt
from benchmarks.first import clocked
from benchmarks.peers import OURS
from benchmarks.process import finished
from benchmarks.rivals import RIVALS
from benchmarks.workloads import all_workloads

DIFFERENTIATE = (OURS, "numpy", "jax", "torch")  # the others leave that to one of these
UNROLLED = "unrolled"  # JAX as it is written without scans: the first result is compared with that


@dataclass(frozen=True)
class Start:
    """Seconds of imports, of building, of the first call; the most bytes held beyond those before all that."""

    workload: str
    kind: str
    rival: str
    way: str
    imports: float
    build: float
    first: float
    peak: int

    @property
    def total(self) -> float:
        """Seconds to the first result."""
        return self.imports + self.build + self.first


def starts(case: Case, kind: str, attempts: Iterable[Attempt]) -> list[Start]:
    """The best way of each rival, and the best that is unrolled; gradients of those that have their own."""
    chosen: dict[str, Attempt] = {}
    possible = [
        one for one in attempts if one.reason is None and (kind == SCORE or one.rival in DIFFERENTIATE)
    ]
    for one in sorted(possible, key=lambda one: one.later):
        chosen.setdefault(one.rival, one)
        if one.way.startswith(UNROLLED):
            chosen.setdefault(UNROLLED, one)
    with TemporaryDirectory() as folder:
        file = Path(folder, "data.pickle")
        file.write_bytes(pickle.dumps((case.weights.flat, case.data)))
        return [started(case.workload, kind, one, file) for one in dict.fromkeys(chosen.values())]


def started(workload: Workload, kind: str, attempt: Attempt, data: Path) -> Start:
    """One way in a process of its own. Raises RuntimeError where that fails."""
    what = {"workload": workload.name, "kind": kind, "rival": attempt.rival, "way": attempt.way}
    if attempt.rival == OURS:
        example = {"example": workload.example, "sizes": workload.sizes, "gradient": kind != SCORE}
        arguments = ["-m", "benchmarks.first", json.dumps(example), str(data), repr(time.time())]
    else:
        arguments = ["-m", "benchmarks.alone", json.dumps(what)]
    process = finished(arguments, quiet=True)
    if process.status:
        raise RuntimeError(f"{what} failed with status {process.status}")
    return Start(**what, **json.loads(process.text))


def main() -> None:
    """A rival: writes the rest of a `Start` as JSON."""
    what = json.loads(sys.argv[1])
    warnings.simplefilter("ignore")
    case = Case(all_workloads()[what["workload"]])
    rival, kind, way = RIVALS[what["rival"]], what["kind"], what["way"]
    print(json.dumps(clocked(lambda: rival.ways(case, kind)[way], time.time())))


if __name__ == "__main__":
    main()
