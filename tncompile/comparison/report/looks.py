"""Colours, markers and dashes: no two networks look alike, in colour or without."""

from __future__ import annotations

from tncompile.source.records import record

COLOURS = 6
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<", "h", ">", "*")
DASHES: tuple[str | tuple[float, tuple[float, ...]], ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)))
# Colours that stand for those of the page. They become names, so that the page chooses by light and dark.
INK, FAINT, PAPER = "#010101", "#010102", "#010103"
_SERIES = "#0102"


@record
class Look:
    """How a network is drawn in every chart."""

    colour: str
    marker: str
    dash: str | tuple[float, tuple[float, ...]]
    width: float
    size: float


def looks(count: int) -> list[Look]:
    """The look of each of so many networks. Earlier lines are wider: where lines coincide all are seen."""
    return [_look(number, count) for number in range(count)]


def _look(number: int, count: int) -> Look:
    share = number / max(1, count - 1)
    return Look(
        f"{_SERIES}{number % COLOURS + 1:02x}",
        MARKERS[number % len(MARKERS)],
        DASHES[number // COLOURS % len(DASHES)],
        3.6 - 1.9 * share,
        9.5 - 3.3 * share,
    )


def name_colours(svg: str) -> str:
    """The SVG with the names of the page's colours."""
    for colour, name in ((INK, "ink"), (FAINT, "faint"), (PAPER, "card")):
        svg = svg.replace(colour, f"var(--{name})")
    for number in range(1, COLOURS + 1):
        svg = svg.replace(f"{_SERIES}{number:02x}", f"var(--series-{number})")
    return svg
