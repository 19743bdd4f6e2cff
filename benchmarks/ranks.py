"""How far exact ranks reach, with times and memory; and what floating-point numbers say instead.

python -m benchmarks.ranks [--only NAME] [--float]

Each figure is one run of `tnc rank` in a process of its own, start and planning included.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass

from benchmarks.process import finished
from tncompile.source.numbers import number_text

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples")
SAMPLES = 10  # random weights for the ranks in floating-point numbers


@dataclass(frozen=True)
class Figure:
    """A run, what it shall find, and how long it may take."""

    name: str
    file: str
    arguments: str
    verdict: str
    lower: int | None
    seconds: float


FIGURES = (
    Figure("rank-4096", "recurrent_tensor_train.tn", "-s d=12 -s n=4 -s r=4 --cut odd_even --points 4200", "exact", 4096, 20),
    Figure("train-784", "tensor_train.tn", "-s d=784 -s r=32 --cut start_end", "exact", 32, 5),
    Figure("train-1000", "tensor_train.tn", "-s d=1000 -s n=3 -s r=5 --cut odd_even", "exact", 3**500, 5),
    Figure("circuit-100", "deep_rac.tn", "-s T=100 -s L=2 -s M=4 -s R=4 --cut start_end", "at_least", 1024, 10),
    Figure("circuit-64", "deep_rac.tn", "-s T=64 -s L=2 -s M=4 -s R=3 --cut start_end --points 2048", "exact", 1683, 60),
    Figure("all-cuts-14", "tensor_train.tn", "-s d=14 -s n=2 -s r=2 --cut all", "exact", None, 20),
)  # fmt: skip

# T, L, M, R of deep recurrent circuits; the rank on the grid of M templates.
CIRCUITS = ((4, 2, 3, 2), (6, 2, 3, 3), (8, 2, 3, 2), (6, 3, 3, 2), (8, 3, 2, 2), (8, 3, 4, 2), (10, 3, 2, 2))


def measured(figure: Figure) -> str:
    """One run as a line: what was found, seconds, the most memory held."""
    file = os.path.join(EXAMPLES, figure.file)
    process = finished(["-m", "tncompile", "rank", file, *figure.arguments.split(), "--json"])
    if process.status:
        return f"{figure.name:12} failed with status {process.status}"
    sys.set_int_max_str_digits(0)
    cuts = json.loads(process.text)["cuts"]
    right = all(cut["verdict"] == figure.verdict for cut in cuts)
    right = right and (figure.lower is None or cuts[0]["lower"] == figure.lower)
    found = f"{len(cuts)} cuts" if len(cuts) > 1 else f"{cuts[0]['verdict']} {number_text(cuts[0]['lower'])}"
    judged = "" if right and process.seconds <= figure.seconds else "  MISSED"
    memory = process.peak / 2**30
    return f"{figure.name:12} {found:20} {process.seconds:7.2f} s (aim {figure.seconds:g} s)  {memory:5.2f} GiB{judged}"


def floating(circuit: tuple[int, int, int, int]) -> str:
    """The exact rank of a deep circuit beside the numerical rank at random normal weights."""
    import tncompile as tn
    from tncompile.expressivity.cuts import studies
    from tncompile.expressivity.evaluation.numerical import numerical_ranks
    from tncompile.expressivity.rank import rank

    net = tn.load(os.path.join(EXAMPLES, "deep_rac.tn"), **dict(zip("TLMR", circuit, strict=True)), C=1)
    exact = rank(net, "start_end", grid=circuit[2])
    (study,) = studies(net, "start_end")
    found = numerical_ranks(study.net, study.sides, None, circuit[2], 0, 0, SAMPLES)
    values = found.singular_values
    smallest = values[exact.lower - 1] / values[0]
    ranks = f"{min(found.ranks)}–{max(found.ranks)}"
    sizes = ", ".join(f"{name}={value}" for name, value in zip("TLMR", circuit, strict=True))
    result = exact.results[0]
    return f"| {sizes} | {result.lower} ({result.verdict}) | {ranks} | {smallest:.0e} |"


def main() -> None:
    """All figures, or one; or the table of floating-point ranks."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--only", choices=[figure.name for figure in FIGURES])
    options.add_argument("--float", action="store_true", help="the table of floating-point ranks")
    chosen = options.parse_args()
    if chosen.float:
        print("| circuit | exact | SVD in float64 | smallest singular value that counts |")
        for circuit in CIRCUITS:
            print(floating(circuit), flush=True)
        return
    for figure in FIGURES:
        if chosen.only in (None, figure.name):
            print(measured(figure), flush=True)


if __name__ == "__main__":
    main()
