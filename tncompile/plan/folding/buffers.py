"""Which arrays hold the members of a network: a buffer for each block, and each member's place in it."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Sequence
from typing import Literal, cast

import numpy as np

from tncompile.network import Block, Extent, Formula, Ints, Network, RuleClass, TensorTable, expression_text
from tncompile.network.values.sets import unique, unique_rows
from tncompile.plan.folding.ranges import Ranges
from tncompile.plan.schedule import Buffer
from tncompile.source.records import record

Role = Literal["input", "weight", "constant", "value"]

_RESERVED = (
    frozenset(keyword.kwlist)
    | frozenset(keyword.softkwlist)
    | frozenset(dir(builtins))
    | {"np", "cp", "cupy"}
)


@record(eq=False)
class Home:
    """Where the members of one tensor lie: the buffer of each, and its position on each family axis.

    ``places`` is (axes, members); rows past the axes of a member's buffer are 0.
    """

    buffers: tuple[str, ...]
    which: Ints
    places: Ints


class Layout:
    """The buffers of a network, in the order of their tensors; more can be added for partial results."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.ranges = Ranges(network)
        self.buffers: dict[str, Buffer] = {}
        self.homes: dict[str, Home] = {}
        self._names = set(_RESERVED) | set(network.scope.names())
        for table in network.tables.tensors.values():
            if len(table.members):
                self.homes[table.name] = self._home(table)

    def add(
        self, name: str, table: TensorTable, members: Ints, shape: tuple[Extent, ...]
    ) -> tuple[Buffer, Ints]:
        """A buffer for some members of a tensor, and their positions on its family axes (axes, members)."""
        role = cast(Role, "value" if table.role == "definition" else table.role)
        groups = family_groups(table.members[members], apart=role == "value")
        family, places = _axes_of(table.members[members], groups)
        extents = self._family(table, members, groups)
        ordered = members.copy()
        if family:
            ordered[np.ravel_multi_index(tuple(places), family)] = members
        buffer = Buffer(self._fresh(name), table.name, role, ordered, extents, shape)
        self.buffers[buffer.name] = buffer
        return buffer, places

    def _family(
        self, table: TensorTable, members: Ints, groups: Sequence[Sequence[int]]
    ) -> tuple[Extent, ...]:
        """The extents of the axes of these groups of subscripts."""
        subscripts = table.members[members]
        found = self.ranges.family(table.name, subscripts)
        return tuple(
            found[group[0]] if len(group) == 1 else _written_out(len(unique_rows(subscripts[:, group])))
            for group in groups
        )

    def free(self, rule: RuleClass) -> tuple[str, ...]:
        """The indices of the left side of a rule, those with loops written out."""
        shape = self._shape(rule.definition.name, int(rule.target[0]))
        return tuple(expression_text(index) for index in rule.extents)[: len(shape)]

    def partial(self, tensor: str, members: Ints) -> str:
        """A buffer for parts of the values of these members; its name, under which `homes` lists it."""
        table = self.network.tables.tensors[tensor]
        parts = sum(buffer.tensor == tensor for buffer in self.buffers.values())
        buffer, places = self.add(
            f"{tensor}_part_{parts}", table, members, self._shape(tensor, int(members[0]))
        )
        self.homes[buffer.name] = Home((buffer.name,), np.zeros(len(members), np.int64), places)
        return buffer.name

    def _shape(self, tensor: str, member: int) -> tuple[Extent, ...]:
        home = self.homes[tensor]
        return self.buffers[home.buffers[home.which[member]]].shape

    def delta(self, shape: tuple[Extent, ...]) -> Buffer:
        """The buffer of a `delta` with axes of these extents."""
        for buffer in self.buffers.values():
            if buffer.tensor == "delta" and buffer.shape == shape:
                return buffer
        name = self._fresh("delta")
        self.buffers[name] = Buffer(name, "delta", "constant", np.zeros(1, np.int64), (), shape)
        return self.buffers[name]

    def _home(self, table: TensorTable) -> Home:
        names = block_names(table)
        which = np.zeros(len(table.members), np.int64)
        places: Ints = np.zeros((table.members.shape[1], len(table.members)), np.int64)
        buffers = []
        for number, (name, block) in enumerate(zip(names, table.blocks, strict=True)):
            buffer, found = self.add(name, table, block.members, block.shape)
            buffers.append(buffer.name)
            which[block.members] = number
            places[: len(found), block.members] = found
        return Home(tuple(buffers), which, places)

    def _fresh(self, base: str) -> str:
        name = base
        while name in self._names:
            name += "_"
        self._names.add(name)
        return name


def family_groups(subscripts: Ints, apart: bool) -> list[list[int]]:
    """The subscripts of members (members, k) that share a family axis, in order.

    Each that varies has an axis of its own if the members form a box; otherwise all share one, but for those that take each of
    their values with each value of the others, if such are to be kept ``apart``.
    """
    count = len(subscripts)
    sizes = [len(unique(column)) for column in subscripts.T]
    varying = [number for number, size in enumerate(sizes) if size > 1]
    if np.prod([sizes[number] for number in varying], dtype=np.float64) == count:
        return [[number] for number in varying]
    shared = list(varying)
    for number in varying if apart else ():
        others = [other for other in shared if other != number]
        if len(unique_rows(subscripts[:, others])) * sizes[number] == count:
            shared, count = others, count // sizes[number]
            subscripts = subscripts[subscripts[:, number] == subscripts[0, number]]
    return sorted([shared, *([number] for number in varying if number not in shared)])


def _axes_of(subscripts: Ints, groups: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], Ints]:
    """The family axes of groups of subscripts, and the positions of the members along them (axes, members)."""
    found = [np.unique(subscripts[:, group], axis=0, return_inverse=True) for group in groups]
    places = np.array([inverse.reshape(-1) for _, inverse in found], np.int64)
    return tuple(len(values) for values, _ in found), places.reshape(len(groups), len(subscripts))


def _written_out(count: int) -> Extent:
    return Extent(count, Formula.constant(count))


def block_names(table: TensorTable) -> list[str]:
    """A name for each block of a tensor: the biggest is called like the tensor, others after their members."""
    if len(table.blocks) == 1:
        return [table.name]
    fixed = [_fixed_subscripts(table, block) for block in table.blocks]
    biggest = max(range(len(fixed)), key=lambda number: (len(table.blocks[number].members), -number))
    plain = not fixed[biggest]
    suffixes = [
        () if plain and number == biggest else fixed[number] or table.members[block.members[0]].tolist()
        for number, block in enumerate(table.blocks)
    ]
    names = [_joined(table.name, suffix) for suffix in suffixes]
    return names if len(set(names)) == len(names) else _by_first_member(table)


def _fixed_subscripts(table: TensorTable, block: Block) -> Sequence[int]:
    members = table.members[block.members]
    return [int(column[0]) for column in members.T if (column == column[0]).all()]


def _by_first_member(table: TensorTable) -> list[str]:
    return [_joined(table.name, table.members[block.members[0]].tolist()) for block in table.blocks]


def _joined(name: str, suffix: Iterable[int]) -> str:
    return "_".join([name, *(str(part) if part >= 0 else f"m{-part}" for part in suffix)])
