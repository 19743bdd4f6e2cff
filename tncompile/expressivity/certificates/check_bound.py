"""Counting the bound of a coloured graph again, and checking that the graph is that of the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from math import comb, prod
from typing import Any

from tncompile.expressivity.certificates.check_exchanges import check_components, check_exchanges
from tncompile.expressivity.certificates.proof import proof_of
from tncompile.expressivity.cuts import Study
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import ROWS, Graph, Leaf
from tncompile.expressivity.upper.bounds import refinements, upper_bound
from tncompile.expressivity.upper.coloring import Coloring
from tncompile.expressivity.upper.flow import is_multilinear
from tncompile.source import TnError

MOST_TERMS = 20_000
MOST_WAYS = 20_000  # to choose the terms of a power
MOST_PAIRS = 2_000_000
Nodes = Sequence[Mapping[str, Any]]
Degrees = dict[tuple[int, bool], int]  # (node, part of the other colour) -> degree


def check_bound(study: Study, grid: int | None, proof: Mapping[str, Any] | None) -> int:
    """The bound that a coloured graph proves for a cut. Raises TnError if it is not a graph of the network.

    Where many cuts were bounded at once no colouring was kept: the bound of this one is then found anew.
    """
    graph = expand(study.net, study.sides)
    if graph is None:
        return 0
    if proof is None:
        return upper_bound(study.net, study.sides, grid=grid).value
    nodes: Nodes = proof["nodes"]
    symmetric = proof.get("symmetric", ())
    known = [graph] if symmetric else refinements(graph)
    same = next((other for other in known if _is_same(other, nodes)), None)
    if same is None:
        raise TnError("the coloured graph of the certificate is not that of the network")
    check_components(same)
    count = _Count(nodes, grid)
    if not symmetric:
        return count.value()
    check_exchanges(graph, symmetric)
    return count.symmetric_value(symmetric)


def _is_same(graph: Graph, nodes: Nodes) -> bool:
    """Whether the nodes are a graph, with inputs in the colours of their sides."""
    if len(graph.nodes) != len(nodes):
        return False
    colors = tuple(bool(node["is_red"]) for node in nodes)
    factors = {number: tuple(map(bool, node["red"])) for number, node in enumerate(nodes) if node["whole"]}
    for number, node in enumerate(graph.nodes):
        if isinstance(node, Leaf) and colors[number] != (node.side == ROWS):
            return False
        if number in factors and not is_multilinear(graph, number):
            return False
    again = proof_of(graph, Coloring(colors, factors))
    return _plain([asdict(node) for node in again.nodes]) == _plain(list(nodes))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


class _Count:
    """The sum over the vectors of degrees of the products of numbers of monomials."""

    def __init__(self, nodes: Nodes, grid: int | None) -> None:
        self.nodes, self.grid = nodes, grid
        self.leaves: list[int] = []
        for node in nodes:
            found = sum(1 << place for place in node["inputs"])
            for below in node["below"]:
                found |= self.leaves[below] if below >= 0 else 0
            self.leaves.append(found)

    def value(self) -> int:
        """The bound."""
        terms = self._terms()
        counts = []
        if terms is not None:
            counts.append(sum(prod(self._monomials(b, k, k) for b, k in term.items()) for term in terms))
        if terms is None or self.grid is not None:
            counts.append(prod(self._monomials(block, *ends) for block, ends in self._intervals().items()))
        if self.grid is not None:
            sides = [
                {i for node in self.nodes if node["is_red"] == red for i in node["inputs"]}
                for red in (True, False)
            ]
            counts.append(int(self.grid ** min(map(len, sides))))
        return min(counts)

    def symmetric_value(self, classes: Sequence[Sequence[int]]) -> int:
        """The bound where only leaves cross, and those of a class can be exchanged."""
        grouped = {number for equal in classes for number in equal}
        crossing = {number: ends for (number, _), ends in self._intervals().items()}
        if any(self.nodes[number]["kind"] != "leaf" for number in crossing):
            raise TnError("more than inputs crosses, so that exchanges of inputs prove nothing")
        total = 1
        for equal in (*classes, *([number] for number in crossing if number not in grouped)):
            low, high = crossing[equal[0]]
            extent = self.nodes[equal[0]]["components"]
            monomials = comb(extent + high, high) - (comb(extent + low - 1, low - 1) if low else 0)
            functions = comb(monomials + len(equal) - 1, len(equal))
            inputs = sum(self.leaves[number].bit_count() for number in equal)
            total *= functions if self.grid is None else min(functions, int(self.grid**inputs))
        return total

    def _terms(self) -> list[Degrees] | None:
        """The vectors of degrees; None if they are too many."""
        found: list[list[Degrees]] = []
        for number, node in enumerate(self.nodes):
            if node["kind"] == "leaf":
                found.append([{}])
                continue
            parts = self._parts(number, found)
            if parts is None:
                return None
            if node["kind"] == "sum":
                terms = [term for part in parts for term in part] + ([{}] if node["constant"] else [])
            else:
                terms = [{(number, True): 1} if self._has_other_part(node) else {}]
                for part in parts:
                    if len(terms) * len(part) > MOST_PAIRS:
                        return None
                    terms = _distinct([_sum(a, b) for a in terms for b in part])
            terms = _distinct(terms)
            if len(terms) > MOST_TERMS:
                return None
            found.append(terms)
        return found[-1]

    def _intervals(self) -> dict[tuple[int, bool], tuple[int, int]]:
        """The lowest and the highest degree in each block, over all vectors of degrees."""
        found: list[tuple[Degrees, Degrees]] = []
        for number, node in enumerate(self.nodes):
            parts: list[tuple[Degrees, Degrees]] = []
            for below, power, red in zip(node["below"], node["powers"], node["red"], strict=True):
                if below >= 0:
                    crosses = bool(red) != bool(self.nodes[below]["is_red"])
                    own = {(below, False): 1} if crosses else {}
                    low, high = (_sum(end, own) for end in found[below])
                    parts.append(
                        ({b: power * k for b, k in low.items()}, {b: power * k for b, k in high.items()})
                    )
            if node["kind"] == "sum":
                parts += [({}, {})] if node["constant"] else []
                blocks = {block for _, high in parts for block in high}
                low = {block: min(part[0].get(block, 0) for part in parts) for block in blocks}
                high = {block: max(part[1].get(block, 0) for part in parts) for block in blocks}
            else:
                low = high = (
                    {(number, True): 1} if node["kind"] != "leaf" and self._has_other_part(node) else {}
                )
                for least, most in parts:
                    low, high = _sum(low, least), _sum(high, most)
            found.append((low, high))
        low, high = found[-1]
        return {block: (low.get(block, 0), degree) for block, degree in high.items()}

    def _parts(self, number: int, found: list[list[Degrees]]) -> list[list[Degrees]] | None:
        """For each use the degrees it brings; None if a power has too many."""
        node = self.nodes[number]
        parts = []
        for below, power, red in zip(node["below"], node["powers"], node["red"], strict=True):
            if below < 0:
                continue
            crosses = bool(red) != bool(self.nodes[below]["is_red"])
            once = [_sum(term, {(below, False): 1}) if crosses else term for term in found[below]]
            ways = comb(power + len(once) - 1, power)
            if power > 1 and ways > MOST_WAYS:
                return None
            parts.append(once if power == 1 else [_mixture(once, w) for w in _ways(power, len(once))])
        return parts

    def _has_other_part(self, node: Mapping[str, Any]) -> bool:
        if not node["whole"]:
            return False
        mixed = any(
            b >= 0 and red != node["is_red"] for b, red in zip(node["below"], node["red"], strict=True)
        )
        return mixed or self._cut(node) > 1

    def _cut(self, node: Mapping[str, Any]) -> int:
        """The product of the extents of the wires that touch both colours."""
        colors: list[set[bool]] = [set() for _ in node["extents"]]
        for wire in node["open"]:
            colors[wire].add(bool(node["is_red"]))
        for wires, red in zip(node["axes"], node["red"], strict=True):
            for wire in wires:
                colors[wire].add(bool(red))
        return prod(extent for extent, both in zip(node["extents"], colors, strict=True) if len(both) == 2)

    def _monomials(self, block: tuple[int, bool], low: int, high: int) -> int:
        """The number of monomials of these degrees in a block."""
        number, inside = block
        node = self.nodes[number]
        extent = self._cut(node) if inside else node["components"]
        count = comb(extent + high, high) - (comb(extent + low - 1, low - 1) if low else 0)
        if self.grid is None:
            return count
        leaves = self.leaves[number]
        if inside:
            leaves = 0
            for below, red in zip(node["below"], node["red"], strict=True):
                leaves |= self.leaves[below] if below >= 0 and red != node["is_red"] else 0
        return min(count, int(self.grid ** leaves.bit_count()))


def _sum(left: Degrees, right: Degrees) -> Degrees:
    total = dict(left)
    for block, degree in right.items():
        total[block] = total.get(block, 0) + degree
    return total


def _ways(total: int, kinds: int) -> Iterator[tuple[int, ...]]:
    """The ways to write a number as a sum of so many numbers from 0."""
    if kinds == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _ways(total - first, kinds - 1):
            yield (first, *rest)


def _mixture(terms: list[Degrees], counts: tuple[int, ...]) -> Degrees:
    """The degrees of a product of terms, each taken so often."""
    total: Degrees = {}
    for term, count in zip(terms, counts, strict=True):
        for block, degree in term.items() if count else ():
            total[block] = total.get(block, 0) + count * degree
    return total


def _distinct(terms: list[Degrees]) -> list[Degrees]:
    if len(terms) == 1:
        return terms
    return list({tuple(sorted(term.items())): term for term in terms}.values())
