"""The upper bound as a formula in the sizes: ``min(n^4, n^3*r, r^7)``.

Every colouring proves a bound at all sizes that leave the graph as it is, so the formula is the minimum of what
the best colourings say at many vectors of sizes, each symbol at 1 and at a huge value among them. Symbols
are read from the extents' formulas and never from their values: sizes that happen to be equal stay apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from random import Random

from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import Graph, NotPolynomial, Product, Wire, counted
from tncompile.expressivity.result import CutSides, Member
from tncompile.expressivity.upper.bounds import colored, refinements
from tncompile.expressivity.upper.capacities import Logarithms
from tncompile.expressivity.upper.coloring import Coloring, Count, Degrees, cut_wires, multichoose
from tncompile.network import Extent, Formula, Network
from tncompile.source.records import record

MOST_SAMPLES = 120
FRUITLESS = 40  # samples without a new term, after which no more are drawn
HUGE, LESS_HUGE = 1_000_003, 211
MANY = 64  # the degree from which a huge extent would make numbers too long
MOST_SUMMANDS = 8


@record
class Monomials:
    """A product: extents, and numbers of monomials (extent, degree from 2)."""

    plain: Formula
    powers: tuple[tuple[Formula, int], ...]

    def value(self, sizes: Mapping[str, int]) -> int:
        """The value at some sizes."""
        found = int(self.plain.value(sizes))
        return found * prod(multichoose(int(extent.value(sizes)), degree) for extent, degree in self.powers)

    def __str__(self) -> str:
        text = f"({self.plain})" if len(self.plain.terms) > 1 and self.powers else str(self.plain)
        parts = [] if text == "1" and self.powers else [text]
        for pair in dict.fromkeys(self.powers):
            count = self.powers.count(pair)
            parts.append(f"multichoose({pair[0]}, {pair[1]})" + (f"^{count}" if count > 1 else ""))
        return "*".join(parts)

    @property
    def degree(self) -> int:
        """How many factors there are, to order terms by."""
        most = max((sum(e for _, e in monomial) for monomial, _ in self.plain.terms), default=0)
        return most + len(self.powers)


Term = tuple[Monomials, ...]  # a sum


def bound_formula(net: Network, cut: CutSides, output: Member | None = None) -> str | None:
    """The upper bound of a cut in the sizes; the sizes that change the graph are as bound.

    None where there is no bound, or where it has too many summands to read.
    """
    terms = bound_terms(net, cut, output)
    if not terms:
        return None
    texts = [_text(term) for term in terms]
    return texts[0] if len(texts) == 1 else f"min({', '.join(texts)})"


def bound_terms(net: Network, cut: CutSides, output: Member | None = None) -> list[Term]:
    """The sums whose minimum is the upper bound; none where there is no bound, or one too long to read."""
    try:
        graph = expand(net, cut, output)
    except NotPolynomial:
        return []
    return [] if graph is None else _terms(graph)


def _text(term: Term) -> str:
    plain = sum((part.plain for part in term if not part.powers), Formula.constant(0))
    return " + ".join(
        [str(part) for part in (plain,) if part.terms] + [str(part) for part in term if part.powers]
    )


def _terms(graph: Graph) -> list[Term]:
    """The terms of the minimum, none of which could be left out at the sizes looked at."""
    graphs = list(refinements(graph))
    symbols = sorted({atom for other in graphs for e in _extents(other) for atom in e.formula.atoms()})
    found: dict[Term, None] = {}
    seen: list[Mapping[str, int]] = []
    fruitless = 0
    for sizes in _samples(symbols, _values(graph, symbols), max(graph.degrees)):
        resized = [other for other in (_resized(g, sizes) for g in graphs) if other is not None]
        if len(resized) < len(graphs):
            continue
        best: tuple[int, Term] | None = None
        for other in resized:
            value, coloring, _ = colored(other, Logarithms(), None)
            term = _term(other, coloring)
            if term is not None and (best is None or value < best[0]):
                best = value, term
        if best is None:
            return []
        seen.append(sizes)
        fruitless = fruitless + 1 if best[1] in found else 0
        found[best[1]] = None
        if fruitless == FRUITLESS:
            break
    return _needed(list(found), seen)


def _extents(graph: Graph) -> Iterator[Extent]:
    for node in graph.nodes:
        yield from (wire.extent for wire in node.wires) if isinstance(node, Product) else node.extents


def _values(graph: Graph, symbols: Sequence[str]) -> dict[str, int]:
    """The sizes as they are bound, where an extent is the symbol alone."""
    known = {str(extent.formula): extent.value for extent in _extents(graph)}
    return {symbol: known[symbol] for symbol in symbols if symbol in known}


def _samples(symbols: Sequence[str], bound: Mapping[str, int], degree: int) -> Iterator[dict[str, int]]:
    """Vectors of sizes: the bound ones, corners, then random ones, evenly spread in their logarithms."""
    huge = HUGE if degree < MANY else LESS_HUGE
    random = Random(0)
    if len(bound) == len(symbols):
        yield dict(bound)
    for value in (1, 3, huge):
        yield dict.fromkeys(symbols, value)
    for symbol, value in product(symbols, (1, huge)):
        yield {**dict.fromkeys(symbols, 5), symbol: value}
    for _ in range(MOST_SAMPLES):
        yield {
            symbol: random.choice([1, huge, int(huge ** random.random()), int(32 ** random.random())])
            for symbol in symbols
        }


def _resized(graph: Graph, sizes: Mapping[str, int]) -> Graph | None:
    """The graph at other sizes; None where an extent is then no number from 1."""

    def extent(old: Extent) -> Extent:
        value = old.formula.value(sizes)
        if value.denominator != 1 or value < 1:
            raise ValueError
        return Extent(int(value), old.formula)

    try:
        return Graph(
            tuple(
                replace(node, wires=tuple(Wire(wire.name, extent(wire.extent)) for wire in node.wires))
                if isinstance(node, Product)
                else replace(node, extents=tuple(map(extent, node.extents)))
                for node in graph.nodes
            )
        )
    except ValueError:
        return None


def _term(graph: Graph, coloring: Coloring) -> Term | None:
    """What a colouring says in symbols; None where that is a long sum."""
    count = Count(graph, coloring)
    summands = [count.by_paths()] if not graph.has_sums else count.by_terms()
    if summands is None or len(summands) > MOST_SUMMANDS:
        return None
    return tuple(
        sorted((_monomials(count, degrees) for degrees in summands), key=lambda m: (-m.degree, str(m)))
    )


def _monomials(count: Count, degrees: Degrees) -> Monomials:
    plain, powers = Formula.constant(1), []
    for block, degree in degrees:
        extent = _block_formula(count, block)
        if degree == 1:
            for axes, alike in _block_parts(count, block):
                if alike == 1:
                    plain = plain * axes
                else:
                    powers.append((axes, alike))
        elif extent != Formula.constant(1):
            powers.append((extent, degree))
    return Monomials(plain, tuple(sorted(powers, key=lambda pair: (str(pair[0]), pair[1]))))


def _block_parts(count: Count, block: int) -> list[tuple[Formula, int]]:
    """The extents of a block, those of axes that can be exchanged together with their number."""
    known = count.blocks[block]
    if known.inside:
        return [(_block_formula(count, block), 1)]
    graph = count.graph
    return [(e.formula, alike) for e, alike in counted(graph.extents[known.node], graph.alike[known.node])]


def _block_formula(count: Count, block: int) -> Formula:
    known = count.blocks[block]
    node = count.graph.nodes[known.node]
    extents = count.graph.extents[known.node]
    if known.inside and isinstance(node, Product):
        colors = count.coloring.factors[known.node]
        extents = tuple(
            node.wires[wire].extent for wire in cut_wires(node, colors, count.coloring.nodes[known.node])
        )
    formula = Formula.constant(1)
    for extent in extents:
        formula = formula * extent.formula
    return formula


def _needed(terms: list[Term], seen: Sequence[Mapping[str, int]]) -> list[Term]:
    """The terms without which the minimum would be larger at some of the sizes, in reading order."""
    values = {term: [sum(part.value(sizes) for part in term) for sizes in seen] for term in terms}
    least = [min(column) for column in zip(*values.values(), strict=True)]
    kept = sorted(terms, key=lambda term: (sum(part.degree for part in term), len(str(term)), str(term)))
    for term in reversed(list(kept)):
        others = [values[other] for other in kept if other != term]
        if others and [min(column) for column in zip(*others, strict=True)] == least:
            kept.remove(term)
    return kept
