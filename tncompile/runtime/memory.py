"""The memory limit: a plan that needs more is refused before anything is allocated."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tncompile.network import Extent, Formula
from tncompile.plan import Schedule, peak_elements
from tncompile.plan.schedule import Buffer
from tncompile.source import Diagnostic, TnError

MEMORY_TABLE = Path("/proc/meminfo")
GIGABYTE = 10**9


def default_limit(target: str) -> int:
    """Half of the memory that is free, in bytes; of the device's for CuPy, and no limit where there is none."""
    if target == "cupy":
        if find_spec("cupy") is None:
            return sys.maxsize
        free, _ = import_module("cupy").cuda.Device().mem_info
        return int(free) // 2
    try:
        lines = MEMORY_TABLE.read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return free // 2


def check_memory(
    schedule: Schedule, batch: str | None, samples: int, dtype: str, limit: int, what: str
) -> None:
    """Raises TnError if a schedule needs more than ``limit`` bytes for ``samples`` samples."""
    buffers = {name: _with_samples(buffer, batch, samples) for name, buffer in schedule.buffers.items()}
    peak, _ = peak_elements(replace(schedule, buffers=buffers))
    size = np.dtype(dtype).itemsize
    if peak * size <= limit:
        return
    count = f" for {samples} sample{'s' * (samples != 1)}" if batch is not None else ""
    largest, held = _largest(buffers)
    atoms = [atom for atom in _formula(largest).atoms() if atom != batch]
    less = [f"`{atom}`" for atom in atoms] + (
        ["fewer samples at a time"] if batch is not None and samples > 1 else []
    )
    raise TnError(
        [
            Diagnostic(
                f"{what} needs {_bytes(peak * size)} at its peak{count}; the limit is {_bytes(limit)}. "
                f"The largest array, of `{largest.tensor}`, holds {_formula(largest)} = {held:,} numbers",
                help=f"smaller {' or '.join(less)} would shrink it" if less else "",
            )
        ]
    )


def _with_samples(buffer: Buffer, batch: str | None, samples: int) -> Buffer:
    if batch is None:
        return buffer
    wanted = Formula.atom(batch)
    shape = tuple(Extent(samples, e.formula) if e.formula == wanted else e for e in buffer.shape)
    return replace(buffer, shape=shape)


def _largest(buffers: Mapping[str, Buffer]) -> tuple[Buffer, int]:
    counts = {
        name: int(np.prod([e.value for e in (*b.family, *b.shape)], dtype=object))
        for name, b in buffers.items()
    }
    name = max(counts, key=lambda name: counts[name])
    return buffers[name], counts[name]


def _formula(buffer: Buffer) -> Formula:
    product = Formula.constant(1)
    for extent in (*buffer.family, *buffer.shape):
        product = product * extent.formula
    return product


def _bytes(count: int) -> str:
    return f"{count / GIGABYTE:,.2f} GB" if count >= GIGABYTE // 100 else f"{count:,} bytes"
