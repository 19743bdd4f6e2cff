"""The wires of a product under way: which have one name, which are one, which come from around."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tncompile.expressivity.polynomials.polynomial import Factor, Product, Wire
from tncompile.expressivity.polynomials.reading import (
    Applied,
    Conjugate,
    Key,
    Plus,
    Power,
    Summed,
    Tie,
    Times,
    Tree,
    UseAt,
)
from tncompile.network import Extent, Formula, Index, RuleClass

ONE = Extent(1, Formula.constant(1))
Shape = Callable[[str, int], tuple[Extent, ...]]  # the extents of a member, by name and position


class Scope:
    """Wires by their keys, in a part of an equation; a sum makes a scope inside.

    ``around`` is where the product stands that this is the scope of: its wires have numbers of their own.
    """

    def __init__(self, outer: Scope | None = None, around: Scope | None = None) -> None:
        self.outer, self.around = outer, around
        self.known: dict[Key, int] = {}

    def find(self, key: Key) -> int | None:
        """The number of a wire; None if no scope knows it."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.known:
                return scope.known[key]
            scope = scope.outer
        return None

    def knows(self, key: Key) -> bool:
        """Whether a wire is known here or anywhere around, however deep the part is."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.known:
                return True
            scope = scope.outer or scope.around
        return False


class Wiring:
    """The wires of one product. Those that only the scope ``around`` knows are opened: they are its axes."""

    def __init__(self, name: str, rule: RuleClass, around: Scope | None = None) -> None:
        self.name, self.rule, self.around = name, rule, around
        self.top = Scope(around=around)
        self.opened: list[int] = []
        self.outer: list[Key] = []  # the keys of `opened` in the scope around
        self.names: list[str] = []
        self.extents: list[Extent | None] = []
        self.same: list[int] = []

    def new_wire(self, key: Key, extent: Extent | None = None) -> int:
        """A new wire."""
        name, subscripts = key
        text = f"{name}[{', '.join(map(str, subscripts))}]" if subscripts else name
        if extent is None and not subscripts:
            extent = self.rule.extents.get(Index(name))
        self.names.append(f"{text} of {self.name}")
        self.extents.append(extent)
        self.same.append(len(self.same))
        return len(self.same) - 1

    def add_free(self, keys: Sequence[Key], extents: Sequence[Extent]) -> None:
        """The wires of the left side."""
        for key, extent in zip(keys, extents, strict=True):
            self.top.known[key] = self.new_wire(key, extent)
            self.opened.append(self.top.known[key])

    def inside(self, scope: Scope, keys: Sequence[Key]) -> Scope:
        """A scope with new wires, as a sum over them makes it."""
        inner = Scope(scope)
        inner.known = {key: self.new_wire(key) for key in keys}
        return inner

    def wire(self, key: Key, scope: Scope, extent: Extent | None = None) -> int:
        """The wire of a key; one that comes from around is opened."""
        found = scope.find(key)
        if found is None:
            found = self.top.known[key] = self.new_wire(key)
            if self.around is not None and self.around.knows(key):
                self.opened.append(found)
                self.outer.append(key)
        if self.extents[found] is None:
            self.extents[found] = extent
        return found

    def extent(self, wire: int) -> Extent:
        """The extent of a wire; what nothing tells is 1."""
        return self.extents[wire] or ONE

    def tie(self, wires: Sequence[int]) -> None:
        """Makes some wires one."""
        for wire in wires[1:]:
            first, second = sorted((self.root(wires[0]), self.root(wire)))
            self.same[second] = first

    def root(self, wire: int) -> int:
        """The wire that stands for all that are one with this one."""
        while self.same[wire] != wire:
            wire = self.same[wire]
        return wire

    def product(self, factors: Sequence[Factor]) -> Product:
        """The product of some factors as a node, wires that are one joined and numbered anew."""
        roots = list(dict.fromkeys(map(self.root, (*self.opened, *range(len(self.same))))))
        number = {root: place for place, root in enumerate(roots)}
        known: dict[int, Extent] = {}
        for wire, extent in enumerate(self.extents):
            if extent is not None:
                known.setdefault(self.root(wire), extent)
        wires = tuple(Wire(self.names[root], known.get(root, ONE)) for root in roots)
        placed = [f.rewired([number[self.root(wire)] for wire in f.wires]) for f in factors]
        return Product(self.name, merged(placed), tuple(number[self.root(w)] for w in self.opened), wires)

    def touch(self, tree: Tree, scope: Scope, shape: Shape) -> None:
        """Notes the wires of a tree."""
        match tree:
            case UseAt(name=name, position=position, wires=keys):
                for key, extent in zip(keys, shape(name, position), strict=True):
                    self.wire(key, scope, extent)
            case Tie(wires=keys):
                for key in keys:
                    self.wire(key, scope)
            case Times(factors=parts) | Plus(terms=parts):
                for part in parts:
                    self.touch(part, scope, shape)
            case Summed(body=body, wires=keys):
                self.touch(body, self.inside(scope, keys), shape)
            case Applied(arguments=parts, bound=keys):
                inner = self.inside(scope, keys)
                for part in parts:
                    self.touch(part, inner, shape)
            case Power(base=body) | Conjugate(body=body):
                self.touch(body, scope, shape)


def merged(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """Equal uses of a node on equal wires become a power."""
    found: dict[tuple[object, ...], Factor] = {}
    for place, factor in enumerate(factors):
        key = (place,) if factor.is_coefficient else (factor.node, factor.wires)
        power = found[key].power if key in found else 0
        found[key] = factor.raised(power + factor.power)
    return tuple(found.values())
