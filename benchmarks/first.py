"""Our first result in a process of its own (`python -m benchmarks.first`), which imports what a user does and no more."""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from benchmarks.peak import peak_so_far

Run = Callable[[], object]


def clocked(imported: Callable[[], Callable[[], Run]], begun: float) -> dict[str, float]:
    """Seconds of each stage (imports since ``begun``, building, the first call), and the memory beyond that held now."""
    before = peak_so_far()
    build = imported()
    times = [begun, time.time()]
    run = build()
    times.append(time.time())
    run()
    times.append(time.time())
    stages = zip(("imports", "build", "first"), (b - a for a, b in pairwise(times)), strict=True)
    return {**dict(stages), "peak": peak_so_far() - before}


def main() -> None:
    """Arguments: the network, the arrays, when the process was asked for."""
    what, begun = json.loads(sys.argv[1]), float(sys.argv[3])
    w, x = pickle.loads(Path(sys.argv[2]).read_bytes())
    example = Path(__file__).parent.parent / "examples" / f"{what['example']}.tn"

    def imported() -> Callable[[], Run]:
        import tncompile as tn

        def build() -> Run:
            model = tn.compile(tn.load(example, **what["sizes"]), dtype=str(w.dtype))
            return lambda: model.score_and_gradient(w, x) if what["gradient"] else model.score(w, x)

        return build

    print(json.dumps(clocked(imported, begun)))


if __name__ == "__main__":
    main()
