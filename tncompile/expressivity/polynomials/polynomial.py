"""A score as a graph of polynomials in the inputs of a cut.

Weights, and whatever else does not depend on those inputs, are coefficients. A node is a vector of
polynomials with one component for each combination of values of its wires.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from itertools import product as combined
from math import comb, prod

from tncompile.network import Extent
from tncompile.source import TnError
from tncompile.source.records import record

ROWS, COLUMNS = 1, 2
COEFFICIENT = -1


class NotPolynomial(TnError):
    """A function, a maximum or a division joins inputs of both sides."""


@dataclass(frozen=True, slots=True)
class Wire:
    """An index of a product: ``name`` says which of which member, as in ``a of h[3]``."""

    name: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class Leaf:
    """A vector of variables of one side (`ROWS` or `COLUMNS`): an input, or anything made from one side alone.

    ``inputs`` are the numbers of the inputs that it is made from, as bits. Only of an input (``is_input``) the
    components are surely independent, and independent of those of all other leaves.
    """

    name: str
    side: int
    extents: tuple[Extent, ...]
    inputs: int
    is_input: bool = False


@dataclass(frozen=True, slots=True)
class Factor:
    """A node raised to a power entry by entry, or a coefficient (``node`` is `COEFFICIENT`).

    ``generic``: a coefficient that is a weight, drawn freely. ``wires`` are numbers of the product.
    """

    node: int
    wires: tuple[int, ...]
    power: int = 1
    name: str = ""
    generic: bool = False

    @property
    def is_coefficient(self) -> bool:
        """Whether it depends on no input."""
        return self.node == COEFFICIENT

    def rewired(self, wires: Iterable[int]) -> Factor:
        """The same with other wires."""
        return Factor(self.node, tuple(wires), self.power, self.name, self.generic)

    def raised(self, power: int) -> Factor:
        """The same with another power."""
        return Factor(self.node, self.wires, power, self.name, self.generic)


@dataclass(frozen=True, slots=True)
class Product:
    """The product of the factors, summed over all wires that are not ``open``; axes are in the order of ``open``."""

    name: str
    factors: tuple[Factor, ...]
    open: tuple[int, ...]
    wires: tuple[Wire, ...]

    def uses(self) -> Iterator[Factor]:
        """The factors that are nodes."""
        return (factor for factor in self.factors if not factor.is_coefficient)


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of nodes (each maybe constant along some wires); ``constant``: of a constant too."""

    name: str
    terms: tuple[int, ...]
    constant: bool
    extents: tuple[Extent, ...]


Node = Leaf | Product | Sum
Swap = tuple[int, ...]  # for each wire of a product the one that takes its place
Alike = tuple[int, ...]  # for each axis the first one that it can be exchanged with, maybe itself


