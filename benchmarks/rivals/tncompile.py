"""The code that we generate; to build is to read the text and to compile it."""

from __future__ import annotations

import tncompile as tn
from benchmarks.case import SCORE, Case
from benchmarks.rivals import Ways
from benchmarks.timing import Run


def ways(case: Case, kind: str) -> Ways:
    """One way."""
    w, data = case.weights.flat, case.data

    def build() -> Run:
        model = tn.compile(case.workload.load(), dtype=case.dtype)
        if kind == SCORE:
            return lambda: model.score(w, data)
        return lambda: parted(model.score_and_gradient(w, data))

    return {"generated": build}


def parted(found: tuple[object, object]) -> tuple[object, list[object]]:
    """Scores, and the gradient as a list."""
    return found[0], [found[1]]
