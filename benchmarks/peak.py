"""The most memory that a process has held."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


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