@record
class Graph:
    """Nodes, each after the nodes it is made from; the last one is the score, without wires."""

    nodes: tuple[Node, ...]

    @property
    def root(self) -> int:
        """The number of the score."""
        return len(self.nodes) - 1

    @cached_property
    def extents(self) -> tuple[tuple[Extent, ...], ...]:
        """The extents of each node."""
        return tuple(node_extents(node) for node in self.nodes)

    @cached_property
    def components(self) -> tuple[int, ...]:
        """How many components each node has; those that an exchange of axes makes equal count once."""
        return tuple(
            prod(comb(extent.value + count - 1, count) for extent, count in counted(extents, alike))
            for extents, alike in zip(self.extents, self.alike, strict=True)
        )

    @cached_property
    def swaps(self) -> tuple[tuple[Swap, ...], ...]:
        """For each node the exchanges of two of its axes that leave it as it is."""
        return self._symmetries[0]

    @cached_property
    def alike(self) -> tuple[Alike, ...]:
        """For each node the axes that can be exchanged: each axis with the first one that is like it."""
        return self._symmetries[1]

    @cached_property
    def _symmetries(self) -> tuple[tuple[tuple[Swap, ...], ...], tuple[Alike, ...]]:
        swaps: list[tuple[Swap, ...]] = []
        alike: list[Alike] = []
        for node, extents in zip(self.nodes, self.extents, strict=True):
            found = axis_swaps(node, alike) if isinstance(node, Product) else {}
            swaps.append(tuple(found.values()))
            first = list(range(len(extents)))
            for one, other in found:
                first[other] = first[one]
            alike.append(tuple(first))
        return tuple(swaps), tuple(alike)

    @cached_property
    def uses(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each node the nodes made from it, with the power: once for each factor or term."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.nodes]
        for number, node in enumerate(self.nodes):
            for below, power in below_of(node):
                found[below].append((number, power))
        return tuple(map(tuple, found))

    @cached_property
    def has_sums(self) -> bool:
        """Whether any node is a sum."""
        return any(isinstance(node, Sum) for node in self.nodes)

    @cached_property
    def inputs_below(self) -> tuple[int, ...]:
        """For each node the inputs that it is made from, as bits."""
        found = [0] * len(self.nodes)
        for number, node in enumerate(self.nodes):
            found[number] = node.inputs if isinstance(node, Leaf) else 0
            for below, _ in below_of(node):
                found[number] |= found[below]
        return tuple(found)

    @cached_property
    def sides(self) -> tuple[int, ...]:
        """For each node the sides it depends on, as bits."""
        found = [0] * len(self.nodes)
        for number, node in enumerate(self.nodes):
            found[number] = node.side if isinstance(node, Leaf) else 0
            for below, _ in below_of(node):
                found[number] |= found[below]
        return tuple(found)

    @cached_property
    def degrees(self) -> tuple[int, ...]:
        """The degree of the score in each node, the highest where it has several."""
        return _highest_degrees(self) if self.has_sums else _path_counts(self)


def node_extents(node: Node) -> tuple[Extent, ...]:
    """The extents of the axes of a node; an axis that repeats a wire is no component of its own."""
    if isinstance(node, Product):
        return tuple(node.wires[wire].extent for wire in dict.fromkeys(node.open))
    return node.extents


def counted(extents: Sequence[Extent], alike: Alike) -> Iterator[tuple[Extent, int]]:
    """The extents of axes with how many axes are alike."""
    return ((extents[axis], count) for axis, count in Counter(alike).items())


MOST_FACTORS = 8  # of a product whose axes are exchanged


def axis_swaps(node: Product, alike: Sequence[Alike]) -> dict[tuple[int, int], Swap]:
    """Exchanges of pairs of axes that leave a product as it is; ``alike`` tells of the nodes below."""
    axes = range(len(node.open))
    found: dict[tuple[int, int], Swap] = {}
    if len(node.factors) > MOST_FACTORS or len(set(node.open)) < len(node.open):
        return found
    reached: set[int] = set()
    for first in axes:
        for second in axes[first + 1 :]:
            if (
                not reached & {first, second}
                and node.wires[node.open[first]].extent == node.wires[node.open[second]].extent
            ):
                swap = _swap(node, first, second, alike)
                if swap is not None:
                    found[first, second] = swap
                    reached.add(second)
    return found


def _swap(node: Product, first: int, second: int, alike: Sequence[Alike]) -> Swap | None:
    known = {wire: wire for wire in node.open}
    known[node.open[first]], known[node.open[second]] = node.open[second], node.open[first]
    found = _matched(list(node.factors), list(node.factors), known, alike)
    return None if found is None else tuple(found.get(wire, wire) for wire in range(len(node.wires)))


def _matched(
    factors: list[Factor], images: list[Factor], known: dict[int, int], alike: Sequence[Alike]
) -> dict[int, int] | None:
    """The wires that take the places of those of the factors, if the factors become the images; ``known`` some of them."""
    if not factors:
        return known
    first, *rest = factors
    for place, image in enumerate(images):
        if (image.node, image.name, image.power) != (first.node, first.name, first.power):
            continue
        for wires in _orders(image, alike):
            pairs = list(zip(first.wires, wires, strict=True))
            more = known | dict(pairs)
            agrees = all(more[wire] == other for wire, other in (*known.items(), *pairs))
            if agrees and len(set(more.values())) == len(more):
                found = _matched(rest, [*images[:place], *images[place + 1 :]], more, alike)
                if found is not None:
                    return found
    return None


def _orders(factor: Factor, alike: Sequence[Alike]) -> Iterator[tuple[int, ...]]:
    """The wires of a factor in every order of axes that are alike."""
    if factor.is_coefficient:
        yield factor.wires
        return
    groups = [
        [axis for axis, root in enumerate(alike[factor.node]) if root == one]
        for one in set(alike[factor.node])
    ]
    for orders in combined(*(permutations(group) for group in groups)):
        wires = list(factor.wires)
        for group, order in zip(groups, orders, strict=True):
            for axis, other in zip(group, order, strict=True):
                wires[axis] = factor.wires[other]
        yield tuple(wires)


def below_of(node: Node) -> list[tuple[int, int]]:
    """The nodes that a node is made from, with the power of each use."""
    if isinstance(node, Product):
        return [(factor.node, factor.power) for factor in node.uses()]
    return [(term, 1) for term in node.terms] if isinstance(node, Sum) else []


def _path_counts(graph: Graph) -> tuple[int, ...]:
    """Without sums the degree is the number of ways from a node to the score."""
    found = [0] * len(graph.nodes)
    found[graph.root] = 1
    for number in range(graph.root, -1, -1):
        for below, power in below_of(graph.nodes[number]):
            found[below] += power * found[number]
    return tuple(found)


SUM_LIMIT = 2_000_000  # degrees of one node in another that are looked at


def _highest_degrees(graph: Graph) -> tuple[int, ...]:
    """With sums the highest degree of any term; counting ways would double at each sum."""
    found: list[dict[int, int]] = []
    entries = 0
    for number, node in enumerate(graph.nodes):
        total: dict[int, int] = {number: 1}
        for below, power in below_of(node):
            for block, degree in found[below].items():
                if isinstance(node, Sum):
                    total[block] = max(total.get(block, 0), degree)
                else:
                    total[block] = total.get(block, 0) + power * degree
        found.append(total)
        entries += len(total)
        if entries > SUM_LIMIT:
            return _path_counts(graph)
    return tuple(found[graph.root].get(number, 0) for number in range(len(graph.nodes)))


def pruned(nodes: Sequence[Node], top: int) -> Graph:
    """The graph of what ``top`` is made from, in the same order."""
    needed = [False] * (top + 1)
    needed[top] = True
    for number in range(top, -1, -1):
        if needed[number]:
            for below, _ in below_of(nodes[number]):
                needed[below] = True
    numbers = {COEFFICIENT: COEFFICIENT}
    kept: list[Node] = []
    for number in range(top + 1):
        if needed[number]:
            numbers[number] = len(kept)
            kept.append(renumbered(nodes[number], numbers))
    return Graph(tuple(kept))


def renumbered(node: Node, numbers: Mapping[int, int]) -> Node:
    """A node whose nodes below have other numbers."""
    match node:
        case Product():
            factors = tuple(
                Factor(numbers[f.node], f.wires, f.power, f.name, f.generic) for f in node.factors
            )
            return Product(node.name, factors, node.open, node.wires)
        case Sum():
            return Sum(node.name, tuple(numbers[term] for term in node.terms), node.constant, node.extents)
    return node
