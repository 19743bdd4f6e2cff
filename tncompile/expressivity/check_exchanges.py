"""Checking that a score does not tell some inputs apart: its whole graph is read again with two of them exchanged."""

from __future__ import annotations

from collections.abc import Sequence

from tncompile.expressivity.identity import identity
from tncompile.expressivity.polynomial import COEFFICIENT, Graph, Leaf, Product, Sum, renumbered
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
