"""Bounds of many cuts at once, for scores that are one product whose wires form a tree.

For each factor two numbers say what the part of the tree below it costs at least: if the factor has the colour of
the rows, and if it has that of the columns. They are arrays with an entry for each cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.expressivity.evaluation.witness import BASES, digits, is_free, single_product
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import Graph, Product
from tncompile.expressivity.result import CutSides, Member, Side
from tncompile.network import Network
from tncompile.source.records import record

Flags = npt.NDArray[np.bool_]
Pair = tuple[Any, Any]  # the cost in each colour: columns, rows
EXACT_FLOAT = 2**53


@record
class Tree:
    """Factors and the wires between them, without cycles. ``inputs[i]`` is the input of factor i, or -1.

    ``order`` lists (factor, wire above it, factor above that; -1 for a root), each before the factors below it.
    """

    inputs: tuple[int, ...]
    wires: tuple[tuple[int, ...], ...]
    extents: tuple[int, ...]
    order: tuple[tuple[int, int, int], ...]


@record
class ManyBounds:
    """For each cut the upper bound and, where there is one, the witness (value, base, exponent)."""

    upper: list[int]
    witnesses: list[tuple[int, int, int]] | None


def bounds_of_cuts(
    net: Network,
    inputs: Sequence[Member],
    rows: Flags,
    output: Member | None = None,
) -> ManyBounds | None:
    """The minimum cuts of many bipartitions; ``rows[b, i]`` says that input i is a row of cut b.

    The inputs are all that the output depends on. None where the score is not multilinear, or its
    wires close a cycle: then each cut needs a flow of its own.
    """
    cut = CutSides("all", Side(tuple(inputs)), Side())
    graph = expand(net, cut, output)
    body = None if graph is None else single_product(graph)
    if body is None:
        return None
    tree = tree_of(body, inputs)
    if tree is None:
        return None
    free = is_free(body)
    return ManyBounds(minimum_cuts(tree, rows), _witnesses(tree, rows) if free else None)


def tree_of(graph: Graph, inputs: Sequence[Member]) -> Tree | None:
    """The factors of a single product as a tree; None if they are none. Wires between the same factors are joined."""
    whole = graph.nodes[graph.root]
    assert isinstance(whole, Product)
    numbers = {name: number for number, name in enumerate(Side(tuple(inputs)).texts())}
    own = [-1 if f.is_coefficient else numbers[graph.nodes[f.node].name] for f in whole.factors]
    at: list[list[int]] = [[] for _ in whole.wires]
    for place, factor in enumerate(whole.factors):
        for number in dict.fromkeys(factor.wires):
            at[number].append(place)
    touching: dict[tuple[int, ...], int] = {}
    for wire, places in zip(whole.wires, at, strict=True):
        if wire.extent.value > 1 and len(places) > 1:
            touching[tuple(places)] = touching.get(tuple(places), 1) * wire.extent.value
    wires = tuple(touching)
    order = _ordered(len(own), wires)
    return None if order is None else Tree(tuple(own), wires, tuple(touching.values()), order)


def _ordered(count: int, wires: Sequence[Sequence[int]]) -> tuple[tuple[int, int, int], ...] | None:
    """The factors from roots down with what is above each; None where wires close a cycle."""
    at: list[list[int]] = [[] for _ in range(count)]
    for wire, factors in enumerate(wires):
        for factor in factors:
            at[factor].append(wire)
    reached = [False] * count
    order: list[tuple[int, int, int]] = []
    for root in range(count):
        stack = [] if reached[root] else [(root, -1, -1)]
        reached[root] = True
        while stack:
            factor, wire_above, _ = stack[-1]
            order.append(stack.pop())
            for wire in at[factor]:
                if wire == wire_above:
                    continue
                for other in wires[wire]:
                    if other == factor:
                        continue
                    if reached[other]:
                        return None
                    reached[other] = True
                    stack.append((other, wire, factor))
    return tuple(order)


def minimum_cuts(tree: Tree, rows: Flags) -> list[int]:
    """The product of the extents cut, for each cut, exact however large."""
    whole = prod(tree.extents)
    exact = whole < EXACT_FLOAT
    dtype = np.dtype(np.float64 if exact else object)
    costs = _Costs(tree, rows, dtype, np.multiply, 1, np.inf if exact else whole + 1)
    return [int(value) for value in costs.cheapest(tree.extents)]


def _witnesses(tree: Tree, rows: Flags) -> list[tuple[int, int, int]]:
    flows: dict[int, list[int]] = {}
    for base in BASES:
        capacities = [digits(base, extent) for extent in tree.extents]
        costs = _Costs(tree, rows, np.dtype(np.int64), np.add, 0, sum(capacities) + 1)
        flows[base] = costs.cheapest(capacities).tolist()
    return [
        max((base ** flows[base][row], base, flows[base][row]) for base in BASES) for row in range(len(rows))
    ]


@record
class _Costs:
    """How costs are held and joined: ``nothing`` costs nothing, ``most`` is more than any cut."""

    tree: Tree
    rows: Flags
    dtype: np.dtype[Any]
    join: Callable[[Any, Any], Any]
    nothing: Any
    most: Any

    def cheapest(self, capacities: Sequence[int]) -> npt.NDArray[Any]:
        """The cost of the cheapest colouring for each cut, from the leaves of the tree up."""
        done: dict[int, Pair] = {}
        waiting: dict[int, list[int]] = {}  # wire -> the factors below it
        hanging: dict[int, list[int]] = {}  # factor -> the wires below it
        for factor, wire, above in self.tree.order:
            if wire >= 0:
                if wire not in waiting:
                    hanging.setdefault(above, []).append(wire)
                waiting.setdefault(wire, []).append(factor)
        total = np.full(len(self.rows), self.nothing, self.dtype)
        for factor, wire, _ in reversed(self.tree.order):
            pair = self._own(factor)
            for below in hanging.get(factor, ()):
                pair = self._through(pair, [done.pop(other) for other in waiting[below]], capacities[below])
            if wire >= 0:
                done[factor] = pair
            else:
                total = self.join(total, np.minimum(*pair))
        return total

    def _own(self, factor: int) -> Pair:
        """An input can have the colour of its side only."""
        number = self.tree.inputs[factor]
        free = np.full(len(self.rows), self.nothing, self.dtype)
        if number < 0:
            return free, free
        is_row = self.rows[:, number]
        barred = np.full(len(self.rows), self.most, self.dtype)
        return np.where(is_row, barred, free), np.where(is_row, free, barred)

    def _through(self, above: Pair, below: Sequence[Pair], capacity: int) -> Pair:
        """A wire costs its capacity once, unless all that it touches has the colour of the factor above."""
        cut = np.full(len(self.rows), capacity, self.dtype)
        same: list[Any] = [above[0], above[1]]
        for pair in below:
            cut = self.join(cut, np.minimum(*pair))
            same = [
                np.minimum(self.join(own, other), self.most) for own, other in zip(same, pair, strict=True)
            ]
        first, second = (
            np.minimum(np.minimum(own, self.join(one, cut)), self.most)
            for own, one in zip(same, above, strict=True)
        )
        return first, second
