"""What counts and positions are in the sizes, as far as ranges of the text say it: for readable code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tncompile.network import (
    Add,
    Definition,
    Expr,
    Extent,
    Formula,
    Ints,
    Loop,
    Name,
    Network,
    Range,
    Rows,
    RuleClass,
    nodes_of,
)
from tncompile.network.values.sets import unique
from tncompile.source import Fault

NEAR = 2  # how far from the end of a range a value is still said relative to it

Anchor = tuple[int, Formula]


def nearest(anchors: Iterable[Anchor], value: int) -> Formula:
    """The value relative to an anchor that it equals, else to the first that is near; else the number."""
    listed = list(anchors)
    for known, formula in listed:
        if known == value:
            return formula
    for known, formula in listed:
        if abs(known - value) <= NEAR:
            return formula + (value - known)
    return Formula.constant(value)


class Ranges:
    """The ends of the ranges of a network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._loops: dict[int, dict[str, Loop]] = {}
        self._definitions: dict[str, list[Definition]] = {}
        for definition in network.definitions:
            self._definitions.setdefault(definition.name, []).append(definition)

    def value(
        self, rule: RuleClass, name: str, value: int, values: Mapping[str, int], last: bool = False
    ) -> Formula:
        """What a value of a loop variable is in the sizes; ``values`` are those of the variables around it."""
        loop = self._loops_of(rule).get(name)
        ends = [] if loop is None else self._ends(loop, values)
        return nearest(reversed(ends) if last else ends, value)

    def count(self, rule: RuleClass, name: str, column: Ints, values: Mapping[str, int]) -> Extent:
        """The number of different values in a column of a variable."""
        low, high, count = int(column.min()), int(column.max()), len(unique(column))
        if high - low + 1 != count:
            return Extent(count, Formula.constant(count))
        top = self.value(rule, name, high, values, last=True)
        return Extent(count, top - self.value(rule, name, low, values) + 1)

    def family(self, tensor: str, subscripts: Ints) -> list[Extent]:
        """The number of different values of each subscript of some members of a tensor."""
        anchors = self._anchors(tensor, subscripts.shape[1])
        found = []
        for known, column in zip(anchors, subscripts.T, strict=True):
            low, high, count = int(column.min()), int(column.max()), len(unique(column))
            formula = nearest(reversed(known), high) - nearest(known, low) + 1
            found.append(Extent(count, formula if high - low + 1 == count else Formula.constant(count)))
        return found

    def _loops_of(self, rule: RuleClass) -> dict[str, Loop]:
        if rule.number not in self._loops:
            loops = [node for node in nodes_of(rule.definition) if isinstance(node, Loop)]
            self._loops[rule.number] = {name: loop for loop in loops for name in loop.variables}
        return self._loops[rule.number]

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
        for definition in self._definitions.get(tensor, ()):
            self._defined(definition, found)
        return [sorted(known, key=lambda anchor: anchor[0]) for known in found]

    def _defined(self, definition: Definition, found: Sequence[list[Anchor]]) -> None:
        ends = {name: self._ends(loop, {}) for loop in definition.loops for name in loop.variables}
        for known, subscript in zip(found, definition.subscripts, strict=True):
            for place in (0, 1):
                formula = self._at_end(subscript, ends, place)
                if formula is not None:
                    known.append(formula)

    def _at_end(self, subscript: Expr, ends: Mapping[str, Sequence[Anchor]], place: int) -> Anchor | None:
        """A subscript where each loop variable is at the first (or last) end of its range; None if that is unknown."""
        match subscript:
            case Name(name=name) if name in ends:
                return ends[name][place] if ends[name] else None
            case Add(terms=terms, signs=signs):
                parts = [self._at_end(term, ends, place) for term in terms]
                known = [(part, sign) for part, sign in zip(parts, signs, strict=True) if part is not None]
                if len(known) < len(parts):
                    return None
                total = Formula.constant(0)
                for (_, formula), sign in known:
                    total = total + formula * sign
                return sum(value * sign for (value, _), sign in known), total
        if any(isinstance(node, Name) and node.name in ends for node in nodes_of(subscript)):
            return None
        return int(self.network.scope.integers(subscript)[0]), self.network.scope.formula(subscript)
