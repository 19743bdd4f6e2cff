"""The equation of a class: its body with choices made and every sum opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tncompile.network.syntax import Expr, Index, Looped, Over, Reduce, Use
from tncompile.network.syntax.substitute import integer
from tncompile.network.syntax.walk import map_children
from tncompile.network.written.settle import settle
from tncompile.network.written.sites import Site, Slot
from tncompile.network.written.summation import Summation


class Equation:
    """Opens the sums of one instance. ``named`` gives the `Index` of each wire that has one in all of the equation."""

    def __init__(self, root: Site, free: Sequence[Slot], sums: Summation, outer: int) -> None:
        self.sums, self.outer = sums, outer
        self.inner = settle(root, sums, outer)
        self.named: dict[int, Index] = {}
        self.taken: dict[Index, int] = {}  # a wire that is summed in several terms has a name in each
        self.primes: dict[Index, int] = {}
        self.places = _first_places(root, free, outer)
        self.reading_order = {wire: number for number, wire in enumerate(self.places)}
        for slot in free:
            self._name(int(slot.wires[0]))
        self.uses: list[Use] = []
        self.expr = self._emit(root)

    # --- names --------------------------------------------------------------------------------

    def _name(self, wire: int) -> Index:
        """A wire's index, with a name that no other index of the equation has."""
        return self._names([wire])[0]

    def _names(self, wires: Sequence[int]) -> list[Index]:
        """The indices of the wires of one sum. Those with subscripts keep one name, as loops further in may say them with
        variables."""
        families: dict[object, list[int]] = {}
        for wire in wires:
            said = self._said(wire)
            families.setdefault(said.name if said.subscripts else said, []).append(wire)
        for family in families.values():
            said_by = [self._said(wire) for wire in family]
            count = max(self.primes.get(said, 0) for said in said_by)
            while any(_primed(said, count) in self.taken for said in said_by):
                count += 1
            for wire, said in zip(family, said_by, strict=True):
                self.primes[said] = count
                self.named[wire] = _primed(said, count)
                self.taken[self.named[wire]] = wire
        return [self.named[wire] for wire in wires]

    def _said(self, wire: int) -> Index:
        """A wire's index as the body says it first outside of all inner loops, or by numbers."""
        slot, row = self.places[wire]
        if row < 0:
            return slot.index
        subscripts = tuple(integer(subscript) for subscript in slot.subscripts[row].tolist())
        return Index(slot.index.name, subscripts, span=slot.index.span)

    def _named_slot(self, slot: Slot, outside: bool) -> Index:
        if (outside or not slot.index.subscripts) and len(slot.wires):
            return self.named.get(int(slot.wires[0]), slot.index)
        names = {self.named[wire].name for wire in slot.wires.tolist() if wire in self.named}
        return replace(slot.index, name=names.pop()) if len(names) == 1 else slot.index

    # --- the expression -----------------------------------------------------------------------

    def _emit(self, site: Site) -> Expr:
        outside = len(site.rows.names) == self.outer
        keys = self.sums.placed.get(site, site.parent[:0])
        wires = sorted(set((keys % self.sums.width).tolist()), key=self.reading_order.__getitem__)
        if outside:
            summed = self._names(wires)
        else:
            plain = {index: wire for wire in wires if not (index := self._said(wire)).subscripts}
            summed = [self._name(plain[i]) if i in plain else i for i in self.inner.get(site, [])]
        expr = self._emit_node(site, outside)
        return Over("sum", expr, tuple(summed), span=site.node.span) if summed else expr

    def _emit_node(self, site: Site, outside: bool) -> Expr:
        match site.kind:
            case "value":
                return site.node
            case "finished":
                return self._emit(site.children[0])
            case "use":
                return self._emit_use(site, outside)
            case "over":
                said = [slot for slot in site.slots if outside or not slot.index.subscripts]
                self._names([int(slot.wires[0]) for slot in said if len(slot.wires)])
                indices = tuple(self._named_slot(slot, outside) for slot in site.slots)
                return replace(site.node, body=self._emit(site.children[0]), indices=indices)  # type: ignore[call-arg]
        if isinstance(site.node, Reduce):
            parts = zip(site.children, site.loops, strict=True)
            return replace(site.node, arguments=tuple(Looped(self._emit(c), loops) for c, loops in parts))
        children = iter([self._emit(child) for child in site.children])
        return map_children(site.node, lambda node: next(children) if isinstance(node, Expr) else node)

    def _emit_use(self, site: Site, outside: bool) -> Use:
        assert isinstance(site.node, Use)
        use = replace(site.node, indices=tuple(self._named_slot(slot, outside) for slot in site.slots))
        if site.positions is not None:
            self.uses.append(use)
        return use


def _primed(index: Index, count: int) -> Index:
    return replace(index, name=index.name + "'" * count) if count else index


def _first_places(root: Site, free: Sequence[Slot], outer: int) -> dict[int, tuple[Slot, int]]:
    """For each wire, in reading order, the slot that says it first: as it stands (row -1), or a row of it by numbers."""
    places: dict[int, tuple[Slot, int]] = {}
    slots = [(slot, True) for slot in free]
    slots += [(slot, len(site.rows.names) == outer) for site in root.walk() for slot in site.slots]
    for slot, outside in slots:
        if (outside or not slot.index.subscripts) and len(slot.wires):
            places.setdefault(int(slot.wires[0]), (slot, -1))
    for slot, _ in slots:
        if slot.index.subscripts:
            for row, wire in enumerate(slot.wires.tolist()):
                places.setdefault(wire, (slot, row))
    return places
