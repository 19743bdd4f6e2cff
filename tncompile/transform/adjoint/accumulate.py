"""Adjoints from their contributions: rules split by which contributions reach which members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tncompile.network import Definition, FreeIndex, Index, Ints, Number, Use, nodes_of
from tncompile.network.values.sets import unique
from tncompile.source.records import record
from tncompile.transform.adjoint.contribution import Contribution
from tncompile.transform.adjoint.instances import Mask
from tncompile.transform.adjoint.scatter import scattered
from tncompile.transform.build import combination, rule, use
from tncompile.transform.context import Context
from tncompile.transform.extents import formula_expr
from tncompile.transform.flat import Factor, Term
from tncompile.transform.members import member_loops


@record(eq=False)
class Adjoint:
    """The adjoint of one tensor: its name, what adds to it, and the members that must have one.

    ``cotangent`` names an input that adds to every member, where the tensor is an output.
    """

    tensor: str
    name: str
    contributions: Sequence[Contribution]
    members: Mask
    output: bool = False
    cotangent: str = ""


def adjoint_rules(context: Context, adjoint: Adjoint) -> list[Definition]:
    """The rules that define an adjoint: contributions, then their sums, then zeros for members not reached."""
    if adjoint.cotangent == adjoint.name:
        return []
    touched = [unique(c.positions) for c in adjoint.contributions]
    counts = np.bincount(np.concatenate([np.zeros(0, np.int64), *touched]), minlength=len(adjoint.members))
    counts += bool(adjoint.cotangent)
    rules: list[Definition] = []
    parts: list[tuple[str, Ints]] = []
    if adjoint.cotangent:
        parts.append((adjoint.cotangent, np.flatnonzero(adjoint.members)))
    for contribution, positions in zip(adjoint.contributions, touched, strict=True):
        direct = bool((counts[positions] == 1).all())
        name = adjoint.name if direct else context.names.fresh(f"{adjoint.name}_{len(parts) + 1}")
        rules += scattered(context, name, contribution, adjoint.output and direct)
        if not direct:
            parts.append((name, positions))
    for names, members in _signatures(parts):
        rules += _sums(context, adjoint, names, members)
    missing = np.flatnonzero(adjoint.members & (counts == 0))
    return rules + (_zeros(context, adjoint, missing) if len(missing) else [])


def _signatures(parts: Sequence[tuple[str, Ints]]) -> list[tuple[tuple[str, ...], Ints]]:
    """The members that the same parts reach, taken together, in the order of their first member."""
    if not parts:
        return []
    members = np.concatenate([positions for _, positions in parts])
    numbers = np.repeat(np.arange(len(parts)), [len(positions) for _, positions in parts])
    order = np.argsort(members, kind="stable")
    firsts = np.flatnonzero(np.diff(members[order], prepend=-1))
    groups: dict[bytes, list[int]] = {}
    for first, reached in zip(firsts.tolist(), np.split(numbers[order], firsts[1:]), strict=True):
        groups.setdefault(reached.tobytes(), []).append(int(members[order[first]]))
    return [
        (tuple(parts[n][0] for n in np.frombuffer(reached, np.int64)), np.array(group))
        for reached, group in groups.items()
    ]


def _sums(context: Context, adjoint: Adjoint, names: Sequence[str], members: Ints) -> list[Definition]:
    rules: list[Definition] = []
    indices = index_names(context, adjoint)
    for loops, subscripts in member_loops(context, adjoint.tensor, members, indices):
        terms = [Term(None, Factor(use(name, subscripts, indices))) for name in names]
        rules.append(rule(adjoint.name, subscripts, indices, combination(terms), loops, adjoint.output))
    return rules


def _zeros(context: Context, adjoint: Adjoint, members: Ints) -> list[Definition]:
    table = context.network.tables.tensors[adjoint.tensor]
    rules: list[Definition] = []
    indices = index_names(context, adjoint)
    for number in unique(table.block_of[members]):
        free = [
            FreeIndex(index, formula_expr(extent.formula))
            for index, extent in zip(indices, table.blocks[int(number)].shape, strict=True)
        ]
        chosen = members[table.block_of[members] == number]
        for loops, subscripts in member_loops(context, adjoint.tensor, chosen, indices):
            rules.append(rule(adjoint.name, subscripts, free, Number("0"), loops, adjoint.output))
    return rules


def index_names(context: Context, adjoint: Adjoint) -> list[Index]:
    """Plain indices for the axes of a tensor, called as where it is used."""
    count = len(context.network.tables.tensors[adjoint.tensor].blocks[0].shape)
    candidates: Iterable[Sequence[Index]] = [c.indices for c in adjoint.contributions]
    if not adjoint.contributions:
        candidates = _indices_of_uses(context, adjoint.tensor)
    for indices in candidates:
        if len(indices) == count and not any(i.loops for i in indices):
            return _plain([i.name for i in indices])
    return [Index(context.names.near(f"i{number + 1}")) for number in range(count)]


def _indices_of_uses(context: Context, tensor: str) -> Iterable[Sequence[Index]]:
    for definition in context.rules.get(tensor, ()):
        yield [free.index for free in definition.indices]
    for definition in context.network.definitions:
        for node in nodes_of(definition.body):
            if isinstance(node, Use) and node.name == tensor:
                yield node.indices


def _plain(names: Sequence[str]) -> list[Index]:
    found: list[str] = []
    for name in names:
        while name in found:
            name += "'"
        found.append(name)
    return [Index(name) for name in found]
