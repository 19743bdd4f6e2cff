"""Names that clash with none of a network."""

from __future__ import annotations

from tncompile.network import (
    Cut,
    Definition,
    Index,
    Item,
    Let,
    Loop,
    Name,
    Network,
    Size,
    Tensor,
    Use,
    nodes_of,
)


class Names:
    """The names a network holds: of statements, loop variables and indices; hands out new ones."""

    def __init__(self, network: Network) -> None:
        self._taken: set[str] = set()
        self.lasting = {
            s.name for s in network.statements if isinstance(s, Size | Let | Tensor | Definition | Cut)
        }
        for statement in network.statements:
            for node in nodes_of(statement):
                if isinstance(node, Size | Let | Tensor | Definition | Cut | Name | Item | Use | Index):
                    self._taken.add(node.name)
                elif isinstance(node, Loop):
                    self._taken.update(node.variables)
        self.held = frozenset(self._taken)
        self._taken |= {"batch", "pi"}

    def fresh(self, base: str) -> str:
        """``base``, or if that is taken ``base2``, ``base3``, ...; taken from now on."""
        name = self.near(base)
        self._taken.add(name)
        self.lasting.add(name)
        return name

    def near(self, base: str) -> str:
        """What `fresh` would give, without taking it: for names that live in one rule only."""
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}{number}", number + 1
        return name


def other_index(index: Index, taken: set[Index]) -> Index:
    """An index of another name, as near as primes allow: `i'` for `i`."""
    name = index.name + "'"
    while Index(name, index.subscripts, index.loops) in taken:
        name += "'"
    return Index(name, index.subscripts, index.loops)
