"""A network as one would draw it on paper: `draw(net)`, a `Drawing` that can be saved.

Matplotlib and networkx are loaded when something is drawn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tncompile.draw.drawing import Drawing, draw

FORMATS = (".svg", ".png", ".dot")
"""How the name of a drawing's file may end."""

__all__ = ["FORMATS", "Drawing", "draw"]


def __getattr__(name: str) -> object:
    if name not in ("Drawing", "draw"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("tncompile.draw.drawing"), name)
    globals()[name] = value
    return value
