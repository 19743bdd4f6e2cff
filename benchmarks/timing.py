"""Clocks: calls in turn, ratios of what ran side by side, and what the machine can do at best."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from statistics import median, quantiles

Run = Callable[[], object]  # one call, finished when it returns

BLOCK = 0.02  # seconds of calls in a row before the turn passes on
SIDE = 1024  # of the matrices whose product shows the rate of the machine
COPIED = 2**26  # numbers copied to show its bandwidth; far more than the caches hold


def set_threads(number: int) -> None:
    """Tells every library how many threads to use; comes before any of them is imported.

    Threads of OpenMP (torch) that wait shall sleep: if they spin they take a core from whoever comes next.
    """
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(number)


def seconds(run: Run) -> float:
    """One call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def block(run: Run, budget: float = BLOCK) -> float:
    """The median of calls in a row, in seconds, as many as the budget allows.

    The first call is not counted: another library had the caches before, and its threads may still wait.
    """
    first = seconds(run)
    calls = 1 if first > budget else 3
    times = [seconds(run) for _ in range(calls)]
    while sum(times) < budget:
        times.append(seconds(run))
    return median(times)


@dataclass(frozen=True)
class Race:
    """Two ways in turn: median seconds of each, and the ratio theirs / ours of each turn with its quartiles."""

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


def race(ours: Run, theirs: Run, rounds: int, patience: float) -> Race:
    """Blocks in the order A B A B; no fewer than three rounds, and no more once the seconds are used up."""
    pairs: list[tuple[float, float]] = []
    start = time.perf_counter()
    for turn in count():
        if turn >= rounds or (turn >= 3 and time.perf_counter() - start > patience):
            break
        pairs.append((block(ours), block(theirs)))
    ratios = [b / a for a, b in pairs]
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return Race(median(a for a, _ in pairs), median(b for _, b in pairs), middle, low, high)


@dataclass(frozen=True)
class Machine:
    """FLOPs and bytes a second: of one large product of float32 matrices, and of a copy, read and written."""

    flops: float
    bandwidth: float

    def floor(self, flops: float, moved: float) -> float:
        """Seconds that nothing can beat: all operations at the rate of a product, all bytes moved once."""
        return max(flops / self.flops, moved / self.bandwidth)


def measured_machine(rounds: int = 7) -> Machine:
    """The best of several rounds."""
    import numpy as np

    a = np.ones((SIDE, SIDE), np.float32)
    product = min(seconds(lambda: a @ a) for _ in range(rounds))
    source, target = np.ones(COPIED, np.float32), np.zeros(COPIED, np.float32)
    copy = min(seconds(lambda: np.copyto(target, source)) for _ in range(rounds))
    return Machine(2 * SIDE**3 / product, 2 * source.nbytes / copy)


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of the upper half of the points in logarithms: the power of the size that a cost grows with."""
    import numpy as np

    half = max(2, (len(sizes) + 1) // 2)
    return float(np.polyfit(np.log(sizes[-half:]), np.log(values[-half:]), 1)[0])
