"""`draw`: a network as one would draw it on paper."""

from __future__ import annotations

import os
from pathlib import Path

from tncompile.draw.expansion.expand import expand
from tncompile.draw.paper.cut import CutMarks
from tncompile.draw.paper.dot import dot_text
from tncompile.draw.paper.render import Sheet, render_png, render_svg
from tncompile.draw.placing.layout import lay_out
from tncompile.network import Network
from tncompile.source import UsageError, write_whole
from tncompile.source.records import record
from tncompile.transform import inline_definitions


@record
class Drawing:
    """A network laid out on paper."""

    sheet: Sheet

    def svg(self) -> str:
        """The drawing as SVG text."""
        return render_svg(self.sheet).decode("utf-8")

    def png(self) -> bytes:
        """The drawing as PNG."""
        return render_png(self.sheet)

    def dot(self) -> str:
        """The drawing in the language of Graphviz, every node at its place (`neato -n`)."""
        return dot_text(self.sheet.layout, self.sheet.title, self.sheet.cut)

    def _repr_svg_(self) -> str:
        return self.svg()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing as the end of the name says: ``.svg``, ``.png`` or ``.dot``."""
        write_whole(path, self.bytes(Path(path).suffix))

    def bytes(self, suffix: str) -> bytes:
        """The drawing as what a file with this suffix holds; raises UsageError for another suffix."""
        match suffix.lower():
            case ".svg":
                return render_svg(self.sheet)
            case ".png":
                return render_png(self.sheet)
            case ".dot":
                return dot_text(self.sheet.layout, self.sheet.title, self.sheet.cut).encode("utf-8")
        raise UsageError(f"a drawing ends in .svg, .png or .dot, not in {suffix or 'nothing'}")


def draw(net: Network, cut: CutMarks | None = None, *, captioned: bool = True) -> Drawing:
    """The drawing of a network at its sizes, maybe with a cut in it, and with name, sizes and signs below it.

    Raises TnError if the network is not correct.
    """
    net = inline_definitions(net)
    return Drawing(Sheet(lay_out(expand(net)), net.name, _caption(net), cut, captioned))


def _caption(net: Network) -> str:
    """The sizes, as ``d = 8, n = 3``; long lists are left out."""
    texts = [f"{name} = {_value(value)}" for name, value in net.sizes.items()]
    return ",  ".join(text for text in texts if len(text) < 40)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)
