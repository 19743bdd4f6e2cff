"""The colouring bound: what a colouring of a graph proves about the rank, counted exactly.

Theorem. Colour every node red or blue, inputs of the rows red, those of the columns blue. A use of a node in one of the
other colour crosses. The rank is at most the sum, over the vectors of degrees that terms of the score have in the
crossing nodes, of the products of the numbers of monomials of these degrees. Where a product is coloured factor by factor, the
factors of the other colour than its own are one more node, whose components are the values of the wires cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from math import comb, prod

from tncompile.expressivity.polynomials.polynomial import Graph, Leaf, Product, Sum, below_of
from tncompile.source.records import record

TERM_LIMIT = 2_000  # vectors of degrees
POWER_LIMIT = 20_000  # ways to choose the terms of a power of a sum
PAIR_LIMIT = 200_000  # pairs of vectors that are added for one product


@record
class Coloring:
    """Colours, red is True: of every node, and of the factors of the products that are coloured factor by factor."""

    nodes: tuple[bool, ...]
    factors: dict[int, tuple[bool, ...]]


@record
class Block:
    """What crosses: the node, or (``inside``) the part of the product of the other colour than its own."""

    node: int
    inside: bool
    extent: int
    limit: int | None  # no more functions than these, on a grid


Degrees = tuple[tuple[int, int], ...]  # (block, degree), by block


class Count:
    """The bound that a colouring proves. ``grid``: the number of templates for each input, for ranks on a grid."""

    def __init__(self, graph: Graph, coloring: Coloring, grid: int | None = None) -> None:
        self.graph, self.coloring, self.grid = graph, coloring, grid
        self.blocks: list[Block] = []
        self.outer: dict[int, int] = {}  # node -> its block as a crossing node
        self.inner: dict[int, int] = {}  # product -> the block of its part of the other colour
        self.below = [self._colored_below(number) for number in range(len(graph.nodes))]
        for number in range(len(graph.nodes)):
            self._find_blocks(number)

    @cached_property
    def value(self) -> int:
        """The bound."""
        if not self.graph.has_sums:
            return prod(self.monomials(block, degree) for block, degree in self.by_paths())
        found = self.by_terms()
        if found is None:
            return self.by_intervals()
        total = sum(prod(self.monomials(block, degree) for block, degree in term) for term in found)
        return total if self.grid is None else min(total, self.by_intervals())

    def monomials(self, block: int, degree: int) -> int:
        """How many functions a block of a degree can be."""
        return limited(multichoose(self.blocks[block].extent, degree), self.blocks[block].limit)

    def degrees(self) -> Degrees:
        """The blocks with the highest degree of each."""
        if not self.graph.has_sums:
            return self.by_paths()
        return tuple((block, high) for block, (_, high) in sorted(self.intervals().items()))

    # --- blocks -------------------------------------------------------------------------------

    def _find_blocks(self, number: int) -> None:
        node = self.graph.nodes[number]
        if isinstance(node, Product) and number in self.coloring.factors:
            extent = self._cut_extent(number, node)
            if extent is not None:
                self.inner[number] = self._new_block(number, True, extent)
        for below, _, crosses in self.below[number]:
            if crosses and below not in self.outer:
                self.outer[below] = self._new_block(below, False, self.graph.components[below])

    def _new_block(self, node: int, inside: bool, extent: int) -> int:
        limit = None
        if self.grid is not None:
            limit = self.grid ** self._inputs(node, inside).bit_count()
        self.blocks.append(Block(node, inside, extent, limit))
        return len(self.blocks) - 1

    def _inputs(self, number: int, inside: bool) -> int:
        """The inputs that a block is made from, as bits."""
        if not inside:
            return self.graph.inputs_below[number]
        node = self.graph.nodes[number]
        assert isinstance(node, Product)
        found = 0
        for factor, color in zip(node.factors, self.coloring.factors[number], strict=True):
            if not factor.is_coefficient and color != self.coloring.nodes[number]:
                found |= self.graph.inputs_below[factor.node]
        return found

    def _cut_extent(self, number: int, product: Product) -> int | None:
        """The extents of the wires cut in a product; None if nothing of it crosses."""
        colors = self.coloring.factors[number]
        own = self.coloring.nodes[number]
        extent = prod(product.wires[wire].extent.value for wire in cut_wires(product, colors, own))
        mixed = any(c != own for f, c in zip(product.factors, colors, strict=True) if not f.is_coefficient)
        return extent if extent > 1 or mixed else None

    def _colored_below(self, number: int) -> list[tuple[int, int, bool]]:
        """The nodes that a node is made from, with the power of each use and whether it crosses."""
        node, own = self.graph.nodes[number], self.coloring.nodes
        if isinstance(node, Product) and number in self.coloring.factors:
            colored = zip(node.factors, self.coloring.factors[number], strict=True)
            return [(f.node, f.power, color != own[f.node]) for f, color in colored if not f.is_coefficient]
        return [(below, power, own[below] != own[number]) for below, power in below_of(node)]

    # --- degrees ------------------------------------------------------------------------------

    def by_paths(self) -> Degrees:
        """Without sums there is one vector of degrees: uses that cross, times the degree of where they stand."""
        found: dict[int, int] = {}
        degrees = self.graph.degrees
        for number, uses in enumerate(self.below):
            if number in self.inner:
                found[self.inner[number]] = degrees[number]
            for below, power, crosses in uses:
                if crosses:
                    block = self.outer[below]
                    found[block] = found.get(block, 0) + power * degrees[number]
        return tuple(sorted(found.items()))

    def by_terms(self) -> list[Degrees] | None:
        """The vectors of degrees that the terms of the score have; None if they are too many."""
        found: list[list[Degrees]] = []
        for number in range(len(self.graph.nodes)):
            terms = self._terms_of(number, found)
            if terms is None or len(terms) > TERM_LIMIT:
                return None
            found.append(terms)
        return found[self.graph.root]

    def _terms_of(self, number: int, found: list[list[Degrees]]) -> list[Degrees] | None:
        node = self.graph.nodes[number]
        if isinstance(node, Leaf):
            return [()]
        parts: list[list[Degrees]] = []
        for below, power, crosses in self.below[number]:
            crossing = self.outer[below] if crosses else None
            part = raised([times(term, 1, crossing) for term in found[below]], power)
            if part is None:
                return None
            parts.append(part)
        if isinstance(node, Sum):
            terms = dict.fromkeys(term for part in parts for term in part)
            return list(terms | ({(): None} if node.constant else {}))
        result: list[Degrees] = [((self.inner[number], 1),)] if number in self.inner else [()]
        for part in parts:
            if len(result) * len(part) > PAIR_LIMIT:
                return None
            result = list(dict.fromkeys(plus(a, b) for a in result for b in part))
        return result

    def by_intervals(self) -> int:
        """The bound from the lowest and highest degree in each block alone."""
        value = 1
        for block, (low, high) in self.intervals().items():
            extent = self.blocks[block].extent
            below = multichoose(extent + 1, low - 1) if low else 0
            value *= limited(multichoose(extent + 1, high) - below, self.blocks[block].limit)
        return value

    def intervals(self) -> dict[int, tuple[int, int]]:
        """The lowest and the highest degree in each block."""
        found: list[dict[int, tuple[int, int]]] = []
        for number, node in enumerate(self.graph.nodes):
            parts: list[dict[int, tuple[int, int]]] = []
            for below, power, crosses in self.below[number]:
                part = {block: (power * low, power * high) for block, (low, high) in found[below].items()}
                if crosses:
                    low, high = part.get(self.outer[below], (0, 0))
                    part[self.outer[below]] = low + power, high + power
                parts.append(part)
            if isinstance(node, Sum):
                found.append(_hull(parts + ([{}] if node.constant else [])))
            else:
                parts += [{self.inner[number]: (1, 1)}] if number in self.inner else []
                found.append(_added(parts))
        return found[self.graph.root]


def cut_wires(product: Product, colors: Iterable[bool], own: bool) -> Iterator[int]:
    """The wires of a product that touch both colours; its left side has the colour ``own``."""
    seen: list[int] = [0] * len(product.wires)
    for wire in product.open:
        seen[wire] |= 1 << own
    for factor, color in zip(product.factors, colors, strict=True):
        for wire in factor.wires:
            seen[wire] |= 1 << color
    return (wire for wire, both in enumerate(seen) if both == 3)


def multichoose(kinds: int, count: int) -> int:
    """The number of monomials of degree ``count`` in ``kinds`` variables."""
    return comb(kinds + count - 1, count) if kinds or not count else 0


def limited(value: int, limit: int | None) -> int:
    """The value, but no more than a limit."""
    return value if limit is None else min(value, limit)


def times(term: Degrees, power: int, crossing: int | None) -> Degrees:
    """The degrees of a power of a node, and of the node itself where it crosses."""
    scaled = tuple((block, power * degree) for block, degree in term if power)
    return scaled if crossing is None else plus(scaled, ((crossing, power),))


def plus(left: Degrees, right: Degrees) -> Degrees:
    """The degrees of a product."""
    found = dict(left)
    for block, degree in right:
        found[block] = found.get(block, 0) + degree
    return tuple(sorted(found.items()))


def raised(terms: list[Degrees], power: int) -> list[Degrees] | None:
    """The degrees of a power of a sum: how often each term is taken. None if there are too many ways."""
    if comb(power + len(terms) - 1, min(power, len(terms) - 1)) > POWER_LIMIT:
        return None
    found: dict[Degrees, None] = {}
    chosen: list[tuple[Degrees, int]] = [((), power)]  # and how many factors are left
    for place, term in enumerate(terms, 1):
        found |= dict.fromkeys(plus(before, times(term, left, None)) for before, left in chosen)
        if place < len(terms):
            chosen = [
                (plus(before, times(term, count, None)), left - count)
                for before, left in chosen
                for count in range(left)
            ]
    return list(found)


def _hull(parts: list[dict[int, tuple[int, int]]]) -> dict[int, tuple[int, int]]:
    blocks = dict.fromkeys(block for part in parts for block in part)
    return {
        block: (min(p.get(block, (0, 0))[0] for p in parts), max(p.get(block, (0, 0))[1] for p in parts))
        for block in blocks
    }


def _added(parts: list[dict[int, tuple[int, int]]]) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for part in parts:
        for block, (low, high) in part.items():
            before = found.get(block, (0, 0))
            found[block] = before[0] + low, before[1] + high
    return found
