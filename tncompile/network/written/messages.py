"""Pieces of messages: members, places, families, counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

import numpy as np

from tncompile.network.syntax import Definition, Index, Loop, Use
from tncompile.network.syntax.text import expression_text
from tncompile.network.values.loops import loop_description
from tncompile.network.values.rows import Ints
from tncompile.source import Source, Span


def member_text(name: str, subscripts: Ints | Iterable[int]) -> str:
    """A member as a file names it, marked as code: `h[1, 2]`."""
    return f"`{plain_member(name, subscripts)}`"


def plain_member(name: str, subscripts: Ints | Iterable[int]) -> str:
    """A member as a file names it: h[1, 2]."""
    inside = ", ".join(str(int(subscript)) for subscript in subscripts)
    return f"{name}[{inside}]" if inside else name


def counted(count: int, word: str) -> str:
    """``1 axis``, ``2 axes``."""
    plural = {"axis": "axes", "index": "indices", "entry": "entries"}.get(word, word + "s")
    return f"{count} {word if count == 1 else plural}"


def here_are(count: int, word: str) -> str:
    """``here is 1 index``, ``here are 2 indices``."""
    return f"here {'is' if count == 1 else 'are'} {counted(count, word)}"


def listed(parts: Sequence[str], joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {joint} {parts[-1]}"


def index_text(index: Index) -> str:
    """An index as the file says it."""
    return expression_text(Use("", (), (index,)))[1:-1]


def left_side(definition: Definition, instead: Mapping[str, str]) -> str:
    """The left side of a definition, with some of its indices said otherwise."""
    indices = ", ".join(instead.get(free.index.name, index_text(free.index)) for free in definition.indices)
    subscripts = ", ".join(expression_text(subscript) for subscript in definition.subscripts)
    return f"{definition.name}[{subscripts}]({indices})" if subscripts else f"{definition.name}({indices})"


def family_text(family: Sequence[Loop], members: Ints) -> str:
    """A family as ranges of integers where it is all of them, else as it is declared: [1..4, 1..2]."""
    if len(members):
        low, high = members.min(axis=0), members.max(axis=0)
        if int(np.prod((high - low + 1).astype(np.float64))) == len(members):
            return f"[{', '.join(f'{a}..{b}' for a, b in zip(low.tolist(), high.tolist(), strict=True))}]"
    return loops_text(family)


def loops_text(family: Sequence[Loop]) -> str:
    """A family as it is declared: [k in 1..d if k > 2]."""
    return f"[{', '.join(loop_description(loop) for loop in family)}]"


def line_of(source: Source | None, span: Span) -> str:
    """`` (line 4)``, or nothing where there is no text."""
    return f" (line {source.position(span.start)[0]})" if source is not None and span.start >= 0 else ""


def column_of(source: Source | None, span: Span) -> str:
    """`` (column 24)``, or nothing where there is no text."""
    return f" (column {source.position(span.start)[1]})" if source is not None and span.start >= 0 else ""


def member_span(use: Use) -> Span:
    """The name and the subscripts of a use."""
    if use.span.start < 0:
        return use.span
    last = use.subscripts[-1].span.end + 1 if use.subscripts else use.span.start + len(use.name)
    return Span(use.span.start, last)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that is meant, probably."""
    found = get_close_matches(name, list(names), 1)
    return found[0] if found else None
