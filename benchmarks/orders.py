"""Orders of contraction for arbitrary graphs, against the best that are known, opt_einsum and cotengra.

python -m benchmarks.orders FOLDER [--budget 5] [--only NAME] [--rivals] [--patience 60]

FOLDER holds instances of the Einsum Benchmark (Blacher et al. 2024) as JSON, and `REFERENCE.csv` with the
logarithms of their FLOPs. FLOPs count as there: 2 for each multiplication with an addition, 1 where nothing is summed.
Times are those of the processor.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.timing import set_threads
from tncompile.exchange import Einsum, read_json
from tncompile.plan import OBJECTIVES, Objective
from tncompile.plan.search.contraction import Contraction, contraction
from tncompile.plan.search.contraction import Path as Order
from tncompile.plan.search.paths import best_path
from tncompile.source import read_source

NEAR, FAR, SECONDS = 0.05, 0.3, 10.0  # decades above the reference; the aims
AIM = 9  # instances that shall be near


@dataclass(frozen=True)
class Instance:
    """An einsum without the indices that one operand alone carries; to sum them costs ``before`` FLOPs."""

    name: str
    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]
    sizes: dict[str, int]
    before: int
    reference: float


def instance(name: str, einsum: Einsum, reference: float) -> Instance:
    """An instance to search."""
    carried = einsum.carried
    inputs, before = [], 0
    for labels in einsum.inputs:
        kept = tuple(label for label in dict.fromkeys(labels) if carried[label] > 1)
        if len(kept) < len(set(labels)):
            before += math.prod(einsum.sizes[label] for label in set(labels))
        inputs.append(kept)
    return Instance(name, tuple(inputs), einsum.output, dict(einsum.sizes), before, reference)


def decades(one: Instance, order: Order) -> float:
    """The logarithm of the FLOPs of an order, less that of the reference."""
    problem = plain_problem(one, Objective())
    flops = sum(
        problem.elements(union) * (1 if union == result else 2)
        for _, _, union, result in problem.steps(order)
    )
    return math.log10(flops + one.before) - one.reference


def plain_problem(one: Instance, objective: Objective) -> Contraction:
    """An instance as a problem."""
    extents = {label: np.array([float(size)]) for label, size in one.sizes.items()}
    return contraction(one.inputs, one.output, extents, np.ones(1), objective)


# --- searches --------------------------------------------------------------------------------------


def ours(one: Instance, objective: Objective) -> Order:
    """The order that `tnc compile` would take."""
    return best_path(plain_problem(one, objective))


def by_opt_einsum(one: Instance) -> Order:
    """opt_einsum, `auto-hq`."""
    import opt_einsum

    paths, inputs = opt_einsum.paths, [frozenset(labels) for labels in one.inputs]
    found = paths.auto_hq(inputs, frozenset(one.output), one.sizes, None)
    return pairs(paths.linear_to_ssa(found), len(inputs))


def by_cotengra(one: Instance, patience: float) -> Order:
    """cotengra, `HyperOptimizer` as it comes, stopped after so many seconds."""
    import cotengra

    optimizer = cotengra.HyperOptimizer(parallel=False, progbar=False, max_time=patience)
    tree = optimizer.search(one.inputs, one.output, one.sizes)
    return pairs(tree.get_ssa_path(), len(one.inputs))


def pairs(groups: Iterable[Sequence[int]], count: int) -> Order:
    """Steps that join any number of arrays, as pairs."""
    numbers = dict(enumerate(range(count)))
    made: list[tuple[int, int]] = []
    for place, group in enumerate(groups, count):
        joined = numbers[group[0]]
        for other in group[1:]:
            made.append((joined, numbers[other]))
            joined = count + len(made) - 1
        numbers[place] = joined
    return tuple(made)


# --- the table ---------------------------------------------------------------------------------------


def timed(one: Instance, search: Callable[[Instance], Order]) -> tuple[float, float]:
    """Decades above the reference, and seconds."""
    start = time.process_time()
    order = search(one)
    seconds = time.process_time() - start
    return decades(one, order), seconds


def instances(folder: Path) -> list[Instance]:
    """All instances that have a reference."""
    with (folder / "REFERENCE.csv").open(encoding="utf-8") as file:
        rows = [(row["instance"], float(row["reference_log10_flops"])) for row in csv.DictReader(file)]
    return [instance(name, read_json(read_source(folder / f"{name}.json")), flops) for name, flops in rows]


def row(name: str, cells: Sequence[tuple[float, float]]) -> str:
    """One line of the table."""
    return f"{name:36}" + "".join(
        f"{above:+8.3f} {10**above:8.2f} {seconds:7.1f} s" for above, seconds in cells
    )


def main() -> None:
    """All instances, or one."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folder", type=Path)
    options.add_argument("--budget", type=float, default=5.0)
    options.add_argument("--minimize", choices=list(OBJECTIVES), default="flops")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only")
    options.add_argument("--rivals", action="store_true", help="opt_einsum and cotengra too (minutes)")
    options.add_argument("--patience", type=float, default=60.0, help="seconds for cotengra, each")
    options.add_argument("--json", type=Path, help="write the figures into this file")
    chosen = options.parse_args()
    set_threads(1)
    if not (chosen.folder / "REFERENCE.csv").is_file():
        print(f"skipped: there are no instances in {chosen.folder}")
        return
    objective = replace(OBJECTIVES[chosen.minimize], budget=chosen.budget, seed=chosen.seed)
    searches = {"tncompile": lambda one: ours(one, objective)}
    if chosen.rivals:
        searches |= {
            "opt_einsum auto-hq": by_opt_einsum,
            "cotengra": lambda one: by_cotengra(one, chosen.patience),
        }
    print(f"{'decades, ratio to the reference, time':36}" + "".join(f"{name:>27}" for name in searches))
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for one in instances(chosen.folder):
        if chosen.only in (None, one.name):
            found[one.name] = {name: timed(one, search) for name, search in searches.items()}
            print(row(one.name, list(found[one.name].values())), flush=True)
    report(found)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def report(found: dict[str, dict[str, tuple[float, float]]]) -> None:
    """How many aims are met."""
    own = [cells["tncompile"] for cells in found.values()]
    counts = Counter(near=sum(a <= NEAR for a, _ in own), far=sum(a > FAR for a, _ in own))
    slow = max(seconds for _, seconds in own)
    print(
        f"{counts['near']} of {len(own)} within {NEAR} decades (aim {AIM}), {counts['far']} above {FAR} (aim 0), "
        f"{median(seconds for _, seconds in own):.1f} s in the median, {slow:.1f} s at most (aim {SECONDS:g})"
    )


if __name__ == "__main__":
    main()
