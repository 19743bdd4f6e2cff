"""The lines of one statement, and of neighbours that are laid out alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tncompile.language.spacing import CLOSING, COMMAS, OPENING, Word, joined, spaced
from tncompile.language.tokens import Token
from tncompile.language.wrapping import WIDTH, wrap

_TENSORS: Final = ("INPUT", "WEIGHT", "CONSTANT")
_LISTS: Final = ("SIZE", "NUMBER", *_TENSORS)
_DEFINITIONS: Final = ("NAME", "INLINE", "OUTPUT")
_GAP: Final = 4  # between a definition and its loops, where there is room


@dataclass
class Entry:
    """A statement or, where there are no words, a comment on lines of its own.

    ``rows`` are the lines as the author broke them, each with its comment, where a comment stands
    inside the statement; then these breaks stay.
    """

    words: list[Word]
    comment: str
    after_gap: bool
    rows: list[tuple[list[Word], str]]

    @property
    def group(self) -> str:
        """Neighbours of one group are aligned with each other."""
        if not self.words or self.rows:
            return ""
        first = self.words[0].kind
        if first in _TENSORS:
            return "tensor"
        return "definition" if first in _DEFINITIONS else first


def statement_entry(tokens: Sequence[Token], row_of: Sequence[int], after_gap: bool) -> Entry:
    """A statement from its tokens, comments among them; ``row_of`` tells the line of each."""
    words = spaced([token for token in tokens if token.type != "COMMENT"])
    comments = [i for i, token in enumerate(tokens) if token.type == "COMMENT"]
    last = len(tokens) - 1
    if not comments:
        return Entry(words, "", after_gap, [])
    if comments == [last] and row_of[last] == row_of[last - 1]:
        return Entry(words, str(tokens[last]).rstrip(), after_gap, [])
    rows: dict[int, tuple[list[Word], str]] = {row: ([], "") for row in row_of}
    remaining = iter(words)
    for token, row in zip(tokens, row_of, strict=True):
        if token.type == "COMMENT":
            rows[row] = (rows[row][0], str(token).rstrip())
        else:
            rows[row][0].append(next(remaining))
    return Entry(words, "", after_gap, list(rows.values()))


def run_lines(run: Sequence[Entry]) -> list[list[str]]:
    """The lines of neighbours of one group, without the comments behind them."""
    group = run[0].group
    if group == "tensor":
        width = max(len(entry.words[0].text) for entry in run)
        return [_plain_lines(entry.words, 1, joined(entry.words[:1]).ljust(width) + " ") for entry in run]
    if group == "CUT":
        width = max(len(entry.words[1].text) for entry in run)
        return [_plain_lines(entry.words, 3, f"cut {entry.words[1].text.ljust(width)} = ") for entry in run]
    if group == "definition":
        return _definition_lines(run)
    return [_rows(entry) if entry.rows else _plain_lines(entry.words, *_head(entry.words)) for entry in run]


def _plain_lines(words: Sequence[Word], head: int, text: str) -> list[str]:
    """A statement whose first ``head`` words are written as ``text``."""
    lines = wrap(words[head:], len(text), hang=2)
    return [text + lines[0], *lines[1:]]


def _head(words: Sequence[Word]) -> tuple[int, str]:
    """How many words stand before what may be broken, and their text."""
    equal, commas = _top_level(words, ("_EQUAL",)), _top_level(words, COMMAS)
    listed = words[0].kind in _LISTS and commas >= 0
    count = 1 if listed or equal < 0 else equal + 1
    return count, joined(words[:count]) + " "


def _top_level(words: Sequence[Word], kinds: Sequence[str]) -> int:
    """The position of the first word of a kind outside brackets; -1 where there is none."""
    depth = 0
    for i, word in enumerate(words):
        depth += (word.kind in OPENING) - (word.kind in CLOSING)
        if depth == 0 and word.kind in kinds:
            return i
    return -1


def _definition_lines(run: Sequence[Entry]) -> list[list[str]]:
    """Definitions with their loops in one column, on a line of their own where there is no room."""
    bodies: list[list[str]] = []
    loops: list[list[Word]] = []
    for entry in run:
        start = _top_level(entry.words, ("FOR",))
        end = len(entry.words) if start < 0 else start
        bodies.append(_plain_lines(entry.words[:end], *_head(entry.words)))
        loops.append(entry.words[end:])
    column = _loop_column(bodies, loops)
    return [_with_loops(body, loop, column) for body, loop in zip(bodies, loops, strict=True)]


def _loop_column(bodies: Sequence[list[str]], loops: Sequence[list[Word]]) -> int:
    """Behind the longest last line that leaves room for its loops."""
    column = 0
    widest = max((len(joined(loop)) for loop in loops), default=0)
    for body, loop in zip(bodies, loops, strict=True):
        if loop and len(body[-1]) + 2 + len(joined(loop)) <= WIDTH:
            column = max(column, len(body[-1]) + _GAP)
    return min(column or WIDTH // 2, max(WIDTH - widest, _GAP))


def _with_loops(body: list[str], loop: list[Word], column: int) -> list[str]:
    if not loop:
        return body
    text = joined(loop)
    last = body[-1]
    if len(last) + 2 <= column:
        return [*body[:-1], last.ljust(column) + text]
    if len(last) + 2 + len(text) <= WIDTH:
        return [*body[:-1], f"{last}  {text}"]
    lines = wrap(loop, column)
    return [*body, " " * column + lines[0], *lines[1:]]


def _rows(entry: Entry) -> list[str]:
    """A statement with comments inside it: the author's lines, indented anew."""
    lines: list[str] = []
    columns: list[int] = []  # behind the brackets that are open
    base = 4
    for words, comment in entry.rows:
        column = _row_column(words, columns, base) if lines else 0
        text = " " * column + joined(words)
        place = column
        for i, word in enumerate(words):
            place += len(word.text) + (1 if word.blank and i else 0)
            if word.kind in OPENING:
                columns.append(place)
            elif word.kind in CLOSING:
                columns.pop()
            elif word.kind == "_EQUAL" and not columns and base == 4:
                base = place + 1
        lines.append((f"{text}  {comment}" if words else text + comment) if comment else text)
    return lines


def _row_column(words: Sequence[Word], columns: Sequence[int], base: int) -> int:
    if columns:
        return columns[-1]
    return base - 2 if words and words[0].operator and base > 4 else base
