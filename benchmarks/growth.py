"""How the cost of a network grows with each of its sizes and with the batch: planning, compiling, running."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import tncompile as tn
from benchmarks.case import SCORE, Array, Case, Workload
from benchmarks.timing import block, exponent, seconds
from benchmarks.workloads import cp, deep_rac, hierarchical_tucker, tensor_train

LONGEST = 10_000  # sites of a chain
BATCH = "batch"


@dataclass(frozen=True)
class Sweep:
    """A network of which one size takes several values."""

    base: Workload
    size: str
    values: tuple[int, ...]

    def at(self, value: int) -> Workload:
        """The network at one of them."""
        if self.size == BATCH:
            return replace(self.base, batch=value)
        return replace(self.base, sizes={**self.base.sizes, self.size: value})


@dataclass(frozen=True)
class Curve:
    """What was measured for one quantity along a sweep: seconds, or FLOPs of a sample."""

    workload: str
    size: str
    quantity: str
    sizes: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """The power of the size that it grows with, for large sizes."""
        return exponent(self.sizes, self.values)


def sweeps(quick: bool) -> list[Sweep]:
    """What is measured."""
    if quick:
        train = tensor_train.workload("tt", batch=16, d=8, n=2, r=8)
        return [Sweep(train, "d", (8, 32, 128)), Sweep(train, "r", (4, 8, 16))]
    chain = tensor_train.workload("tt", batch=16, d=64, n=2, r=16)
    circuit = deep_rac.workload("rac", batch=16, T=64, M=8, R=32, L=1)
    train = tensor_train.workload("tt", batch=256, d=32, n=4, r=32)
    tree = hierarchical_tucker.workload("ht", batch=64, d=32, n=4, r=8)
    shallow = cp.workload("cp", batch=256, d=32, n=4, r=64)
    long, wide, batches = (
        (10, 30, 100, 300, 1000, 3000, LONGEST),
        (8, 16, 32, 64, 128),
        (16, 64, 256, 1024, 4096),
    )
    return [
        *(Sweep(chain, "d", long), Sweep(train, "r", wide), Sweep(train, "n", (2, 4, 8, 16, 32)), Sweep(train, BATCH, batches)),
        *(Sweep(circuit, "T", long), Sweep(circuit, "R", wide), Sweep(circuit, BATCH, batches)),
        *(Sweep(tree, "d", (16, 32, 64, 128, 256)), Sweep(tree, "r", (4, 8, 16, 32)), Sweep(tree, BATCH, batches[:4])),
        *(Sweep(shallow, "d", (16, 64, 256, 1024)), Sweep(shallow, "r", (32, 64, 128, 256, 512)), Sweep(shallow, BATCH, batches)),
    ]  # fmt: skip


def curves(sweep: Sweep, note: Callable[[str], None]) -> list[Curve]:
    """All quantities along a sweep."""
    found: dict[str, list[float]] = {}
    for value in sweep.values:
        note(f"growth: {sweep.base.name}, {sweep.size}={value}")
        for quantity, measured in quantities(sweep.at(value)):
            found.setdefault(quantity, []).append(measured)
    return [
        Curve(sweep.base.name, sweep.size, quantity, sweep.values, tuple(values))
        for quantity, values in found.items()
    ]


def quantities(workload: Workload) -> Iterator[tuple[str, float]]:
    """Seconds to check the text, to compile it with its gradient, to score and to differentiate; FLOPs."""
    net = workload.load()
    yield "load", seconds(workload.load)
    yield "compile", seconds(lambda: tn.compile(net, dtype="float32").source)
    case = Case(workload)
    w, x, model = near_one(case), case.data, case.model
    model.score_and_gradient(w, x)
    yield "score", block(lambda: model.score(w, x))
    yield "gradient", block(lambda: model.score_and_gradient(w, x))
    yield "FLOPs", float(case.flops(SCORE))


def near_one(case: Case) -> Array:
    """The weights times a number for which scores are near 1, however long a chain is: where numbers end, processors may take many
    times as long."""
    scaled = tn.compile(case.net, dtype=case.dtype, scaled=True)
    once, twice = (int(scaled.score(c * case.weights.flat, case.data)[1].max()) for c in (1, 2))
    weights: Array = (case.weights.flat * 2.0 ** (-once / (twice - once))).astype(case.dtype)
    return weights


def spans(found: Sequence[Curve]) -> Iterator[tuple[str, str, list[Curve]]]:
    """Curves of one network and one size together."""
    for workload, size in dict.fromkeys((one.workload, one.size) for one in found):
        yield workload, size, [one for one in found if (one.workload, one.size) == (workload, size)]
