"""What a name holds: one value, a list, a family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tncompile.network.values.arithmetic import Column, Ints
from tncompile.network.values.lookup import find_members


@dataclass(frozen=True, eq=False)
class Lists:
    """A list for each row: ``pool[which[row]]``."""

    pool: Sequence[Sequence[object]]
    which: Ints


@dataclass(frozen=True, eq=False)
class FamilyValue:
    """A size, number or let with subscripts: a value for each member."""

    members: Ints
    values: Column

    def find(self, subscripts: Ints) -> Ints:
        """Positions of members; -1 where there is none."""
        return find_members(self.members, subscripts)


@dataclass(frozen=True, eq=False)
class GrowingFamily(FamilyValue):
    """A family that is still being filled: ``known`` are the positions of the members that have a value."""

    known: dict[tuple[int, ...], int]

    def find(self, subscripts: Ints) -> Ints:
        """Positions of members that have a value; -1 for others."""
        return np.array([self.known.get(tuple(row), -1) for row in subscripts.tolist()], np.int64)


Value = int | float | complex | FamilyValue | Lists


class Names(Protocol):
    """Where the values of names come from."""

    def lookup(self, name: str) -> Value | None:
        """The value of a size, number or let."""
        ...

    def names(self) -> Sequence[str]:
        """All names that have a value, for suggestions."""
        ...

    def loop_help(self, name: str) -> str:
        """How to give a loop variable of this name a value, if the text knows such a loop."""
        ...
