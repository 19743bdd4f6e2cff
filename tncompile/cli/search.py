"""The options of the search for orders, and the line that shows how far it is."""

from __future__ import annotations

import math
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import click

from tncompile.plan import CHAINS, OBJECTIVES, Objective

Command = TypeVar("Command", bound=Callable[..., object])

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
SILENT = 1.0  # seconds before a search is worth a word
ON_TERMINAL, IN_LOG = 0.2, 10.0  # seconds between two words
_BUDGET = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smh]?)")


def _read_budget(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """A time: ``5s``, ``2m``, or a number of seconds."""
    if text is None:
        return None
    match = _BUDGET.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no time; write 5s or 2m")
    return float(match[1]) * UNITS[match[2] or "s"]


def search_options(command: Command) -> Command:
    """``--budget``, ``--minimize`` and ``--chain``"""
    command = click.option(
        "--chain",
        type=click.Choice(CHAINS),
        default="auto",
        show_default=True,
        help="States handed on step by step: in a loop, or by a tree of products; auto is what should be faster.",
    )(command)
    command = click.option(
        "--minimize",
        type=click.Choice(list(OBJECTIVES)),
        default="time",
        show_default=True,
        help="What the order of contraction makes small; time is FLOPs + 64 x elements written.",
    )(command)
    return click.option(
        "--budget",
        metavar="TIME",
        callback=_read_budget,
        help="How long to search for the order of each large product: 5s, 2m. Default: about a second.",
    )(command)


@contextmanager
def searching(budget: float | None, minimize: str, chain: str) -> Iterator[Objective]:
    """The objective of these options; long searches are shown on standard error while the context lasts."""
    line = _Line()
    try:
        yield replace(OBJECTIVES[minimize], budget=budget, chain=chain, progress=line.tell)
    finally:
        line.close()


class _Line:
    """One line on a terminal, written again and again; elsewhere now and then a line."""

    def __init__(self) -> None:
        self.terminal = sys.stderr is not None and sys.stderr.isatty()
        self.due = time.monotonic() + (SILENT if self.terminal else IN_LOG)
        self.width = 0

    def tell(self, factors: int, share: float, cost: float) -> None:
        """Shows how far a search is."""
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + (ON_TERMINAL if self.terminal else IN_LOG)
        text = f"order of {factors} factors: {share:4.0%} searched, cost 10^{math.log10(max(cost, 1.0)):.2f}"
        self.width = max(self.width, len(text))
        click.echo(f"\r{text.ljust(self.width)}" if self.terminal else text, err=True, nl=not self.terminal)

    def close(self) -> None:
        """Takes the line away."""
        if self.terminal and self.width:
            click.echo(f"\r{' ' * self.width}\r", err=True, nl=False)
