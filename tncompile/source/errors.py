"""The three kinds of failure, each with its exit status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from tncompile.source.report import Diagnostic
from tncompile.source.text import Source


class TnError(Exception):
    """The input is at fault: a `.tn` text, its sizes, or the data given with it."""

    exit_status: ClassVar[int] = 1

    def __init__(self, diagnostics: Iterable[Diagnostic] | str, source: Source | None = None) -> None:
        if isinstance(diagnostics, str):
            diagnostics = [Diagnostic(diagnostics)]
        self.diagnostics = tuple(diagnostics)
        self.source = source
        super().__init__(self.render())

    def render(self) -> str:
        """Every diagnostic in full, an empty line between two."""
        if self.source is None:
            return "\n\n".join(
                d.message + (f"\n  help: {d.help}" if d.help else "") for d in self.diagnostics
            )
        return "\n\n".join(d.render(self.source) for d in self.diagnostics)


class Fault(Exception):
    """One problem, on its way to whoever collects the problems of a text into a `TnError`.

    Stages raise it where a single statement cannot be understood further; the collector notes the
    diagnostic and goes on with the next statement.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


class UsageError(Exception):
    """The command line, or the arguments of a call, are at fault."""

    exit_status: ClassVar[int] = 2


class InternalError(Exception):
    """A fault of tncompile itself."""

    exit_status: ClassVar[int] = 70
