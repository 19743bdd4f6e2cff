"""What counts and positions are in the sizes, as far as ranges of the text say it: for readable code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from tncompile.network import Definition, Extent, Formula, Ints, Loop, Network, Range, Rows, nodes_of
from tncompile.plan.pieces import Piece
from tncompile.source import Fault

NEAR = 2  # how far from the end of a range a value is still said relative to it

Anchor = tuple[int, Formula]


def nearest(anchors: Iterable[Anchor], value: int) -> Formula:
    """The value relative to an anchor it equals or is near to; else the number."""
    listed = list(anchors)
    for known, formula in listed:
        if known == value:
            return formula
    for known, formula in listed:
        if abs(known - value) <= NEAR and formula.number is None:
            return formula + (value - known)
    return Formula.constant(value)


class Ranges:
    """The ends of the ranges of a network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._loops: dict[int, dict[str, Loop]] = {}

    def value(self, piece: Piece, name: str, value: int, values: Mapping[str, int], last: bool = False) -> Formula:
        """What a value of a loop variable is in the sizes; ``values`` are those of the variables around it."""
        loop = self._loops_of(piece.rule.number, piece.rule.definition).get(name)
        ends = [] if loop is None else self._ends(loop, values)
        return nearest(reversed(ends) if last else ends, value)

    def count(self, piece: Piece, name: str, column: Ints, values: Mapping[str, int]) -> Extent:
        """The number of different values in a column of a variable."""
        low, high, count = int(column.min()), int(column.max()), len(np.unique(column))
        if high - low + 1 != count:
            return Extent(count, Formula.constant(count))
        top = self.value(piece, name, high, values, last=True)
        return Extent(count, top - self.value(piece, name, low, values) + 1)

    def family(self, tensor: str, subscripts: Ints) -> list[Extent]:
        """The number of different values of each subscript of some members of a tensor."""
        anchors = self._anchors(tensor, subscripts.shape[1])
        found = []
        for known, column in zip(anchors, subscripts.T, strict=True):
            low, high, count = int(column.min()), int(column.max()), len(np.unique(column))
            formula = nearest(reversed(known), high) - nearest(known, low) + 1
            found.append(Extent(count, formula if high - low + 1 == count else Formula.constant(count)))
        return found

    def _loops_of(self, number: int, definition: Definition) -> dict[str, Loop]:
        if number not in self._loops:
            loops = [node for node in nodes_of(definition) if isinstance(node, Loop)]
            self._loops[number] = {name: loop for loop in loops for name in loop.variables}
        return self._loops[number]

    def _ends(self, loop: Loop, values: Mapping[str, int]) -> list[Anchor]:
        if not isinstance(loop.domain, Range):
            return []
        scope, known = self.network.scope, dict(values)
        row = Rows(tuple(known), np.array(list(known.values()), np.int64).reshape(len(known), 1), 1)
        try:
            return [
                (int(scope.integers(end, row)[0]), scope.formula(end, known))
                for end in (loop.domain.first, loop.domain.last)
            ]
        except Fault:
            return []  # the end depends on a variable that is not given here

    def _anchors(self, tensor: str, axes: int) -> list[list[Anchor]]:
        """For each subscript the values that ranges of the text name, the lowest first."""
        found: list[list[Anchor]] = [[] for _ in range(axes)]
        declared = self.network.tensors.get(tensor)
        if declared is not None:
            for known, loop in zip(found, declared.family, strict=False):
                known += self._ends(loop, {})
        for definition in self.network.definitions:
            if definition.name == tensor:
                self._defined(definition, found)
        return [sorted(known, key=lambda anchor: anchor[0]) for known in found]

    def _defined(self, definition: Definition, found: Sequence[list[Anchor]]) -> None:
        ends = {name: self._ends(loop, {}) for loop in definition.loops for name in loop.variables}
        for known, subscript in zip(found, definition.subscripts, strict=True):
            names = {node.name for node in nodes_of(subscript) if isinstance(node, Name) and node.name in ends}
            for values in _corners(ends, sorted(names)):
                known.append((int(self.network.scope.integers(subscript, _row(values))[0]), self._formula(subscript, ends, values)))
