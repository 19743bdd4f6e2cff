"""SVG from matplotlib: the same bytes each time, text as text, places no finer than needed."""

from __future__ import annotations

import io
import re
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# A hundredth of a point is fine enough for places; what is written between the tags stays as it is.
TAG, LONG_NUMBER = re.compile(rb"<[^!>][^>]*>"), re.compile(rb"(\d\.\d\d)\d+")
# Where DejaVu Sans is not installed, Verdana has the same widths.
FONT, FONTS = b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, sans-serif"
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tncompile",
    "mathtext.fontset": "dejavusans",
    "font.family": "DejaVu Sans",
}
"""The settings under which a figure is made and saved (`matplotlib.rc_context`)."""


def svg_bytes(figure: Figure) -> bytes:
    """A figure as SVG; call it under `STYLE`."""
    FigureCanvasSVG(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return TAG.sub(lambda tag: LONG_NUMBER.sub(rb"\1", tag[0]).replace(FONT, FONTS), stream.getvalue())
