"""The inputs of a gradient: one for each output, with its members and axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tncompile.network import Axis, Expr, Item, ListExpr, Loop, Name, Range, Size, Tensor
from tncompile.network.substitute import integer
from tncompile.transform.accumulate import member_loops
from tncompile.transform.context import Context, loop_variables
from tncompile.transform.extents import formula_expr


def cotangent(context: Context, output: str, name: str) -> Tensor:
    """An input like an output. Sizes it needs are added to the context."""
    family = _family(context, output, name)
    table = context.network.tables.tensors[output]
    axes: list[Axis] = []
    for number in range(len(table.blocks[0].shape)):
        extents = [block.shape[number] for block in table.blocks]
        if len(set(extents)) == 1:
            axes.append(Axis(formula_expr(extents[0].formula)))
            continue
        values = [integer(extents[block].value) for block in table.block_of.tolist()]
        size = Size(context.names.fresh(f"{name}_extent"), family, ListExpr(tuple(values)))
        context.lists.append(size)
        axes.append(Axis(Item(size.name, tuple(Name(v) for v in loop_variables(family)))))
    return Tensor("input", name, family, tuple(axes))


def _family(context: Context, output: str, name: str) -> tuple[Loop, ...]:
    members = context.network.tables.tensors[output].members
    if not members.shape[1]:
        return ()
    nests = member_loops(context, output, np.arange(len(members)), ())
    if len(nests) == 1:
        loops, subscripts = nests[0]
        by_name = {loop.variables[0]: loop for loop in loops if len(loop.variables) == 1}
        in_order = [s.name for s in subscripts if isinstance(s, Name) and s.name in by_name] == loop_variables(loops)
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
