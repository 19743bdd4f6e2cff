"""Inputs that stand in the place of definitions, with their members and axes."""

from __future__ import annotations

from tncompile.network import Axis, Item, ListExpr, Name, Size, Tensor
from tncompile.network.syntax.substitute import integer
from tncompile.transform.context import Context, loop_variables
from tncompile.transform.extents import formula_expr
from tncompile.transform.members import member_family


def input_like(context: Context, definition: str, name: str) -> Tensor:
    """An input with the members and axes of a definition. Sizes it needs are added to the context."""
    family = member_family(context, definition, name)
    table = context.network.tables.tensors[definition]
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
