"""The memory limit: what is free, and the message where a plan needs more than it may."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tncompile.network import Formula
from tncompile.plan import Schedule, for_samples, peak_elements
from tncompile.plan.schedule import Buffer
from tncompile.source import Diagnostic, TnError, UsageError
from tncompile.source.numbers import bytes_of, finite_number

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


def chosen_limit(memory: object) -> int | None:
    """What a caller gives as the memory limit, in bytes: an integer of 1 or more, a text such as ``"8G"``, or None for
    the default. Raises UsageError for all else."""
    if memory is None:
        return None
    wrong = UsageError(f"`memory` is a number of bytes (8 * 10**9) or a text ('8G'), not {memory!r}")
    if isinstance(memory, str):
        try:
            return bytes_of(memory)
        except ValueError:
            raise wrong from None
    count = finite_number(memory)
    if count is None or count < 1 or not count.is_integer():
        raise wrong
    return int(count)


def too_large(
    schedule: Schedule, batch: str | None, samples: int, dtype: str, limit: int, what: str, why: str = ""
) -> TnError:
    """The error for a schedule that needs more than ``limit`` bytes for ``samples`` samples and has no slices; ``why``
    says in words why it has none."""
    sampled = for_samples(schedule, batch, samples)
    size = np.dtype(dtype).itemsize
    peak, _ = peak_elements(sampled)
    count = f" for {samples} sample{'s' * (samples != 1)}" if batch is not None else ""
    largest, held = _largest(sampled.buffers)
    less = [f"`{atom}`" for atom in _formula(largest).atoms() if atom != batch]
    less += ["fewer samples at a time"] if batch is not None and samples > 1 else []
    return TnError(
        [
            Diagnostic(
                f"{what} needs {in_bytes(peak * size)} at its peak{count}; the limit is {in_bytes(limit)}, and no "
                f"slicing brings it below{why and ': '}{why}. The largest array, of `{largest.tensor}`, holds {_formula(largest)} = "
                f"{held:,} numbers",
                help=f"smaller {' or '.join(less)} would shrink it" if less else "",
            )
        ]
    )


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


def in_bytes(count: int) -> str:
    """A number of bytes as it reads best."""
    return f"{count / GIGABYTE:,.2f} GB" if count >= GIGABYTE // 100 else f"{count:,} bytes"
