"""Brackets that do not pair."""

from __future__ import annotations

import re
from typing import Final

from tncompile.source import Diagnostic, Note, Source, Span

# A text in quotes and a comment hide the brackets inside them.
_BRACKETS: Final = re.compile(r'"[^"\n]*"|#[^\n]*|[()\[\]]')
_CLOSING: Final = {"(": ")", "[": "]"}


def bracket_problem(source: Source, span: Span) -> Diagnostic | None:
    """The first bracket of a statement that has no partner, if there is one."""
    opened: list[int] = []
    for found in _BRACKETS.finditer(source.text, span.start, span.end):
        sign, place = found[0], found.start()
        if sign in _CLOSING:
            opened.append(place)
        elif sign in (")", "]"):
            problem = _pair(source, opened, sign, place)
            if problem is not None:
                return problem
    if not opened:
        return None
    sign = source.text[opened[-1]]
    return Diagnostic(
        f"`{sign}` is never closed; the statement ends at the end of {_which_line(source, opened[-1], span)}",
        Span(opened[-1], opened[-1] + 1),
        help="close it, or indent the next line to continue",
    )


def _pair(source: Source, opened: list[int], sign: str, place: int) -> Diagnostic | None:
    here = Span(place, place + 1)
    if not opened:
        return Diagnostic(
            f"`{sign}` closes nothing",
            here,
            help=f"leave it away, or open it with `{'(' if sign == ')' else '['}`",
        )
    start = opened.pop()
    opening = source.text[start]
    if _CLOSING[opening] == sign:
        return None
    note = Note(Span(start, start + 1), "it was opened here")
    return Diagnostic(
        f"`{opening}` is closed by `{sign}`", here, help=f"write `{_CLOSING[opening]}`", notes=(note,)
    )


def _which_line(source: Source, place: int, span: Span) -> str:
    row, _ = source.position(place)
    last, _ = source.position(max(span.start, span.end - 1))
    return "this line" if row == last else f"line {last}"
