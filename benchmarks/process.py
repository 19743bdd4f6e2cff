"""Work in a process of its own, with its time and the most memory that it held."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finished:
    """What a process wrote, its exit status, seconds of the clock and the most bytes it held."""

    text: str
    status: int
    seconds: float
    peak: int


def finished(arguments: Sequence[str], quiet: bool = False) -> Finished:
    """Runs Python with these arguments to its end; ``quiet`` drops what it says on standard error."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        text=True,
    )
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    taken = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    return Finished(text, process.returncode, taken, in_bytes(used.ru_maxrss))


def peak_so_far() -> int:
    """The most bytes that this process has held.

    Linux lets ``ru_maxrss`` begin with what the parent held; its own high-water mark begins anew.
    """
    status = Path("/proc/self/status")
    if status.exists():
        words = next(line.split() for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(words[1]) * 1024
    return in_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def in_bytes(maxrss: int) -> int:
    """Linux counts kibibytes, macOS bytes."""
    return maxrss if sys.platform == "darwin" else maxrss * 1024
