"""Diagnostics: what is wrong, where, with which loop values, and what to do about it."""

from __future__ import annotations

from typing import Literal

from tncompile.source.records import record
from tncompile.source.text import NOWHERE, Source, Span


@record
class Note:
    """A second place that belongs to a diagnostic."""

    span: Span
    message: str


@record
class Diagnostic:
    """One problem of a text.

    ``values`` are the loop values that led there, in the order of their loops; ``help`` says what
    to do, where that can be said.
    """

    message: str
    span: Span = NOWHERE
    kind: Literal["error", "warning"] = "error"
    help: str = ""
    values: tuple[tuple[str, int], ...] = ()
    notes: tuple[Note, ...] = ()

    def render(self, source: Source) -> str:
        """The diagnostic as text: ``file:line:col: error: message``, the line, the carets, the rest."""
        if self.span.start < 0:
            parts = [f"{source.path}: {self.kind}: {self.message}"]
        else:
            row, column = source.position(self.span.start)
            parts = [f"{source.path}:{row}:{column}: {self.kind}: {self.message}"]
            parts += _excerpt(source, self.span)
        if self.values:
            parts.append("  with " + ", ".join(f"{name} = {value}" for name, value in self.values))
        for note in self.notes:
            if note.span.start < 0:
                parts.append(f"  {note.message}")
                continue
            row, column = source.position(note.span.start)
            parts.append(f"  {source.path}:{row}:{column}: {note.message}")
            parts += _excerpt(source, note.span)
        if self.help:
            parts.append(f"  help: {self.help}")
        return "\n".join(parts)


_SHOWN = 120  # columns of a line


def _excerpt(source: Source, span: Span) -> list[str]:
    """The line of a span and carets under it; of a very long line the part around the span."""
    row, column = source.position(span.start)
    line = source.line(row)
    first = 0
    if len(line) > _SHOWN:
        first = max(0, min(column - 1 - _SHOWN // 3, len(line) - _SHOWN))
        line = line[first : first + _SHOWN]
    column -= first
    # A tab is shown as one blank, so that the carets stand under what they mean.
    width = max(1, min(span.end - span.start, len(line) - column + 1))
    gutter = f"{row:>5} | "
    cut = "..." if first else ""
    return [
        gutter + cut + "".join(char if char.isprintable() else " " for char in line),
        " " * (len(gutter) - 2) + "| " + " " * (len(cut) + column - 1) + "^" * width,
    ]
