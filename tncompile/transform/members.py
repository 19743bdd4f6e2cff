"""Loops and families that yield members of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import Expr, Index, Ints, Loop, Name, Range, Rows
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.transform.context import Context, loop_variables


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
        loops, names = named_family(context, declared.family, avoided)
        if len(names) == len(declared.family):
            return loops, names
    for definition in sorted(context.rules.get(tensor, ()), key=lambda d: -len(d.loops)):
        names = [s.name for s in definition.subscripts if isinstance(s, Name)]
        plain = len(names) == len(definition.subscripts) and sorted(names) == sorted(
            loop_variables(definition.loops)
        )
        if plain and not avoided & set(names):
            return definition.loops, names
    members = context.network.tables.tensors[tensor].members
    ranges = [Range(integer(int(c.min())), integer(int(c.max()))) for c in members.T]
    return named_family(context, [Loop((), domain) for domain in ranges], avoided)


def named_family(
    context: Context, family: Sequence[Loop], avoided: set[str]
) -> tuple[tuple[Loop, ...], list[str]]:
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


def member_family(context: Context, tensor: str, name: str) -> tuple[Loop, ...]:
    """A family with exactly the members of a tensor or definition; a list it needs is called after ``name``."""
    members = context.network.tables.tensors[tensor].members
    if not members.shape[1]:
        return ()
    nests = member_loops(context, tensor, np.arange(len(members)), ())
    if len(nests) == 1:
        loops, subscripts = nests[0]
        by_name = {loop.variables[0]: loop for loop in loops if len(loop.variables) == 1}
        in_order = [
            s.name for s in subscripts if isinstance(s, Name) and s.name in by_name
        ] == loop_variables(loops)
        if in_order:
            return tuple(_range(context, by_name, subscript) for subscript in subscripts)
    variables = tuple(context.names.near(f"k{i + 1}") for i in range(members.shape[1]))
    table = members if len(variables) > 1 else members[:, 0]
    return (Loop(variables, context.listed(f"{name}_members", table)),)


def _range(context: Context, loops: dict[str, Loop], subscript: Expr) -> Loop:
    """The range of one subscript; a single value is a range too."""
    if isinstance(subscript, Name) and subscript.name in loops:
        return loops[subscript.name]
    return Loop((context.names.near("k"),), Range(subscript, subscript))
