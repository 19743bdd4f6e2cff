"""What the user sees: coloured problems, JSON, and (only where a table is shown) a rich console."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from tncompile.source import Diagnostic, Source

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 100  # columns of a table that no terminal limits
_PARTS = re.compile(
    r"(?m)^(?P<place>[^\n]*?): (?P<kind>error|warning): (?P<message>.*)$"
    r"|^(?P<gutter> *\d* \| )(?P<carets> *\^+)?"
    r"|^  (?P<help>help): "
)


def echo(text: str, *, err: bool = False) -> None:
    """One line (or several) to standard output or error; colours only on a terminal that wants them."""
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)


def echo_json(value: object) -> None:
    """The one JSON object of a command."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def echo_problems(problems: Iterable[Diagnostic], source: Source | None, *, err: bool) -> None:
    """Diagnostics in full, an empty line after each."""
    for problem in problems:
        if source is None:
            text = f"tnc: {problem.kind}: {problem.message}" + (
                f"\n  help: {problem.help}" if problem.help else ""
            )
        else:
            text = problem.render(source)
        echo(_PARTS.sub(_coloured, text) + "\n", err=err)


def _coloured(match: re.Match[str]) -> str:
    if match["kind"]:
        colour = "red" if match["kind"] == "error" else "yellow"
        kind = click.style(f"{match['kind']}:", fg=colour, bold=True)
        return f"{click.style(match['place'] + ':', bold=True)} {kind} {click.style(match['message'], bold=True)}"
    if match["help"]:
        return "  " + click.style("help:", fg="cyan", bold=True) + " "
    carets = click.style(match["carets"], fg="red", bold=True) if match["carets"] else ""
    return click.style(match["gutter"], fg="blue") + carets


def table_console(*, err: bool = False) -> Console:
    """A rich console; a pipe gets tables in a width of their own, so that nothing is cut off."""
    from rich.console import Console  # noqa: PLC0415  heavy, and most commands show no table

    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=err, width=width, highlight=False, soft_wrap=False)
