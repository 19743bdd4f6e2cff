"""What parsing yields."""

from __future__ import annotations

from tncompile.network.syntax import Statement
from tncompile.source import Source, Span
from tncompile.source.records import record


@record
class Syntax:
    """What a text says: the name and documentation of its network, and its statements.

    ``spans`` tells where each statement of the text stands, the line with the name included; a
    statement may declare several things (``size n = 2, r = 3``).
    """

    name: str
    doc: str
    statements: tuple[Statement, ...]
    source: Source
    spans: tuple[Span, ...]
