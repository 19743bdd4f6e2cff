"""Checking symmetries: that a score does not tell some inputs apart, and how many components of a node are distinct.

The whole graph is read again with two inputs exchanged, and each product with the wires of two axes exchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import comb, prod

from tncompile.expressivity.polynomials.identity import identity
from tncompile.expressivity.polynomials.polynomial import (
    COEFFICIENT,
    Factor,
    Graph,
    Leaf,
    Product,
    Sum,
    node_extents,
    renumbered,
)
from tncompile.source import TnError


def check_exchanges(graph: Graph, classes: Sequence[Sequence[int]]) -> None:
    """Raises TnError unless the inputs of each class are distinct ones that can be exchanged without changing the score."""
    named = [number for equal in classes for number in equal]
    leaves = [graph.nodes[number] for number in named]
    made = [node.inputs for node in graph.nodes if isinstance(node, Leaf) and not node.is_input]
    plain = all(
        isinstance(leaf, Leaf) and leaf.is_input and not any(leaf.inputs & other for other in made)
        for leaf in leaves
    )
    if not plain or len(set(named)) < len(named):
        raise TnError("the certificate exchanges what are no inputs, or one of them twice")
    for first, *others in classes:
        for other in others:
            if not _is_same_score(graph, first, other):
                raise TnError(f"the score tells `{graph.nodes[first].name}` from `{graph.nodes[other].name}`")


def check_components(graph: Graph) -> None:
    """Raises TnError unless every node has as many distinct components as it is counted with."""
    for number, node in enumerate(graph.nodes):
        extents = [extent.value for extent in node_extents(node)]
        groups = [{axis} for axis in range(len(extents))]
        for swap in graph.swaps[number]:
            if not isinstance(node, Product) or not _is_same_product(graph, node, swap):
                raise TnError(f"the axes of `{node.name}` cannot be exchanged")
            moved = {axis for axis, wire in enumerate(node.open) if swap[wire] != wire}
            joined = set().union(*(group for group in groups if group & moved))
            groups = [joined, *(group for group in groups if not group & moved)]
        count = prod(comb(extents[min(g)] + len(g) - 1, len(g)) for g in groups)
        if count != graph.components[number]:
            raise TnError(f"`{node.name}` has {count} components, not {graph.components[number]}")


def _is_same_product(graph: Graph, product: Product, swap: Sequence[int]) -> bool:
    """Whether other wires, two of the left side exchanged among them, leave the factors of a product what they are."""
    wires = range(len(product.wires))
    opened = [swap[wire] for wire in product.open]
    moved = [(wire, other) for wire, other in zip(product.open, opened, strict=True) if wire != other]
    kept = all(product.wires[wire].extent == product.wires[swap[wire]].extent for wire in wires)
    if sorted(swap) != list(wires) or sorted(opened) != sorted(product.open) or len(moved) != 2 or not kept:
        return False
    before = Counter(_look(graph, factor, factor.wires) for factor in product.factors)
    return before == Counter(_look(graph, f, [swap[wire] for wire in f.wires]) for f in product.factors)


def _look(graph: Graph, factor: Factor, wires: Sequence[int]) -> object:
    """A factor, where the order of axes that can be exchanged does not count."""
    alike = () if factor.is_coefficient else graph.alike[factor.node]
    grouped = sorted((alike[axis] if axis < len(alike) else axis, wire) for axis, wire in enumerate(wires))
    return factor.node, factor.name, factor.power, tuple(grouped)


def _is_same_score(graph: Graph, first: int, second: int) -> bool:
    """Whether an exchange leaves the score as it is, up to a number; the terms of a sum have to stay where they are."""
    numbers: dict[object, int] = {}
    before, after = {COEFFICIENT: COEFFICIENT}, {COEFFICIENT: COEFFICIENT}
    for number, node in enumerate(graph.nodes):
        if not isinstance(node, Product):
            before[number] = after[number] = numbers.setdefault(number, len(numbers))
    after[first], after[second] = before[second], before[first]
    for number, node in enumerate(graph.nodes):
        if isinstance(node, Sum) and any(before[term] != after[term] for term in node.terms):
            return False
        if isinstance(node, Product):
            before[number] = numbers.setdefault(_identity(node, before), len(numbers))
            after[number] = numbers.setdefault(_identity(node, after), len(numbers))
    moves = {(before[number], after[number]) for number in before}
    return before[graph.root] == after[graph.root] and moves == {(new, old) for old, new in moves}


def _identity(product: Product, numbers: dict[int, int]) -> object:
    moved = renumbered(product, numbers)
    assert isinstance(moved, Product)
    return identity(moved)
