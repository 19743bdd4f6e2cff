"""What was measured on: the processor, the threads, the versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "jax", "torch", "opt_einsum", "cotengra", "quimb", "tensorkrowch")


def processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def versions() -> dict[str, str]:
    """The installed packages."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def described(threads: int) -> str:
    """One line."""
    packages = ", ".join(f"{name} {number}" for name, number in versions().items())
    return f"{processor()}, {os.cpu_count()} cores, {threads} threads; {packages}"
