"""What to say when tncompile itself is at fault."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from tncompile.cli.console import echo
from tncompile.source import InternalError

TRACEBACK_OPTION = "--traceback"


def report_fault(error: BaseException, arguments: Sequence[str]) -> int:
    """Say that this is our fault and how to report it; returns the exit status.

    The traceback goes to a file, or to standard error where the command line asks for it.
    """
    trace = "".join(traceback.format_exception(error))
    echo(
        f"tnc: this is a fault of tnc, not of your file: {type(error).__name__}: {_first_line(error)}",
        err=True,
    )
    if TRACEBACK_OPTION in arguments:
        echo(trace, err=True)
    else:
        place = _write_report(trace, arguments)
        where = (
            f"The traceback is in {place}" if place else f"Add {TRACEBACK_OPTION} to see where it happened"
        )
        echo(f"{where}; please report it together with the .tn file.", err=True)
    return InternalError.exit_status


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "no message")


def _write_report(trace: str, arguments: Sequence[str]) -> Path | None:
    """The report as a new file in the folder for temporary files; None where that cannot be written."""
    head = f"tnc {' '.join(arguments)}\nPython {sys.version}\n{platform.platform()}\n\n"
    try:
        handle, name = tempfile.mkstemp(prefix="tnc-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(head + trace)
    except OSError:
        return None
    return Path(name)
