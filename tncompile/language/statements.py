"""Cutting a text into statements at its margin, before anything is parsed.

Each statement is then parsed alone: an error in one hides none in another, and the work grows with
the length of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tncompile.source import Diagnostic, Source, Span
from tncompile.source.records import record

_BYTE_ORDER_MARK: Final = "\ufeff"
_TAB_WIDTH: Final = 8


@record
class Line:
    """A line that is not empty: where its text begins and ends, without the blanks around it."""

    span: Span
    indentation: int
    is_comment: bool


@record
class Cutting:
    """The statements of a text as spans, and the lines that begin left of the margin."""

    statements: tuple[Span, ...]
    margin: int
    problems: tuple[Diagnostic, ...]


def lines_of(source: Source) -> Iterator[Line]:
    """The lines of a text that hold anything."""
    text, start = source.text, 0
    if text.startswith(_BYTE_ORDER_MARK):
        start = 1
    while start < len(text):
        end = text.find("\n", start)
        line = text[start:] if end < 0 else text[start:end].removesuffix("\r")
        end = len(text) if end < 0 else end
        content = line.lstrip(" \t")
        indentation = len(line) - len(content)
        content = content.rstrip(" \t")
        if content:
            column = len(line[:indentation].expandtabs(_TAB_WIDTH))
            first = start + indentation
            yield Line(Span(first, first + len(content)), column, content.startswith("#"))
        start = end + 1


def cut_statements(source: Source) -> Cutting:
    """Cut a text at its margin, the column of its first statement."""
    statements: list[Span] = []
    problems: list[Diagnostic] = []
    margin = -1
    for line in lines_of(source):
        if line.is_comment:
            continue
        if margin < 0:
            margin = line.indentation
        elif line.indentation > margin or source.text[line.span.start] in ")]":
            statements[-1] |= line.span
            continue
        elif line.indentation < margin:
            problems.append(_left_of_margin(source, line.span, statements[0]))
        statements.append(line.span)
    return Cutting(tuple(statements), max(margin, 0), tuple(problems))


def _left_of_margin(source: Source, span: Span, first: Span) -> Diagnostic:
    row, column = source.position(first.start)
    return Diagnostic(
        f"this line begins left of the margin, which line {row} sets at column {column}",
        Span(span.start, span.start + 1),
        help="every statement begins in the column of `network`",
    )
