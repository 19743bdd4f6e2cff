"""Where a part of an equation is read: the instance, the loop values, the wires that its indices mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tncompile.draw.expansion.graph import Home
from tncompile.draw.expansion.nets import Nets
from tncompile.draw.expansion.patterns import Apply, Join, Leaf, Pattern, Product, Repeat, Summed
from tncompile.draw.expansion.survey import Survey
from tncompile.network import UNIT_ROWS, Expr, Extent, Index, Name, Number, Rows

Key = tuple[str, tuple[int, ...]]
"""An index, its subscripts evaluated."""


def index_text(key: Key, home: Home) -> str:
    """An index and where it stands: ``s[2] of h[3]``."""
    return f"{member_text(*key)} of {member_text(*home)}"


def member_text(name: str, subscripts: tuple[int, ...]) -> str:
    """``h[3]``"""
    return f"{name}[{', '.join(map(str, subscripts))}]" if subscripts else name


@dataclass
class Frame:
    """Where an expression is read."""

    home: Home
    values: dict[str, int]  # of the loops of the rule, then of those around the part
    nets: dict[Key, int]  # of the free indices
    summed: tuple[dict[Key, int], ...] = ()  # of the sums around, innermost first
    loops: int = 0  # how many of the values belong to the rule

    def net(self, key: Key) -> int:
        """The net of an index: that of the innermost sum over it, or a free one."""
        for summed in self.summed:
            if key in summed:
                return summed[key]
        return self.nets[key]

    def inner_values(self) -> tuple[int, ...]:
        """The values of the loops within the equation."""
        return tuple(self.values.values())[self.loops :]


class Reader:
    """Evaluates what stands in subscripts."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey

    def key(self, index: Index, frame: Frame) -> Key:
        """An index at the values of a frame."""
        return index.name, tuple(self._integer(expr, frame.values) for expr in index.subscripts)

    def free_keys(self, index: Index, frame: Frame) -> list[Key]:
        """What a free index stands for: itself, or one index for each step of its loops."""
        if not index.loops:
            return [self.key(index, frame)]
        rows, _ = self.survey.net.scope.expand(index.loops, _one_row(frame.values))
        return [self.key(index, replace(frame, values=dict(rows.values(row)))) for row in range(rows.count)]

    def position(self, leaf: Leaf, frame: Frame) -> int:
        """The member that a use leads to."""
        row = leaf.rows[tuple(frame.values[name] for name in leaf.table.rows.names)]
        return int(leaf.table.positions[row])

    def inside(self, indices: tuple[Index, ...], frame: Frame, nets: Nets) -> Frame:
        """The frame within a sum over some indices."""
        keys = [self.key(index, frame) for index in indices]
        summed = {key: nets.join([], None, key[1], frame.home) for key in keys}
        for key, net in summed.items():
            nets.call(net, index_text(key, frame.home))
        return replace(frame, summed=(summed, *frame.summed))

    def written_out(self, pattern: Pattern, frame: Frame) -> list[tuple[Pattern, Frame]]:
        """The parts that a loop stands for, each with its loop values; anything else as it is."""
        if not isinstance(pattern, Repeat):
            return [(pattern, frame)]
        parts: list[tuple[Pattern, Frame]] = []
        for step in pattern.steps.get(tuple(frame.values[name] for name in pattern.around), []):
            values = frame.values | dict(zip(pattern.variables, step, strict=True))
            parts.append((pattern.body, replace(frame, values=values)))
        return parts

    def carried(self, pattern: Pattern, frame: Frame) -> dict[Key, Extent | None]:
        """The indices that a part shows to what is around it, in reading order, with their extents."""
        match pattern:
            case Leaf(use):
                extents = self.survey.extents(use.name, self.position(pattern, frame))
                return dict(zip((self.key(index, frame) for index in use.indices), extents, strict=True))
            case Join(_, indices):
                return dict.fromkeys(self.key(index, frame) for index in indices)
            case Product(parts) | Apply(_, parts):
                return _merged(self.carried(part, frame) for part in parts)
            case Repeat():
                return _merged(self.carried(part, inner) for part, inner in self.written_out(pattern, frame))
            case Summed(indices, body):
                inside = {self.key(index, frame) for index in indices}
                return {key: extent for key, extent in self.carried(body, frame).items() if key not in inside}
        return {}

    def _integer(self, expr: Expr, values: Mapping[str, int]) -> int:
        if isinstance(expr, Name) and expr.name in values:
            return values[expr.name]
        if isinstance(expr, Number):
            return int(expr.value)
        return int(self.survey.net.scope.integers(expr, _one_row(values))[0])


def _merged(parts: Iterable[dict[Key, Extent | None]]) -> dict[Key, Extent | None]:
    """All keys, each with an extent if some part knows it."""
    result: dict[Key, Extent | None] = {}
    for part in parts:
        for key, extent in part.items():
            result[key] = result.get(key) or extent
    return result


def _one_row(values: Mapping[str, int]) -> Rows:
    if not values:
        return UNIT_ROWS
    return Rows(tuple(values), np.array(list(values.values()), np.int64).reshape(-1, 1), 1)
