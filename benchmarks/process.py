"""Work in a process of its own, with its time and the most memory that it held."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.peak import in_bytes


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
