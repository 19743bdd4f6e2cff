"""The members of a network as a cut sees them: which side each depends on, and which rule defines it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from tncompile.expressivity.polynomials.polynomial import COLUMNS, ROWS
from tncompile.expressivity.polynomials.reading import Key, Reader, Reading, Tree, Zero
from tncompile.expressivity.result import CutSides, Member, Side, member_text
from tncompile.network import Extent, Network, RuleClass
from tncompile.source import TnError
from tncompile.transform.dependence import Members

OTHER = 4  # depends on an input that is on no side


class MemberTable:
    """Looks members up by name and position. Raises TnError for members that are not there."""

    def __init__(self, net: Network, cut: CutSides) -> None:
        self.net, self.cut = net, cut
        self.tables = net.tables.tensors
        self.reader = Reader(net)
        self.readings: dict[int, tuple[Reading, list[list[Key]]]] = {}
        self.leaves = self._leaves()
        self.sides = self._sides()

    def position(self, member: Member) -> int:
        """The position of a member in its table."""
        return self.positions([member])[0]

    def positions(self, members: Sequence[Member]) -> list[int]:
        """The positions of members in their tables."""
        found = [-1] * len(members)
        for name in dict.fromkeys(name for name, _ in members):
            table = self.tables.get(name)
            width = -1 if table is None else table.members.shape[1]
            places = [i for i, member in enumerate(members) if member[0] == name and len(member[1]) == width]
            if table is not None and places:
                subscripts = np.array([members[i][1] for i in places], np.int64).reshape(len(places), width)
                for place, position in zip(places, table.find(subscripts).tolist(), strict=True):
                    found[place] = position
        if -1 in found:
            raise TnError(f"there is no `{member_text(members[found.index(-1)])}`", self.net.source)
        return found

    def text(self, name: str, position: int) -> str:
        """``h[3]``"""
        return member_text((name, tuple(self.tables[name].members[position].tolist())))

    def shape(self, name: str, position: int) -> tuple[Extent, ...]:
        """The extents of the axes of a member."""
        table = self.tables[name]
        return table.blocks[int(table.block_of[position])].shape

    def side(self, name: str, position: int) -> int:
        """The sides that a member depends on, as bits."""
        return self.sides[self.members.starts[name] + position]

    def inputs(self, name: str, position: int) -> int:
        """The inputs of the rows and columns that a member is made from, as bits by their order in the cut."""
        return self._inputs[self.members.starts[name] + position]

    def instance(self, name: str, position: int) -> tuple[Tree, list[Key], RuleClass]:
        """The tree of a member of a definition, the wires of its left side, and the class it belongs to."""
        number, row = self._rules[name, position]
        rule = self.net.tables.classes[number]
        if number not in self.readings:
            self.readings[number] = self.reader.reading(rule.equation, rule.rows), self.reader.free(rule)
        reading, free = self.readings[number]
        return reading(row), free[row], rule

    def is_zero(self, name: str, position: int) -> bool:
        """Whether a member that depends on no input is a definition that says 0."""
        return (name, position) in self._rules and isinstance(self.instance(name, position)[0], Zero)

    @cached_property
    def members(self) -> Members:
        """All members, numbered through."""
        return Members(self.net)

    @cached_property
    def _rules(self) -> dict[tuple[str, int], tuple[int, int]]:
        """For each member of a definition the class and the row that define it."""
        return {
            (rule.definition.name, target): (number, row)
            for number, rule in enumerate(self.net.tables.classes)
            for row, target in enumerate(rule.target.tolist())
        }

    def _leaves(self) -> dict[tuple[str, int], int]:
        """The members that the cut names, with their side; 0 for those held fixed."""
        found: dict[tuple[str, int], int] = {}
        sides: tuple[tuple[Side, int], ...] = (
            (self.cut.rows, ROWS),
            (self.cut.columns, COLUMNS),
            (self.cut.fixed, 0),
        )
        for side, bit in sides:
            for member, position in zip(side.members, self.positions(side.members), strict=True):
                if (member[0], position) in found:
                    raise TnError(f"the cut names `{member_text(member)}` twice", self.net.source)
                found[member[0], position] = bit
        return found

    @cached_property
    def _inputs(self) -> list[int]:
        members = self.members
        found = [0] * members.count
        for number, (name, position) in enumerate(key for key, side in self.leaves.items() if side):
            found[members.starts[name] + position] = 1 << number
        own = {members.starts[name] + position for name, position in self.leaves}
        for node, above in members.in_order():
            for target in above:
                if target not in own:
                    found[target] |= found[node]
        return found

    def _sides(self) -> list[int]:
        members = self.members
        own = {members.starts[name] + position: bit for (name, position), bit in self.leaves.items()}
        found = [0] * members.count
        for name, table in self.tables.items():
            if table.role == "input":
                for position in range(len(table.members)):
                    found[members.starts[name] + position] = OTHER
        for node, above in members.in_order():
            found[node] = own.get(node, found[node])
            for target in above:
                found[target] |= found[node]
        return found
