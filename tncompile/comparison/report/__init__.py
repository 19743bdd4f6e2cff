"""A comparison as a file: a page (`.html`), data (`.json`, `.csv`), or a table for a paper (`.md`).

What draws the page is loaded when a page is asked for.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from tncompile.comparison.result import Comparison
from tncompile.source import UsageError, write_whole

_PLACES = {
    ".html": "tncompile.comparison.report.page",
    ".json": "tncompile.comparison.report.data",
    ".csv": "tncompile.comparison.report.lines",
    ".md": "tncompile.comparison.report.paper",
}

FORMATS = tuple(_PLACES)
"""How the name of a report may end."""


def render(comparison: Comparison, suffix: str) -> str:
    """The text of a report; raises UsageError where no report ends so."""
    _check_suffix(suffix)
    text: str = import_module(_PLACES[suffix.lower()]).render(comparison)
    return text


def check_report(path: str | os.PathLike[str]) -> None:
    """Raises UsageError where no report could be written, so that it is known before the work."""
    _check_suffix(Path(path).suffix)
    if not Path(path).absolute().parent.is_dir():
        raise UsageError(f"{os.fspath(path)}: there is no such folder")
    if Path(path).is_dir():
        raise UsageError(f"{os.fspath(path)}: it is a folder")


def write_report(comparison: Comparison, path: str | os.PathLike[str]) -> None:
    """Write a report as the end of the name says. Raises UsageError, and TnError where the file cannot be written."""
    write_whole(path, render(comparison, Path(path).suffix))


def _check_suffix(suffix: str) -> None:
    if suffix.lower() not in _PLACES:
        raise UsageError(f"a report ends in .html, .json, .csv or .md, not in {suffix or 'nothing'}")
