"""A text with a name, and spans that point into it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from tncompile.source.records import record


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch ``start <= offset < end`` of a source text, in characters."""

    start: int
    end: int

    def __or__(self, other: Span) -> Span:
        """The smallest span that holds both; a span from nowhere adds nothing."""
        if other.start < 0:
            return self
        if self.start < 0:
            return other
        return Span(min(self.start, other.start), max(self.end, other.end))


NOWHERE = Span(-1, -1)


@record
class Source:
    """A `.tn` text and the path it came from (``<text>`` where there is none)."""

    path: str
    text: str
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0, *(i + 1 for i, char in enumerate(self.text) if char == "\n")]
        object.__setattr__(self, "_starts", starts)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        row = bisect_right(self._starts, offset)
        return row, offset - self._starts[row - 1] + 1

    def line(self, row: int) -> str:
        """The text of a line (counted from 1), without its end."""
        end = self._starts[row] - 1 if row < len(self._starts) else len(self.text)
        return self.text[self._starts[row - 1] : end].rstrip("\r")
