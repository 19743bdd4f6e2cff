"""What the theorems say about equivalent widths: table 2 of Khrulkov, Novikov, Oseledets (2018), arXiv:1711.00811.

Which decomposition a network is follows from its graph, whatever its file is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal

import networkx

from tncompile.comparison.result import Theory
from tncompile.expressivity.expected import single_free_product
from tncompile.expressivity.outputs import find_output, single_score
from tncompile.network import Network
from tncompile.source.records import record

Kind = Literal["TT", "HT", "CP"]
Relation = Literal["≤", "≥"]
SOURCE = "Khrulkov, Novikov, Oseledets (2018), table 2"


@record
class Decomposition:
    """A network as the table knows it: its kind, its order d, its width r, and the least mode size n."""

    kind: Kind
    order: int
    width: int
    mode: int


def decomposition(net: Network) -> Decomposition | None:
    """Which decomposition a network is: a chain (TT), a balanced binary tree (HT), a sum of products (CP); else None.

    All bonds must have one extent, the width.
    """
    product = single_free_product(single_score(net, find_output(net, None))[0])
    if product is None:
        return None
    data = {wire for factor in product.factors if not factor.is_coefficient for wire in factor.wires}
    weights = [
        set(f.wires)
        for f in product.factors
        if f.is_coefficient and (len(f.wires) > 1 or data & set(f.wires))
    ]
    touched = Counter(wire for wires in weights for wire in wires)
    bonds = {wire for wire, count in touched.items() if count > 1 and wire not in data}
    widths = {product.wires[wire].extent.value for wire in bonds}
    if len(widths) != 1 or any(len(wires & data) > 1 for wires in weights):
        return None
    kind = _kind(weights, bonds, data)
    mode = min(product.wires[wire].extent.value for wire in data)
    return None if kind is None else Decomposition(kind, len(data), widths.pop(), mode)


def _kind(weights: list[set[int]], bonds: set[int], data: set[int]) -> Kind | None:
    if len(bonds) == 1 and all(bonds <= wires for wires in weights):
        return "CP"
    graph = _bond_graph(weights, bonds)
    if graph is None or not networkx.is_tree(graph):
        return None
    degrees = dict(graph.degree())
    if all(weights[node] & data for node in graph) and max(degrees.values()) <= 2:
        return "TT"
    return "HT" if _is_balanced(graph, [node for node in graph if weights[node] & data]) else None


def _bond_graph(weights: list[set[int]], bonds: set[int]) -> networkx.Graph[Any] | None:
    """Weights joined by bonds; None where a bond joins more than two."""
    graph: networkx.Graph[Any] = networkx.Graph()
    graph.add_nodes_from(range(len(weights)))
    for bond in bonds:
        ends = [number for number, wires in enumerate(weights) if bond in wires]
        if len(ends) != 2:
            return None
        graph.add_edge(*ends)
    return graph


def _is_balanced(graph: networkx.Graph[Any], leaves: list[int]) -> bool:
    """Whether a tree is a full binary one with the inputs at its leaves, all at one depth."""
    roots = [node for node, degree in graph.degree() if degree == 2]
    if len(roots) != 1 or any(graph.degree(node) not in (1, 3) for node in graph if node not in roots):
        return False
    depths = networkx.single_source_shortest_path_length(graph, roots[0])
    ends = [node for node in graph if graph.degree(node) == 1]
    return sorted(ends) == sorted(leaves) and len({depths[node] for node in ends}) == 1


# --- the table -----------------------------------------------------------------------------------


def _same(given: Decomposition) -> tuple[str, int]:
    return "r", given.width


def _squared(given: Decomposition) -> tuple[str, int]:
    return "r^2", given.width**2


def _half_depth(given: Decomposition) -> tuple[str, int]:
    """r^(log2(d)/2), the exponent rounded up: the ranks of a chain are integers between levels of the tree."""
    exponent = -(-(given.order.bit_length() - 1) // 2)
    return f"r^{exponent}", given.width**exponent


def _half_order(given: Decomposition) -> tuple[str, int]:
    """q^(d/2) with q the smaller of mode size and width."""
    exponent, base = given.order // 2, "r" if given.width <= given.mode else "n"
    return f"{base}^{exponent}", min(given.mode, given.width) ** exponent


# From the given network (first) to the equivalent one: the width, and whether it suffices (≤) or is needed (≥).
TABLE: Mapping[tuple[Kind, Kind], tuple[Callable[[Decomposition], tuple[str, int]], Relation]] = {
    ("TT", "TT"): (_same, "≤"),
    ("TT", "HT"): (_squared, "≤"),
    ("TT", "CP"): (_half_order, "≥"),
    ("HT", "TT"): (_half_depth, "≤"),
    ("HT", "HT"): (_same, "≤"),
    ("HT", "CP"): (_half_order, "≥"),
    ("CP", "TT"): (_same, "≤"),
    ("CP", "HT"): (_same, "≤"),
    ("CP", "CP"): (_same, "≤"),
}


def theory(given: Decomposition | None, equivalent: Decomposition | None) -> Theory | None:
    """What the table says of the width of an equivalent network; None where it says nothing."""
    if given is None or equivalent is None or given.order != equivalent.order:
        return None
    width, relation = TABLE[given.kind, equivalent.kind]
    formula, value = width(given)
    return Theory(formula, value, relation, SOURCE)
