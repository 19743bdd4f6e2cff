"""What a name holds: one value, a list, a family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tncompile.network.values.arithmetic import Column, Ints
from tncompile.network.values.lookup import find_members
from tncompile.source.records import record


@record(eq=False)
class Lists:
    """A list for each row: ``pool[which[row]]``."""

    pool: Sequence[Sequence[object]]
    which: Ints


@record(eq=False)
class FamilyValue:
    """A size, number or let with subscripts: a value for each member."""

    members: Ints
    values: Column

    def find(self, subscripts: Ints) -> Ints:
        """Positions of members; -1 where there is none."""
        return find_members(self.members, subscripts)


@record(eq=False)
class GrowingFamily(FamilyValue):
    """A family that is still being filled: ``places`` are the positions of its members, ``known`` (bool, one entry a
    member) says which have a value."""

    places: Mapping[tuple[int, ...], int]
    known: npt.NDArray[np.bool_]

    @classmethod
    def empty(cls, members: Ints, values: Column) -> GrowingFamily:
        """A family of which no member has a value; ``values`` is filled from outside."""
        places = {tuple(member): place for place, member in enumerate(members.tolist())}
        return cls(members, values, places, np.zeros(len(members), np.bool_))

    def find(self, subscripts: Ints) -> Ints:
        """Positions of members; -1 where there is none. Raises NotYetKnown for the first that has no value."""
        found = np.array([self.places.get(tuple(row), -1) for row in subscripts.tolist()], np.int64)
        unknown = (found >= 0) & ~self.known[found]
        if unknown.any():
            raise NotYetKnown(self, int(found[np.argmax(unknown)]))
        return found


class NotYetKnown(Exception):
    """A member of a growing family was asked for before it had a value; ``place`` is its position."""

    def __init__(self, family: GrowingFamily, place: int) -> None:
        self.family, self.place = family, place
        super().__init__(place)


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
