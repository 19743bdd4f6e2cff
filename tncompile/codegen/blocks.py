"""Where the members of inputs, weights and outputs stand outside of a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from tncompile.network import (
    Block,
    Definition,
    Expr,
    Extent,
    Formula,
    Ints,
    Loop,
    Name,
    Network,
    Range,
    Tensor,
    TensorTable,
    nodes_of,
)
from tncompile.network.values.sets import unique
from tncompile.plan.schedule import Buffer, Schedule
from tncompile.source.records import record


@record(eq=False)
class WeightBlock:
    """A stretch of the flat vector: the members of one block of one weight, one after the other."""

    table: TensorTable
    block: Block


def weight_blocks(network: Network) -> tuple[WeightBlock, ...]:
    """The blocks of all weights: weights in file order, their blocks in the order of first members."""
    tables = network.tables.tensors
    return tuple(
        WeightBlock(tables[name], block)
        for name, tensor in network.tensors.items()
        if tensor.role == "weight"
        for block in tables[name].blocks
    )


def blocks_by_name(blocks: Sequence[WeightBlock]) -> Mapping[str, tuple[int, ...]]:
    """The numbers of the blocks of each weight."""
    found: dict[str, list[int]] = {}
    for number, block in enumerate(blocks):
        found.setdefault(block.table.name, []).append(number)
    return {name: tuple(numbers) for name, numbers in found.items()}


@lru_cache(maxsize=8)
def weight_buffers(schedule: Schedule) -> Mapping[str, tuple[Buffer, ...]]:
    """The buffers of a schedule that hold members of each weight."""
    found: dict[str, list[Buffer]] = {}
    for buffer in schedule.buffers.values():
        if buffer.role == "weight":
            found.setdefault(buffer.tensor, []).append(buffer)
    return {name: tuple(buffers) for name, buffers in found.items()}


def block_title(
    table: TensorTable, block: Block, family: Sequence[Extent] = (), single: Formula | None = None
) -> str:
    """``G[2..d-1]``; members that form no box are named by the first and the last.

    ``family`` tells how many members there are along each subscript that varies, ``single`` what the
    subscript of the only member is.
    """
    members = table.members[block.members]
    if single is not None:
        return f"{table.name}[{str(single).replace(' ', '')}]"
    if not members.shape[1]:
        return table.name
    columns = [unique(column) for column in members.T]
    steady = all(len(c) == 1 or (np.diff(c) == 1).all() for c in columns)
    if steady and np.prod([len(c) for c in columns], dtype=np.float64) == len(members):
        counts = iter(family if len(family) == sum(len(c) > 1 for c in columns) else ())
        parts = [_range(c, next(counts, None) if len(c) > 1 else None) for c in columns]
        return f"{table.name}[{', '.join(parts)}]"
    between = ["..."] if len(members) > 2 else []
    return f"{table.name}[{', '.join([_member(members[0]), *between, _member(members[-1])])}]"


@lru_cache(maxsize=8)
def single_members(schedule: Schedule) -> Mapping[str, Formula]:
    """The subscript in the sizes of each buffer that holds one member of a tensor with one subscript.

    It is known where the buffers of the tensor follow each other: after G[2..d-1] comes G[d].
    """
    found: dict[str, Formula] = {}
    tables = schedule.network.tables.tensors
    by_tensor: dict[str, list[Buffer]] = {}
    for buffer in schedule.buffers.values():
        if buffer.tensor in tables and tables[buffer.tensor].members.shape[1] == 1 and len(buffer.members):
            by_tensor.setdefault(buffer.tensor, []).append(buffer)
    for tensor, buffers in by_tensor.items():
        expected: tuple[int, Formula] | None = None
        for buffer in sorted(buffers, key=lambda b: int(b.members[0])):
            values = tables[tensor].members[buffer.members, 0]
            first = Formula.constant(int(values[0]))
            if expected is not None and expected[0] == values[0]:
                first = expected[1]
            if len(values) == 1:
                found[buffer.name] = first
            count = buffer.family[0].formula if buffer.family else Formula.constant(1)
            expected = (int(values[-1]) + 1, first + count)
    return _by_value(schedule, found)


def _by_value(schedule: Schedule, found: Mapping[str, Formula]) -> Mapping[str, Formula]:
    """Where one tensor tells what a subscript is in the sizes, the same subscript of others is taken to be that."""
    tables = schedule.network.tables.tensors
    values = {name: _only_subscript(tables, schedule.buffers[name]) for name in found}
    known: dict[int, set[Formula]] = {}
    for name, formula in found.items():
        if formula.number is None:
            known.setdefault(values[name], set()).add(formula)
    return {
        name: min(known[values[name]], key=str) if len(known.get(values[name], ())) == 1 else formula
        for name, formula in found.items()
    }


def _only_subscript(tables: Mapping[str, TensorTable], buffer: Buffer) -> int:
    return int(tables[buffer.tensor].members[buffer.members[0], 0])


def member_title(name: str, subscripts: Sequence[int]) -> str:
    """``G[3]``, ``node[1, 2]``, ``top``."""
    return f"{name}[{', '.join(map(str, subscripts))}]" if len(subscripts) else name


def _range(values: Ints, count: Extent | None) -> str:
    if len(values) == 1:
        return str(values[0])
    last = str(values[-1]) if count is None else str(count.formula + int(values[0]) - 1).replace(" ", "")
    return f"{values[0]}..{last}"


def _member(row: Ints) -> str:
    return str(row[0]) if len(row) == 1 else "(" + ", ".join(map(str, row)) + ")"


def is_array(network: Network, name: str) -> bool:
    """Are all members of a tensor or output one array outside of the program (otherwise a list)?

    The text decides: the family must be a box whatever the sizes are, and all shapes alike.
    """
    table = network.tables.tensors[name]
    if len(table.blocks) != 1:
        return False
    tensor = network.tensors.get(name)
    if tensor is not None:
        return _is_box(tensor)
    rules = [definition for definition in network.definitions if definition.name == name]
    return _is_grid(table) and all(_plain(rule) for rule in rules)


def _is_box(tensor: Tensor) -> bool:
    return _independent(tensor.family)


def _plain(rule: Definition) -> bool:
    return _independent(rule.loops)


def _independent(loops: Sequence[Loop]) -> bool:
    """Are the ranges of the loops independent of each other, without conditions?"""
    seen: set[str] = set()
    for loop in loops:
        parts: list[Expr] = (
            [loop.domain.first, loop.domain.last] if isinstance(loop.domain, Range) else [loop.domain]
        )
        names = {node.name for part in parts for node in nodes_of(part) if isinstance(node, Name)}
        if loop.condition is not None or names & seen:
            return False
        seen.update(loop.variables)
    return True


def _is_grid(table: TensorTable) -> bool:
    columns = [unique(column) for column in table.members.T]
    return bool(np.prod([len(c) for c in columns], dtype=np.float64) == len(table.members))
