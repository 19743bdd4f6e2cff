"""Timing of several functions in turn, and a table of the medians."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from statistics import median

Timed = Mapping[str, Callable[[], object]]


def parser(description: str | None, **sizes: int) -> argparse.ArgumentParser:
    """Options for sizes, threads and rounds."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, value in sizes.items():
        options.add_argument(f"--{name}", type=int, default=value)
    options.add_argument("--threads", type=int, default=2, help="threads of the BLAS")
    options.add_argument("--rounds", type=int, default=60, help="how often each function is timed")
    return options


def set_threads(count: int) -> None:
    """Tells every BLAS how many threads to use; comes before NumPy is imported."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(count)


def medians(functions: Timed, rounds: int) -> dict[str, float]:
    """The median time of each function in milliseconds; in each round every one of them runs once."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for round_ in range(rounds + 3):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if round_ >= 3:
                times[name].append(time.perf_counter() - start)
    return {name: 1e3 * median(values) for name, values in times.items()}


def table(title: str, ours: str, found: Mapping[str, float]) -> str:
    """The medians, and how they compare to ours."""
    lines = [f"{title}", f"{'':44}{'median ms':>10}  {'/ ours':>7}"]
    for name, value in sorted(found.items(), key=lambda pair: pair[1]):
        lines.append(
            f"  {name:42}{value:10.3f}  {value / found[ours]:7.2f}" + ("  <" if name == ours else "")
        )
    return "\n".join(lines)
