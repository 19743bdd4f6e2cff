"""What each kind of node looks like: shape, colours and text, told apart in colour and in grey."""

from __future__ import annotations

from collections.abc import Mapping

from tncompile.draw.expansion.graph import Kind, Node
from tncompile.network import Extent
from tncompile.source.records import record

SIGNS = {"sigmoid": "σ", "softplus": "softplus", "sqrt": "√", "abs": "|·|", "conj": "conj"}
HEIGHT = 0.5
CHARACTER = 0.105  # the width of a letter, in units of the grid


@record
class Look:
    """The look of a kind; ``rounding`` is the radius of the corners, in units of the grid."""

    meaning: str
    fill: str
    edge: str
    rounding: float
    double: bool = False
    dashed: bool = False


LOOKS: Mapping[Kind, Look] = {
    "weight": Look("weight", "#9dc3e6", "#1f3f5f", HEIGHT / 2),
    "derived": Look("made of weights", "#dcebf7", "#1f3f5f", HEIGHT / 2, double=True),
    "input": Look("input", "#ffffff", "#222222", 0.02),
    "constant": Look("constant", "#c9c9c9", "#333333", 0.02),
    "function": Look("function", "#fbe3b5", "#7a5410", 0.14),
    "state": Look("state, used several times", "#ffffff", "#1d5c33", HEIGHT / 2, double=True),
    "number": Look("number", "#ffffff", "#777777", HEIGHT / 2, dashed=True),
    "dot": Look("index of three or more", "#111111", "#111111", 0.07),
}


def label(node: Node) -> str:
    """The text on a node, in matplotlib's notation: a name with its subscripts below."""
    if node.kind in ("function", "number", "gap"):
        return "∘".join(SIGNS.get(part, part) for part in node.name.split("∘"))
    name = node.name.removesuffix("*")
    star = "^{*}" if name != node.name else ""
    below = "_{" + ",".join(map(str, node.subscripts)) + "}" if node.subscripts else ""
    letters = name.replace("_", r"\_").replace("'", r"\prime ")
    return rf"$\mathrm{{{letters}}}{below}{star}$"


def label_width(node: Node) -> float:
    """About how wide the text is, in units of the grid."""
    subscripts = ",".join(map(str, node.subscripts))
    name = "∘".join(SIGNS.get(part, part) for part in node.name.split("∘"))
    return CHARACTER * (len(name) + 0.7 * len(subscripts))


def mark_size(node: Node) -> tuple[float, float]:
    """Width and height of a mark, in units of the grid."""
    if node.kind == "dot":
        return 0.14, 0.14
    if node.kind == "open":
        return 0.0, 0.0
    height = 0.36 if node.kind == "number" else HEIGHT
    return max(height, label_width(node) + 0.2, node.span), height


def extent_text(extent: Extent, short: bool = False) -> str:
    """An extent as its symbol and value, ``r=4``; only the symbol if it shall be short."""
    symbol = str(extent.formula).replace(" ", "")
    return symbol if short or symbol == str(extent.value) else f"{symbol}={extent.value}"
