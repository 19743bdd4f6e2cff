"""Adjoints from their contributions: rules split by which contributions reach which members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tncompile.network import Definition, Expr, FreeIndex, Index, Ints, Loop, Name, Number, Range, Rows, Use, nodes_of
from tncompile.network.substitute import integer, substitute
from tncompile.transform.build import combination, rule, use
from tncompile.transform.context import Context, loop_variables
from tncompile.transform.contribution import Contribution
from tncompile.transform.extents import formula_expr
from tncompile.transform.flat import Factor, Term
from tncompile.transform.instances import Mask
from tncompile.transform.scatter import scattered


@dataclass(frozen=True, eq=False)
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
    touched = [np.unique(c.positions) for c in adjoint.contributions]
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
    for number in np.unique(table.block_of[members]):
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
    for definition in context.network.definitions:
        if definition.name == tensor:
            yield [free.index for free in definition.indices]
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


def member_loops(
    context: Context, tensor: str, members: Ints, indices: Sequence[Index]
) -> list[tuple[tuple[Loop, ...], tuple[Expr, ...]]]:
    """Loops over some members of a tensor, and the subscripts in their variables."""
    table = context.network.tables.tensors[tensor]
    if not table.members.shape[1]:
        return [((), ())]
    base, names = _base_loops(context, tensor, {i.name for i in indices})
    order = loop_variables(base)
    columns = table.members[members].T
    rows = Rows(tuple(order), np.array([columns[names.index(name)] for name in order]), len(members))
    return [
        (piece.loops, tuple(substitute(Name(name), piece.values) for name in names))
        for piece in context.described(base, rows, tensor)
    ]


def _base_loops(context: Context, tensor: str, avoided: set[str]) -> tuple[tuple[Loop, ...], list[str]]:
    """Loops around the members of a tensor as its text has them, and the variable of each subscript."""
    declared = context.network.tensors.get(tensor)
    if declared is not None:
        loops, names = _named(context, declared.family, avoided)
        if len(names) == len(declared.family):
            return loops, names
    for definition in sorted(context.network.definitions, key=lambda d: -len(d.loops)):
        names = [s.name for s in definition.subscripts if isinstance(s, Name)]
        if definition.name == tensor and sorted(names) == sorted(loop_variables(definition.loops)):
            if names and len(names) == len(definition.subscripts) and not avoided & set(names):
                return definition.loops, names
    members = context.network.tables.tensors[tensor].members
    ranges = [Range(integer(int(c.min())), integer(int(c.max()))) for c in members.T]
    return _named(context, [Loop((), domain) for domain in ranges], avoided)


def _named(context: Context, family: Sequence[Loop], avoided: set[str]) -> tuple[tuple[Loop, ...], list[str]]:
    """A family whose every range has a variable."""
    used = avoided | set(loop_variables(family)) | context.names.lasting
    letters = (letter for letter in "klmnijpqstuvw" if letter not in used)
    loops: list[Loop] = []
    names: list[str] = []
    values: dict[str, Expr] = {}
    for loop in family:
        variables = []
        for variable in loop.variables or ("",):
            fit = variable and variable not in avoided
            variables.append(variable if fit else next(letters, None) or context.names.fresh("k"))
            values |= {variable: Name(variables[-1])} if variable and not fit else {}
        loops.append(replace(substitute(loop, values), variables=tuple(variables)))
        names += variables
    return tuple(loops), names
