"""Names for what `order` adds to a network: readable, and never one that is taken."""

from __future__ import annotations

from collections.abc import Iterable

from tncompile.transform.names import Names

LONGEST = 20


class AddedNames(Names):
    """The names of a network and those given since."""

    def numbered(self, base: str) -> str:
        """``base_1``, ``base_2``, ...: the first that is free."""
        number = 1
        while self.near(f"{base}_{number}") != f"{base}_{number}":
            number += 1
        return self.fresh(f"{base}_{number}")

    def joined(self, parts: Iterable[str], owner: str) -> str:
        """The names of what is multiplied, joined; ``owner_1`` where that is too long or says a name twice."""
        names = tuple(parts)
        wish = "_".join(names)
        plain = names and len(set(names)) == len(names) and len(wish) <= LONGEST
        return self.fresh(wish) if plain else self.numbered(owner)
