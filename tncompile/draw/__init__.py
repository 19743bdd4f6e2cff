"""A network as one would draw it on paper: `draw(net)`, a `Drawing` that can be saved.

Matplotlib and networkx are loaded when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.lazy import lazily

if TYPE_CHECKING:
    from tncompile.draw.drawing import Drawing, draw

FORMATS = (".svg", ".png", ".dot")
"""How the name of a drawing's file may end."""

__all__ = ["FORMATS", "Drawing", "draw"]


__getattr__ = lazily(__name__, {name: f"tncompile.draw.drawing:{name}" for name in ("Drawing", "draw")})
