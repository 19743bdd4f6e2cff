"""Chains as loops and as trees: what the clocks say, what it takes on this machine, and whether the decision is right.

python -m benchmarks.chains [--quick] [--threads 2]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import click

from benchmarks.machine import described
from benchmarks.timing import Run, race, set_threads

LENGTHS, WIDTHS, SAMPLES = (16, 128, 784), (2, 8, 32), (1, 16, 256)
QUICK = (16, 64), (2, 8), (1, 256)
LARGEST = 2**27  # numbers in all transfer matrices: a tree of more is not measured
ROUNDS, PATIENCE = 3, 1.0


@dataclass(frozen=True)
class Row:
    """One network at one number of samples: seconds of a score with one of a gradient, and the speed of the tree."""

    network: str
    target: str
    estimates: tuple[float, float]  # the loop, the tree
    measured: tuple[float, float]
    chosen: str

    @property
    def right(self) -> bool:
        """Whether what was chosen is faster, or hardly slower."""
        loop, tree = self.measured
        took, other = (tree, loop) if self.chosen == "tree" else (loop, tree)
        return took <= 1.1 * other


def rows(quick: bool, note: Callable[[str], None]) -> Iterator[Row]:
    """The grid: a tensor train with n = 2, and the norm of a Born machine, which has no samples."""
    lengths, widths, samples = QUICK if quick else (LENGTHS, WIDTHS, SAMPLES)
    for target in ("numpy", *(["cupy"] if has_device() else [])):
        for d, r, s in product(lengths, widths, samples):
            if d * r * r * s <= LARGEST:
                note(f"{target}: d = {d}, r = {r}, {s} samples")
                yield row("tensor_train", target, {"d": d, "n": 2, "r": r, "C": 2}, s)
        for d, r in product(lengths, widths[:2]):
            note(f"{target}: norm, d = {d}, r = {r}")
            yield row("norm", target, {"d": d, "r": r}, 0)


def has_device() -> bool:
    """Whether CuPy finds one."""
    try:
        import cupy
    except ImportError:
        return False
    try:
        return bool(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError:
        return False


NORM = """network norm
size d = 8, n = 2, r = 4
weight A[1..d](r, n, r), v(r)
E[0](b, b') = v(b) * v(b')
E[k](b, b') = A[k](a, i, b) * A[k](a', i, b') * E[k-1](a, a') for k in 1..d
output Z() = sum(E[d](a, a') over a, a')
"""


def row(name: str, target: str, sizes: dict[str, int], samples: int) -> Row:
    """One network, estimated and measured."""
    import tncompile as tn
    from tncompile.plan import CLOCKS, Device, Numbers, Objective, fold, order_for, time_of
    from tncompile.transform import batch, gradient

    net = tn.load(NORM if name == "norm" else "examples/tensor_train.tn", **sizes)
    device = Device(CLOCKS[target], Numbers())
    batched = batch(net, value=samples) if samples else net

    def flat(chain: str) -> Any:
        return order_for(batched, Objective(chain=chain), device)

    def estimate(chain: str) -> float:
        both = (fold(flat(chain)), fold(gradient(flat(chain))))
        return sum(time_of(one, device.clock, device.numbers).whole for one in both)

    chosen = "tree" if flat("auto") != flat("loop") else "loop"
    loop, tree = (run(net, target, chain, samples) for chain in ("loop", "tree"))
    found = race(loop, tree, ROUNDS, PATIENCE)
    text = ", ".join(f"{size} = {sizes[size]}" for size in ("d", "r")) + (
        f", {samples} samples" if samples else ""
    )
    label = f"{name} {text}"
    return Row(label, target, (estimate("loop"), estimate("tree")), (found.ours, found.theirs), chosen)


def run(net: Any, target: str, chain: str, samples: int) -> Run:
    """A score and a gradient of a model, finished when it returns."""
    import numpy as np

    import tncompile as tn

    model = tn.compile(net, target=target, objective=tn.Objective(chain=chain))
    w: Any = model.init(0).flat
    d, n = net.sizes["d"], net.sizes["n"]
    data: list[Any] = [np.random.default_rng(0).random((samples, d, n))] if samples else []
    if target == "cupy":
        import cupy

        w, data = cupy.asarray(w), [cupy.asarray(one) for one in data]

    def both() -> None:
        model.score(w, *data)
        model.score_and_gradient(w, *data)
        if target == "cupy":
            cupy.cuda.get_current_stream().synchronize()

    return both


def table(found: list[Row]) -> Iterator[str]:
    """The rows as Markdown."""
    yield "| network | estimate loop | estimate tree | loop | tree | loop / tree | chosen | |"
    yield "|---|--:|--:|--:|--:|--:|---|---|"
    for one in found:
        times = " | ".join(milliseconds(seconds) for seconds in (*one.estimates, *one.measured))
        ratio = one.measured[0] / one.measured[1]
        verdict = "" if one.right else "slower"
        yield f"| {one.network} | {times} | {ratio:.2f} | {one.chosen} | {verdict} |"


def milliseconds(seconds: float) -> str:
    """A time as it is read."""
    return f"{1e3 * seconds:.3g} ms"


@click.command()
@click.option("--quick", is_flag=True, help="A small grid.")
@click.option("--threads", default=os.cpu_count() or 1, show_default=True, help="Threads of every library.")
def main(quick: bool, threads: int) -> None:
    """Print estimates and times of loops and trees."""
    set_threads(threads)
    found = list(rows(quick, lambda text: click.echo(text, err=True)))
    click.echo(described(threads))
    for target in dict.fromkeys(one.target for one in found):
        own = [one for one in found if one.target == target]
        click.echo(f"\n{target}\n")
        for line in table(own):
            click.echo(line)
        click.echo(f"\n{sum(one.right for one in own)} of {len(own)} decisions are right (within 10 %)")


if __name__ == "__main__":
    main()
