"""Pieces of messages: members, places, lines."""

from __future__ import annotations

from collections.abc import Iterable

from tncompile.network.rows import Ints


def member_text(name: str, subscripts: Ints | Iterable[int]) -> str:
    """A member as a file names it, marked as code: `h[1, 2]`."""
    inside = ", ".join(str(int(subscript)) for subscript in subscripts)
    return f"`{name}[{inside}]`" if inside else f"`{name}`"


def counted(count: int, word: str) -> str:
    """``1 axis``, ``2 axes``."""
    plural = {"axis": "axes", "index": "indices"}.get(word, word + "s")
    return f"{count} {word if count == 1 else plural}"
