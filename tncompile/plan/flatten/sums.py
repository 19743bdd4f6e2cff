"""Sums said otherwise: common factors taken out, and what a recurrence need not wait for added up by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from tncompile.network import Network, Number
from tncompile.plan.flatten.terms import Leaf, Product, Sum, Term, Value, product_of, unbound, walk
from tncompile.transform.flat import Factor
from tncompile.transform.read import directly_read

Signed = tuple[Term, int]  # a term and its sign


class Recurrences:
    """Which definitions of a network are made from which, by name."""

    def __init__(self, net: Network) -> None:
        self._readers: dict[str, set[str]] = {}
        for name, read in directly_read(net.definitions).items():
            for other in read:
                self._readers.setdefault(other, set()).add(name)
        self._known: dict[str, frozenset[str]] = {}

    def made_from(self, name: str) -> frozenset[str]:
        """The definitions made from this one, itself among them if it is a recurrence."""
        if name not in self._known:
            found: set[str] = set()
            pending = [name]
            while pending:
                new = self._readers.get(pending.pop(), set()) - found
                found |= new
                pending += new
            self._known[name] = frozenset(found)
        return self._known[name]


def rearranged(terms: Sequence[Signed], late: Set[str]) -> list[Signed]:
    """The terms of a sum, in fewer operations: ``a*b + a*c`` as ``a*(b + c)`` where ``a`` has all indices of the terms.

    ``late`` names what is made from the sum itself, in another round. Factors and terms without such names are known
    before: they are kept together, apart from the others, so that no round computes with them what could be computed once.
    """
    found = list(terms)
    while (common := _common(found, late)) is not None:
        found = _taken_out(found, common, late)
    early = [one for one in found if not _is_late(one[0], late)]
    if not 1 < len(early) < len(found):
        return found
    place = found.index(early[0])
    rest = [one for one in found if one not in early]
    return [*rest[:place], (_sum(early), 1), *rest[place:]]


def _common(terms: Sequence[Signed], late: Set[str]) -> Factor | None:
    """The use to take out of some terms, if there is any: one that is known late rather than early, then one of many terms."""
    having: dict[Factor, list[Term]] = {}
    for term, _ in terms:
        for factor in dict.fromkeys(leaf.factor for leaf in _leaves(term)):
            if _may_leave(factor, term, late):
                having.setdefault(factor, []).append(term)
    fitting = [factor for factor, some in having.items() if len(some) > 1 and _spans(factor, some)]
    return max(fitting, key=lambda factor: (factor.use.name in late, len(having[factor])), default=None)


def _taken_out(terms: Sequence[Signed], common: Factor, late: Set[str]) -> list[Signed]:
    """The terms, those with a factor as its product with a sum, where the first of them stood."""
    leaving = [_leaf(term, common) if _may_leave(common, term, late) else None for term, _ in terms]
    first, place = next((leaf, place) for place, leaf in enumerate(leaving) if leaf is not None)
    pairs = list(zip(terms, leaving, strict=True))
    inside = [(_without(term, leaf), sign) for (term, sign), leaf in pairs if leaf is not None]
    staying = [one for one, leaf in pairs if leaf is None]
    return [*staying[:place], (product_of([first, _sum(inside)]), 1), *staying[place:]]


def _leaf(term: Term, factor: Factor) -> Leaf | None:
    """A factor as it stands in a term."""
    return next((leaf for leaf in _leaves(term) if leaf.factor == factor), None)


def _leaves(term: Term) -> list[Leaf]:
    """The uses of which a term is the product, maybe with other factors; none where something divides."""
    if isinstance(term, Leaf):
        return [term]
    if not isinstance(term, Product) or any(term.inverted):
        return []
    return [factor for factor in term.factors if isinstance(factor, Leaf)]


def _may_leave(factor: Factor, term: Term, late: Set[str]) -> bool:
    """Does taking a factor out of a term leave nothing to every round that could be known before with that factor?"""
    if factor.use.name in late or not _is_late(term, late):
        return True
    others = [part for part in term.parts if not (isinstance(part, Leaf) and part.factor == factor)]
    return all(_is_late(part, late) for part in others)


def _without(term: Term, leaf: Leaf) -> Term:
    """A product without one of its factors."""
    factors = [factor for factor in term.parts if factor is not leaf]
    return product_of(factors) if factors else Value(Number("1"))


def _spans(factor: Factor, terms: Iterable[Term]) -> bool:
    """Has a factor all indices of some terms, each once?"""
    wires = set(factor.use.indices)
    return len(wires) == len(factor.use.indices) and all(wires.issuperset(unbound(term)) for term in terms)


def _is_late(term: Term, late: Set[str]) -> bool:
    return any(isinstance(inner, Leaf) and inner.use.name in late for inner in walk(term))


def _sum(terms: Sequence[Signed]) -> Sum:
    return Sum(tuple(term for term, _ in terms), tuple(sign for _, sign in terms))
