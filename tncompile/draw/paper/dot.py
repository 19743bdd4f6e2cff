"""A laid out graph in the language of Graphviz."""

from __future__ import annotations

from tncompile.draw.expansion.graph import Kind, Node
from tncompile.draw.paper.cut import MARKED, CutMarks
from tncompile.draw.paper.marks import LOOKS, extent_text
from tncompile.draw.placing.layout import Layout

POINTS = 60  # of Graphviz, in a unit of the grid
SHAPES: dict[Kind, str] = {
    "weight": "ellipse",
    "derived": "ellipse",
    "input": "box",
    "constant": "box",
    "function": "box",
    "state": "ellipse",
    "number": "ellipse",
    "dot": "point",
    "open": "plaintext",
    "gap": "plaintext",
}


def dot_text(layout: Layout, title: str, cut: CutMarks | None = None) -> str:
    """Nodes with their places, and wires with their extents; maybe with a cut marked."""
    lines = [f"graph {_quoted(title)} {{", '    node [fontname="sans-serif", fontsize=11];']
    for number, (node, (x, y)) in enumerate(zip(layout.graph.nodes, layout.places, strict=True)):
        attributes = {
            "label": _label(node),
            "shape": SHAPES[node.kind],
            "pos": f"{POINTS * x:.1f},{POINTS * y:.1f}!",
        }
        if node.kind in LOOKS and node.kind != "dot":
            look = LOOKS[node.kind]
            styles = ["filled", *["rounded"] * (node.kind == "function"), *["dashed"] * look.dashed]
            attributes |= {"style": ",".join(styles), "fillcolor": look.fill, "color": look.edge}
            attributes |= {"peripheries": "2"} if look.double else {}
            attributes |= {} if cut is None else _marked(node, cut)
        lines.append(f"    n{number} [{_attributes(attributes)}];")
    for wire in layout.graph.wires:
        attributes = {"label": extent_text(wire.extent)} if wire.extent is not None else {"style": "dashed"}
        if cut is not None and cut.is_cut(wire):
            attributes |= {"color": MARKED, "penwidth": "3"}
        lines.append(f"    n{wire.source} -- n{wire.target} [{_attributes(attributes)}];")
    return "\n".join([*lines, "}", ""])


def _marked(node: Node, cut: CutMarks) -> dict[str, str]:
    """The side of an input, and what a crossed state is crossed with."""
    fill, crossed = cut.fill(node), cut.crossed(node)
    found = {} if fill is None else {"fillcolor": fill}
    return found if crossed is None else found | {"color": MARKED, "penwidth": "3", "xlabel": crossed}


def _label(node: Node) -> str:
    return node.name + (f"[{', '.join(map(str, node.subscripts))}]" if node.subscripts else "")


def _attributes(values: dict[str, str]) -> str:
    return ", ".join(f"{name}={_quoted(value)}" for name, value in values.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
