"""A cut in a drawing: its two sides in two colours, and what the bound counts marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from tncompile.draw.expansion.frames import member_text
from tncompile.draw.expansion.graph import Home, Node, Wire
from tncompile.source.records import record

ROWS, COLUMNS, MARKED = "#8fd3bd", "#f4b6c2", "#c4122f"


@record
class CutMarks:
    """What a drawing of a cut shows.

    ``wires`` are indices that are cut (``a of h[3]``); ``states`` members that are crossed, as text, with extent
    and degree; ``title`` is written below.
    """

    rows: frozenset[Home]
    columns: frozenset[Home]
    wires: frozenset[str] = frozenset()
    states: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    title: str = ""

    def fill(self, node: Node) -> str | None:
        """The colour of an input that is on a side."""
        if node.kind != "input":
            return None
        member = node.name.removesuffix("*"), node.subscripts
        return ROWS if member in self.rows else COLUMNS if member in self.columns else None

    def is_cut(self, wire: Wire) -> bool:
        """Whether a wire is one of those that are cut."""
        return any(name in self.wires for name in wire.names)

    def crossed(self, node: Node) -> str | None:
        """What is written at a node that is crossed."""
        members = [node.tag] if node.tag is not None else []
        members += [(node.name, node.subscripts)] if node.kind in ("state", "input") else []
        for member in members:
            known = self.states.get(member_text(*member))
            if known is not None:
                return f"extent {known[0]}, degree {known[1]:,}"
        return None

    def legend(self) -> list[tuple[str, str]]:
        """Colour and meaning."""
        found = [(ROWS, "rows"), (COLUMNS, "columns")]
        return [*found, (MARKED, "cut, or crossed")] if self.wires or self.states else found
