"""What powers of two cost: scaled models beside the same models unscaled, in range.

python -m benchmarks.scaled [NAMES] [--threads 2]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from benchmarks.case import KINDS, Workload, tame
from benchmarks.machine import described
from benchmarks.timing import Race, Run, race, set_threads

DTYPES = ("float32", "float64")
ROUNDS, PATIENCE = 15, 1.0
AIM = 1.2  # times the time of the plain model


@dataclass(frozen=True)
class Row:
    """One function of one workload: the plain model against the scaled one."""

    workload: Workload
    dtype: str
    kind: str
    race: Race


def rows(workloads: list[Workload], note: Callable[[str], None]) -> Iterator[Row]:
    """Each workload, for weights and data of which its products stay in range."""
    for workload in workloads:
        for dtype in DTYPES:
            note(f"{workload.name}, {dtype}")
            plain, scaled = (runs(workload, dtype, way) for way in (False, True))
            for kind in KINDS:
                yield Row(workload, dtype, kind, race(plain[kind], scaled[kind], ROUNDS, PATIENCE))


def runs(workload: Workload, dtype: str, scaled: bool) -> dict[str, Run]:
    """A score and a gradient of a model."""
    import numpy as np

    import tncompile as tn
    from tncompile.runtime.random_data import random_data

    net = workload.load()
    model = tn.compile(net, dtype=dtype, scaled=scaled)
    w = tame(tn.compile(net, dtype=dtype), workload.noise).flat
    drawn = random_data(net, np.random.default_rng(1), workload.batch) or {}
    x = {name: (1 + workload.noise * values).astype(dtype) for name, values in drawn.items()}

    def score() -> object:
        return model.score(w, x)

    def gradient() -> object:
        return model.score_and_gradient(w, x)

    return dict(zip(KINDS, (score, gradient), strict=True))


def table(found: list[Row]) -> Iterator[str]:
    """The ratios as Markdown, those above the aim in bold."""
    heads = [f"{dtype}, {kind}" for dtype in DTYPES for kind in KINDS]
    yield f"| what | {' | '.join(heads)} |"
    yield f"|---|{'---|' * len(heads)}"
    for workload in dict.fromkeys(one.workload.title for one in found):
        own = {(one.dtype, one.kind): one.race for one in found if one.workload.title == workload}
        cells = [ratio(own[dtype, kind]) for dtype in DTYPES for kind in KINDS]
        yield f"| {workload} | {' | '.join(cells)} |"


def ratio(one: Race) -> str:
    """Scaled over plain, with quartiles."""
    text = f"{one.ratio:.2f}"
    return f"{f'**{text}**' if one.ratio > AIM else text} [{one.low:.2f}, {one.high:.2f}]"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--threads", default=os.cpu_count() or 1, show_default=True, help="Threads of every library.")
def main(names: tuple[str, ...], threads: int) -> None:
    """Print how many times as long scaled models take. NAMES are workloads, those written by hand by default."""
    set_threads(threads)
    from benchmarks.workloads import BY_HAND, all_workloads

    chosen = [all_workloads()[name] for name in names] or list(BY_HAND)
    found = list(rows(chosen, lambda text: click.echo(text, err=True)))
    click.echo(f"{described(threads)}\n")
    for line in table(found):
        click.echo(line)
    above = sum(one.race.ratio > AIM for one in found)
    click.echo(f"\n{len(found) - above} of {len(found)} take no more than {AIM} times as long")


if __name__ == "__main__":
    main()
