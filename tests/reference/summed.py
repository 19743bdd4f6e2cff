"""The value of a written-out body: an index is summed over the smallest product that holds all its occurrences."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.reference.written import Function, Leaf, OverWires, Product, Spread, Total, Wire, occurrences

Wires = frozenset[Wire]


@dataclass
class Evaluator:
    """Sums a written-out body. ``extents`` knows every wire."""

    extents: dict[Wire, int]
    xp: Any

    def value(self, node: Any, outer: Wires) -> Leaf:
        """The node with all wires summed that do not occur outside of it."""
        match node:
            case Spread(name, wires):
                return self.product([Leaf(self.spread(name, wires), wires)], outer)
            case Leaf():
                return self.product([node], outer)
            case Product(factors):
                held = [set(occurrences(factor)) for factor in factors]
                count = Counter(wire for wires in held for wire in wires)
                joined = [outer | {w for w in wires if count[w] > 1} for wires in held]
                return self.product([self.value(f, w) for f, w in zip(factors, joined, strict=True)], outer)
            case Total(terms, signs):
                signed = [self.value(term, outer) for term in terms]
                return self.broadcast(
                    lambda *xs: sum((s * x for s, x in zip(signs, xs, strict=True)), self.xp.asarray(0.0)),
                    signed,
                )
            case Function(apply, arguments):
                return self.broadcast(apply, [self.value(argument, outer) for argument in arguments])
            case OverWires(op, body, wires):
                return self.over(op, self.value(body, outer | set(wires)), wires)
        raise TypeError(node)

    def spread(self, name: str, wires: tuple[Wire, ...]) -> Any:
        shape = tuple(self.extents[wire] for wire in wires)
        if name == "one":
            return np.ones(shape)
        return np.prod([np.indices(shape)[0] == place for place in np.indices(shape)], axis=0).astype(float)

    def product(self, parts: list[Leaf], outer: Wires) -> Leaf:
        """One product, all wires summed that do not occur outside."""
        wires = tuple(dict.fromkeys(wire for part in parts for wire in part.wires))
        kept = tuple(wire for wire in wires if wire in outer)
        if not parts:
            return Leaf(self.xp.asarray(1.0), ())
        letter = dict(zip(wires, string.ascii_letters, strict=False))
        if len(letter) < len(wires):
            raise ValueError("more indices in one product than the oracle has letters for")
        spec = ",".join("".join(letter[w] for w in part.wires) for part in parts)
        arrays = [part.array for part in parts]
        path = "greedy" if len(parts) > 2 else False
        return Leaf(
            self.xp.einsum(f"{spec}->{''.join(letter[w] for w in kept)}", *arrays, optimize=path), kept
        )

    def broadcast(self, apply: Callable[..., Any], parts: list[Leaf]) -> Leaf:
        """A function of several; what lacks a wire is constant along it."""
        wires = tuple(dict.fromkeys(wire for part in parts for wire in part.wires))
        return Leaf(apply(*(self.aligned(part, wires) for part in parts)), wires)

    def aligned(self, part: Leaf, wires: tuple[Wire, ...]) -> Any:
        order = [part.wires.index(wire) for wire in wires if wire in part.wires]
        shape = [self.extents[wire] if wire in part.wires else 1 for wire in wires]
        return self.xp.transpose(part.array, order).reshape(shape)

    def over(self, op: str, body: Leaf, wires: tuple[Wire, ...]) -> Leaf:
        axes = tuple(body.wires.index(wire) for wire in wires)
        kept = tuple(wire for wire in body.wires if wire not in wires)
        return Leaf(
            {"sum": self.xp.sum, "max": self.xp.max, "min": self.xp.min}[op](body.array, axis=axes), kept
        )


def extents_of(body: Any, known: Mapping[Wire, int]) -> dict[Wire, int]:
    """The extent of every wire of a written-out body; ``delta`` hands extents on."""
    extents = dict(known)
    deltas: list[tuple[Wire, ...]] = []
    for part in _parts(body):
        if isinstance(part, Leaf):
            for wire, extent in zip(part.wires, part.array.shape, strict=True):
                assert extents.setdefault(wire, extent) == extent, (
                    f"{wire} has extents {extents[wire]}, {extent}"
                )
        elif isinstance(part, Spread) and part.name == "delta":
            deltas.append(part.wires)
    for _ in deltas:
        for wires in deltas:
            extents.update({wire: extents[known] for known in wires if known in extents for wire in wires})
    return extents


def _parts(node: Any) -> Iterator[Any]:
    yield node
    match node:
        case Product(parts) | Total(parts, _) | Function(_, parts):
            for part in parts:
                yield from _parts(part)
        case OverWires(_, body, _):
            yield from _parts(body)
