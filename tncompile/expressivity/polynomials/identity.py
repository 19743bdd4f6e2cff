"""What a product is, whatever the order of its factors and the names of its wires."""

from __future__ import annotations

from collections.abc import Sequence

from tncompile.expressivity.polynomials.polynomial import Factor, Product
from tncompile.expressivity.polynomials.split import Shape, canonical

ROUNDS = 4  # how far from a wire it is looked at
Look = tuple[int, str, int, tuple[int, ...]]
Identity = tuple[Shape, tuple[int, ...], tuple[int, ...]]


def identity(product: Product) -> Identity:
    """Equal for two products only if they are the same function of the same nodes, up to a number.

    Where many factors are alike it may differ for products that are the same.
    """
    shape, order = canonical(_told_apart(product), product.open)
    places = {wire: place for place, wire in enumerate(order)}
    opened = tuple(places[wire] for wire in product.open)
    return shape, opened, tuple(product.wires[wire].extent.value for wire in order)


def _told_apart(product: Product) -> Sequence[Factor]:
    """The factors in an order that the numbers of wires do not decide: wires are told apart by what they touch, step by step."""
    wires = range(len(product.wires))
    kinds = _ranked([tuple(p for p, w in enumerate(product.open) if w == wire) for wire in wires])
    for _ in range(ROUNDS):
        touching: list[list[tuple[int, Look]]] = [[] for _ in wires]
        for factor in product.factors:
            seen = _look(factor, kinds)
            for place, wire in enumerate(factor.wires):
                touching[wire].append((place, seen))
        finer = _ranked([(kind, sorted(found)) for kind, found in zip(kinds, touching, strict=True)])
        if len(set(finer)) == len(set(kinds)):
            break
        kinds = finer
    return sorted(product.factors, key=lambda factor: _look(factor, kinds))


def _look(factor: Factor, kinds: Sequence[int]) -> Look:
    return factor.node, factor.name, factor.power, tuple(kinds[wire] for wire in factor.wires)


def _ranked(looks: Sequence[object]) -> list[int]:
    """Looks as numbers in their order."""
    texts = list(map(repr, looks))
    ranks = {text: rank for rank, text in enumerate(sorted(set(texts)))}
    return [ranks[text] for text in texts]
