"""Breaking a long statement into lines: at its loosest joints first, each line as full as it can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tncompile.language.spacing import CLOSING, COMMAS, OPENING, Word, joined

WIDTH: Final = 100

# Where a line may break before a word, loosest first; behind a comma as well.
_JOINTS: Final[Mapping[str, int]] = {
    "FOR": 0,
    "_OVER": 0,
    "_BAR": 1,
    "_TILDE": 3,
    "IF": 4,
    "ELSE": 4,
    "OR": 5,
    "AND": 6,
    "PLUS": 7,
    "MINUS": 7,
    "TIMES": 8,
    "DIVIDE": 8,
}
_BEHIND_A_COMMA: Final = 2
_HANGING: Final = 7  # operators from here on stand under the sign before the first operand


def wrap(words: Sequence[Word], column: int, hang: int = 0) -> list[str]:
    """Words as lines. The first begins at ``column``, where its place is already; the others bring their own.

    Operators that begin a line stand ``hang`` columns to the left.
    """
    flat = joined(words)
    if column + len(flat) <= WIDTH:
        return [flat]
    joint, places = _joints(words)
    if places:
        chunks = [words[a:b] for a, b in zip([0, *places], [*places, len(words)], strict=True)]
        return _fill(chunks, column, column - hang if joint >= _HANGING else column)
    return _open_brackets(words, column) or [flat]


def _joints(words: Sequence[Word]) -> tuple[int, list[int]]:
    """The loosest joint outside brackets, and the positions of words that may begin a line there."""
    found: dict[int, list[int]] = {}
    depth = 0
    for i, word in enumerate(words):
        if word.kind in CLOSING:
            depth -= 1
        if depth == 0 and i > 0:
            if words[i - 1].kind in COMMAS:
                found.setdefault(_BEHIND_A_COMMA, []).append(i)
            elif word.kind in _JOINTS and (word.operator or _JOINTS[word.kind] < _HANGING):
                found.setdefault(_JOINTS[word.kind], []).append(i)
        if word.kind in OPENING:
            depth += 1
    joint = min(found, default=0)
    return joint, found.get(joint, [])


def _fill(chunks: Sequence[Sequence[Word]], column: int, indentation: int) -> list[str]:
    """Chunks one behind the other, a new line where one does not fit, or behind one that is broken itself."""
    rest = lines = wrap(chunks[0], column)
    end = len(lines[-1]) + (column if len(lines) == 1 else 0)
    for chunk in chunks[1:]:
        text = joined(chunk)
        glue = " " if chunk[0].blank else ""
        if end + len(glue) + len(text) <= WIDTH and len(rest) == 1:
            lines[-1] += glue + text
            end += len(glue) + len(text)
            continue
        rest = wrap(chunk, indentation)
        lines = [*lines, " " * indentation + rest[0], *rest[1:]]
        end = len(lines[-1])
    return lines


def _open_brackets(words: Sequence[Word], column: int) -> list[str]:
    """Break inside the longest pair of brackets; nothing where there is none."""
    pairs = _pairs(words)
    if not pairs:
        return []
    first, last = max(pairs, key=lambda pair: pair[1] - pair[0])
    if last - first < 2:
        return []
    before = joined(words[: first + 1])
    lines = wrap(words[first + 1 : last], column + len(before))
    lines[0] = before + lines[0]
    lines[-1] += joined(words[last:])
    return lines


def _pairs(words: Sequence[Word]) -> list[tuple[int, int]]:
    """The outermost brackets, as positions of their signs."""
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for i, word in enumerate(words):
        if word.kind in OPENING:
            opened.append(i)
        elif word.kind in CLOSING:
            start = opened.pop()
            if not opened:
                pairs.append((start, i))
    return pairs
