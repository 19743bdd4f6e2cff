"""Products divided into products of two, equal ones shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from math import prod

from tncompile.expressivity.polynomials.polynomial import (
    COEFFICIENT,
    COLUMNS,
    ROWS,
    Factor,
    Graph,
    Leaf,
    Node,
    Product,
    pruned,
    renumbered,
)

Shape = tuple[tuple[tuple[int, str, int, tuple[int, ...]], ...], tuple[int, ...]]
SEARCHED = 12  # factors among which every pair is looked at


def split(graph: Graph, lowest: int = 2) -> Graph:
    """The graph with every product of degree from ``lowest`` divided into products of at most two uses each."""
    return _Splitter(graph, lowest).result()


class _Splitter:
    def __init__(self, graph: Graph, lowest: int) -> None:
        self.graph, self.lowest = graph, lowest
        self.nodes: list[Node] = []
        self.sides: list[int] = []
        self.numbers: dict[int, int] = {COEFFICIENT: COEFFICIENT}  # old -> new
        self.known: dict[
            Shape, tuple[int, tuple[int, ...]]
        ] = {}  # a product -> its node, the wires of its axes

    def result(self) -> Graph:
        """The new graph."""
        for number, node in enumerate(self.graph.nodes):
            node = renumbered(node, self.numbers)
            if isinstance(node, Product) and self.graph.degrees[number] >= self.lowest:
                self.numbers[number] = self.divided(node, number == self.graph.root)
            else:
                self.numbers[number] = self.add(node)
        return pruned(self.nodes, self.numbers[self.graph.root])

    def add(self, node: Node) -> int:
        """The number of a new node."""
        if isinstance(node, Leaf):
            side = node.side
        elif isinstance(node, Product):
            side = self.side_of(node.uses())
        else:
            side = 0
            for term in node.terms:
                side |= self.sides[term]
        self.nodes.append(node)
        self.sides.append(side)
        return len(self.nodes) - 1

    def side_of(self, factors: Iterable[Factor]) -> int:
        """The sides that some uses depend on."""
        side = 0
        for factor in factors:
            side |= self.sides[factor.node]
        return side

    def divided(self, product: Product, is_root: bool) -> int:
        """The node of a product, divided: a use with its own weights first, then pairs."""
        rest = [factor for factor in product.factors if factor.is_coefficient]
        uses = list(product.uses())
        if len(uses) > 1:
            for place in range(len(uses)):
                uses[place] = self.with_own(product, uses[place], uses, rest)
        if len(uses) > SEARCHED:
            uses.sort(key=lambda use: self.sides[use.node])
        while len(uses) > 2:
            first, second = self.best_pair(product, uses, rest)
            pair = [uses[first], uses[second]]
            uses = [use for place, use in enumerate(uses) if place not in (first, second)]
            uses.insert(first, self.joined(product, pair, uses, rest))
        whole = replace(product, factors=(*rest, *uses))
        shape, order = canonical(whole.factors, whole.open)
        touched = {wire for factor in whole.factors for wire in factor.wires}
        if not touched.issuperset(whole.open):
            return self.add(whole)  # its shape does not say the extents of wires that nothing touches
        if shape in self.known and not is_root:
            node, axes = self.known[shape]
            wires = [order[place] for place in axes]
            if tuple(wires) == whole.open:
                return node
        node = self.add(whole)
        places = {wire: place for place, wire in enumerate(order)}
        self.known.setdefault(shape, (node, tuple(places[wire] for wire in whole.open)))
        return node

    def with_own(self, product: Product, use: Factor, uses: Sequence[Factor], rest: list[Factor]) -> Factor:
        """A use and the coefficients that are joined with it alone, as one factor."""
        others = [other for other in uses if other is not use]
        while own := [f for f in rest if _owners(f, [use, *others], product) == {0}]:
            for factor in own:
                rest.remove(factor)
            use = self.made(product, [*own, use], [*others, *rest])
        return use

    def joined(
        self, product: Product, pair: list[Factor], others: Sequence[Factor], rest: list[Factor]
    ) -> Factor:
        """Two uses as one factor, with the coefficients that no other use is joined with."""
        own = self.absorbed(product, pair, others, rest)
        for factor in own:
            rest.remove(factor)
        return self.made(product, [*own, *pair], [*others, *rest])

    def absorbed(
        self, product: Product, pair: Sequence[Factor], others: Sequence[Factor], rest: Sequence[Factor]
    ) -> list[Factor]:
        """The coefficients that are joined with a pair by wires that nothing else touches, and with no other use."""
        outside = {wire for other in others for wire in other.wires}
        inside = {wire for use in pair for wire in use.wires}
        private = inside - outside - set(product.open)
        return [f for f in rest if set(f.wires) & private and not set(f.wires) & outside]

    def made(self, product: Product, inside: Sequence[Factor], outside: Sequence[Factor]) -> Factor:
        """A factor that is the product of some factors, an equal one if there is one."""
        around = set(product.open) | {wire for factor in outside for wire in factor.wires}
        touched = dict.fromkeys(wire for factor in inside for wire in factor.wires)
        opened = tuple(wire for wire in touched if wire in around)
        shape, order = canonical(inside, opened)
        if shape not in self.known:
            part = Product(_part_name(self, inside), tuple(inside), opened, product.wires)
            places = {wire: place for place, wire in enumerate(order)}
            self.known[shape] = self.add(compact(part)), tuple(places[wire] for wire in opened)
        node, axes = self.known[shape]
        return Factor(node, tuple(order[place] for place in axes))

    def best_pair(self, product: Product, uses: Sequence[Factor], rest: Sequence[Factor]) -> tuple[int, int]:
        """The pair to join next: one that is known, else of one side, else with the smallest result.

        Of very many the first neighbours of one side are taken, without a search.
        """
        places = range(len(uses))
        if len(uses) > SEARCHED:
            sides = [self.sides[use.node] for use in uses]
            return next((pair for pair in pairwise(places) if sides[pair[0]] == sides[pair[1]]), (0, 1))

        def rating(pair: tuple[int, int]) -> tuple[object, ...]:
            chosen = [uses[place] for place in pair]
            others = [use for place, use in enumerate(uses) if place not in pair]
            own = self.absorbed(product, chosen, others, rest)
            inside = [*own, *chosen]
            around = set(product.open) | {w for f in (*others, *rest) if f not in own for w in f.wires}
            opened = tuple(w for w in dict.fromkeys(w for f in inside for w in f.wires) if w in around)
            known = canonical(inside, opened)[0] in self.known
            apart = self.side_of(chosen) not in (ROWS, COLUMNS)
            joined = bool(set(chosen[0].wires) & set(chosen[1].wires))
            size = prod(product.wires[wire].extent.value for wire in opened)
            return (not known, apart, not joined, size, pair)

        return min(combinations(places, 2), key=rating)


def _owners(factor: Factor, uses: Sequence[Factor], product: Product) -> set[int]:
    """The uses that a coefficient is joined with by summed wires that no other use touches."""
    found = set()
    for wire in set(factor.wires) - set(product.open):
        touching = [place for place, use in enumerate(uses) if wire in use.wires]
        if len(touching) == 1:
            found.add(touching[0])
    return found


def _part_name(splitter: _Splitter, inside: Sequence[Factor]) -> str:
    return " * ".join(f.name if f.is_coefficient else splitter.nodes[f.node].name for f in inside)


def canonical(factors: Sequence[Factor], opened: Sequence[int]) -> tuple[Shape, list[int]]:
    """A product up to the names of wires and the order of factors and axes; and its wires in the order of their numbers."""
    order: dict[int, int] = {}
    rows = []
    for factor in sorted(factors, key=lambda f: (f.node, f.name, f.power)):
        numbers = tuple(order.setdefault(wire, len(order)) for wire in factor.wires)
        rows.append((factor.node, factor.name, factor.power, numbers))
    for wire in opened:
        order.setdefault(wire, len(order))
    # Which wires are open, each once for each axis: a diagonal has several.
    return (tuple(rows), tuple(sorted(Counter(order[wire] for wire in opened).elements()))), list(order)


def compact(product: Product) -> Product:
    """The product without wires that it does not touch."""
    touched = dict.fromkeys([*product.open, *(wire for factor in product.factors for wire in factor.wires)])
    number = {wire: place for place, wire in enumerate(touched)}
    factors = tuple(factor.rewired([number[wire] for wire in factor.wires]) for factor in product.factors)
    opened = tuple(number[wire] for wire in product.open)
    return Product(product.name, factors, opened, tuple(product.wires[wire] for wire in touched))
