"""The equation of a class: its body with choices made and every sum opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tncompile.network.rows import Ints
from tncompile.network.settle import settle
from tncompile.network.sites import Site, Slot
from tncompile.network.substitute import integer
from tncompile.network.summation import Summation
from tncompile.network.syntax import Expr, Index, Looped, Over, Reduce, Use
from tncompile.network.walk import map_children


class Equation:
    """Opens the sums of one instance. ``named`` gives the `Index` of each wire that has one in all of the equation."""

    def __init__(self, root: Site, free: Sequence[Slot], sums: Summation, outer: int) -> None:
        self.sums, self.outer = sums, outer
        self.inner = settle(root, sums, outer)
        self.named: dict[int, Index] = {}
        self.taken: set[Index] = set()
        self.said = _first_sayings(root, free, outer)
        for slot in free:
            self._name(int(slot.wires[0]))
        self.uses: list[Use] = []
        self.expr = self._emit(root)

    # --- names --------------------------------------------------------------------------------

    def _name(self, wire: int) -> Index:
        """A wire's index, with a name that no other index of the equation has."""
        index = self.said[wire]
        while index in self.taken:
            index = replace(index, name=index.name + "'")
        self.taken.add(index)
        self.named[wire] = index
        return index

    def _named_slot(self, slot: Slot, outside: bool) -> Index:
        if (outside or not slot.index.subscripts) and len(slot.wires):
            return self.named.get(int(slot.wires[0]), slot.index)
        return slot.index

    # --- the expression -----------------------------------------------------------------------

    def _emit(self, site: Site) -> Expr:
        outside = len(site.rows.names) == self.outer
        keys = self.sums.placed.get(site, site.parent[:0])
        wires = _in_reading_order(keys % self.sums.width, self.said)
        if outside:
            summed = [self._name(wire) for wire in wires]
        else:
            plain = {self.said[wire]: wire for wire in wires if not self.said[wire].subscripts}
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
                for slot in site.slots:
                    if outside or not slot.index.subscripts:
                        self._name(int(slot.wires[0]))
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


def _first_sayings(root: Site, free: Sequence[Slot], outer: int) -> dict[int, Index]:
    """For each wire the index as it is said first outside of all inner loops, or by numbers."""
    said: dict[int, Index] = {}
    slots = [(slot, True) for slot in free]
    slots += [(slot, len(site.rows.names) == outer) for site in root.walk() for slot in site.slots]
    for slot, outside in slots:
        if (outside or not slot.index.subscripts) and len(slot.wires):
            said.setdefault(int(slot.wires[0]), slot.index)
    for slot, _ in slots:
        if slot.index.subscripts:
            for wire, subscripts in zip(slot.wires.tolist(), slot.subscripts.tolist(), strict=True):
                if wire not in said:
                    said[wire] = Index(
                        slot.index.name, tuple(integer(s) for s in subscripts), span=slot.index.span
                    )
    return said


def _in_reading_order(wires: Ints, said: Mapping[int, Index]) -> list[int]:
    wanted = set(wires.tolist())
    return [wire for wire in said if wire in wanted] if wanted else []
