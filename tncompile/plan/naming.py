"""Names for what `order` adds to a network: readable, and never one that is taken."""

from __future__ import annotations

from collections.abc import Iterable

from tncompile.network import FreeIndex, Index, Loop, Network, Node, Use, nodes_of
from tncompile.network.syntax.words import RESERVED

LONGEST = 20


class Names:
    """The names of a network and those given since."""

    def __init__(self, net: Network) -> None:
        self.taken = set(RESERVED)
        for statement in net.statements:
            for node in nodes_of(statement):
                self.taken.update(_names(node))

    def fresh(self, wish: str) -> str:
        """``wish`` if it is free, otherwise with the first free number behind it."""
        name, number = wish, 1
        while name in self.taken:
            name, number = f"{wish}_{number}", number + 1
        self.taken.add(name)
        return name

    def numbered(self, wish: str) -> str:
        """``wish_1``, ``wish_2``, ...: the first that is free."""
        number = 1
        while f"{wish}_{number}" in self.taken:
            number += 1
        self.taken.add(f"{wish}_{number}")
        return f"{wish}_{number}"

    def joined(self, parts: Iterable[str], owner: str) -> str:
        """The names of what is multiplied, joined; ``owner_1`` where that is too long or says a name twice."""
        names = tuple(parts)
        wish = "_".join(names)
        plain = names and len(set(names)) == len(names) and len(wish) <= LONGEST
        return self.fresh(wish) if plain else self.numbered(owner)


def _names(node: Node) -> Iterable[str]:
    if isinstance(node, Loop):
        return node.variables
    if isinstance(node, Use | Index):
        return (node.name,)
    if isinstance(node, FreeIndex):
        return (node.index.name,)
    name = getattr(node, "name", None) or getattr(node, "variable", None)
    return (name,) if isinstance(name, str) else ()
