"""What slices save and cost: a network within a tenth of the memory that its plan would need.

python -m benchmarks.memory [--share 10]
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np

import tncompile as tn
from tncompile.plan import operations, peak_elements

REPEATS = 5


def norm_of_peps(m: int, r: int) -> str:
    """The squared norm of a projected entangled pair state of ``m`` by ``m`` sites, bond dimension ``r``."""
    bonds = "v[i-1, j]", "h[i, j-1]", "v[i, j]", "h[i, j]"
    primed = (bond.replace("[", "'[") for bond in bonds)
    ket, bra = ", ".join((*bonds, "s[i, j]")), ", ".join((*primed, "s[i, j]"))
    return (
        f"network peps_norm\nsize m = {m}, r = {r}, n = 2\nlet bond[k in 0..m] = r if 0 < k < m else 1\n"
        "weight A[i in 1..m, j in 1..m](bond[i-1], bond[j-1], bond[i], bond[j], n)\n"
        f"output norm() = prod(A[i, j]({ket}) * A[i, j]({bra}) for i in 1..m, j in 1..m)\n"
    )


def clique(size: int, extent: int) -> str:
    """A matrix for each pair of ``size`` indices."""
    pairs = list(combinations([f"i{number}" for number in range(size)], 2))
    weights = "".join(f"weight M_{a}_{b}(n, n) ~ uniform(0, 1/n)\n" for a, b in pairs)
    return f"network clique\nsize n = {extent}\n{weights}output y() = " + " * ".join(
        f"M_{a}_{b}({a}, {b})" for a, b in pairs
    )


def measured(call: Callable[[], Any]) -> tuple[float, int]:
    """Seconds (the median), and the most bytes allocated at once."""
    call()
    tracemalloc.start()
    call()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return median(seconds), most


def report(name: str, text: str, share: int) -> None:
    """Two rows of a table: the score and the gradient."""
    net = tn.load(text + "\n")
    whole = tn.compile(net)
    w = whole.init(0).flat
    for called in ("score", "score_and_gradient"):
        plan = whole._plans.schedule(called != "score")
        start = time.perf_counter()
        small = tn.compile(net, memory=8 * peak_elements(plan)[0] // share)
        sliced = small._plans.schedule(called != "score")
        planning = time.perf_counter() - start
        assert sliced.slices is not None
        one, other = getattr(whole._whole, called), getattr(small_module(small, called), called)
        seconds, most = measured(lambda one=one: one(w))
        slower, less = measured(lambda other=other: other(w))
        np.testing.assert_allclose(flat(one(w)), flat(other(w)), rtol=1e-8)
        flops = operations(sliced).value / operations(plan).value
        print(
            f"| {name}, {called} | {most / 1e6:,.0f} MB, {1e3 * seconds:,.0f} ms "
            f"| {less / 1e6:,.0f} MB, {1e3 * slower:,.0f} ms | {sliced.slices.count} | {flops:.2f} "
            f"| {slower / seconds:.2f} | {planning:.1f} s |"
        )


def small_module(model: tn.Model, called: str) -> Any:
    """The module with the function; that without gradients where they are not asked for."""
    return model._scoring if called == "score" else model._whole


def flat(result: Any) -> Any:
    """The gradient, or the score."""
    return result[1] if isinstance(result, tuple) else result


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=int, default=10)
    share = parser.parse_args().share
    print("| what | unsliced | sliced | slices | operations, ratio | time, ratio | planning |")
    print("|---|---|---|---|---|---|---|")
    report("norm of a PEPS, 5 x 5, r = 4", norm_of_peps(5, 4), share)
    report("six indices in pairs, n = 24", clique(6, 24), share)


if __name__ == "__main__":
    main()
