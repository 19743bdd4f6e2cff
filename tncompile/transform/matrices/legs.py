"""Networks in which every use of some members carries further indices, the legs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import (
    Cut,
    Definition,
    Expr,
    FreeIndex,
    Index,
    Ints,
    Item,
    ListExpr,
    Loop,
    Multiply,
    Name,
    Network,
    Node,
    Range,
    Size,
    Statement,
    Tensor,
    Use,
    map_children,
)
from tncompile.network.syntax.substitute import integer, shifted
from tncompile.transform.context import Context
from tncompile.transform.dependence import Legs
from tncompile.transform.members import member_family


class Wiring:
    """The legs of every member, as indices of a text: `g[j] for j in 1..k`.

    ``axes`` says for each leg how many axes it has; if any has not one, indices are `g[j, a]`.
    """

    def __init__(
        self, context: Context, name: str, carried: Mapping[str, Sequence[Legs]], axes: Sequence[int] = ()
    ) -> None:
        self.context, self.carried = context, carried
        self.index = context.names.fresh(name)
        self.variables = context.names.fresh("j"), context.names.fresh("a")
        self.axes = (
            None
            if all(count == 1 for count in axes)
            else context.listed(f"{self.index}_axes", np.array(axes))
        )
        self._looked_up: dict[tuple[str, str], Size] = {}
        self._tables: dict[str, Name] = {}

    def indices(self, name: str, subscripts: Sequence[Expr]) -> tuple[Index, ...]:
        """The legs of a member."""
        lists = self.carried.get(name, ())
        if not any(lists):
            return ()
        loops: tuple[Loop, ...] = ()
        if all(len(legs) == 1 for legs in lists):
            leg = self.value(name, subscripts, np.array([legs[0] for legs in lists]), "leg")
        else:
            domain = self._domain(name, subscripts, lists)
            single = isinstance(domain, Range) and domain.first == domain.last
            leg = domain.first if isinstance(domain, Range) and single else Name(self.variables[0])
            loops = () if single else (Loop((self.variables[0],), domain),)
        if self.axes is None:
            return (Index(self.index, (leg,), loops),)
        inner = Loop((self.variables[1],), Range(integer(1), Item(self.axes.name, (leg,))))
        return (Index(self.index, (leg, Name(self.variables[1])), (*loops, inner)),)

    def leg(self, name: str, subscripts: Sequence[Expr], axis: int) -> Index:
        """One axis of the only leg of a member."""
        lists = self.carried[name]
        # Members without a leg never come here; any number will do for them.
        number = self.value(name, subscripts, np.array([legs[0] if legs else 1 for legs in lists]), "leg")
        return Index(self.index, (number,) if self.axes is None else (number, integer(axis + 1)))

    def _domain(self, name: str, subscripts: Sequence[Expr], lists: Sequence[Legs]) -> Range | Expr:
        if all(legs and legs[-1] - legs[0] == len(legs) - 1 for legs in lists):
            members = self.context.network.tables.tensors[name].members
            first = _affine(members, subscripts, np.array([legs[0] for legs in lists]))
            last = _affine(members, subscripts, np.array([legs[-1] for legs in lists]))
            if first is not None and last is not None:
                return Range(first, last)
        if name not in self._tables:
            self._tables[name] = self._table(f"{name}_legs", lists)
        return Item(
            self._tables[name].name, (self.value(name, subscripts, np.arange(1, len(lists) + 1), "number"),)
        )

    def value(self, name: str, subscripts: Sequence[Expr], values: Ints, suffix: str) -> Expr:
        """An integer of each member, as an expression in its subscripts."""
        said = _affine(self.context.network.tables.tensors[name].members, subscripts, values)
        if said is not None:
            return said
        if (name, suffix) not in self._looked_up:
            new = self.context.names.fresh(f"{name}_{suffix}")
            family = member_family(self.context, name, new)
            size = Size(new, family, ListExpr(tuple(integer(int(value)) for value in values)))
            self.context.lists.append(size)
            self._looked_up[name, suffix] = size
        return Item(self._looked_up[name, suffix].name, tuple(subscripts))

    def _table(self, name: str, lists: Sequence[Legs]) -> Name:
        items = tuple(ListExpr(tuple(integer(leg) for leg in legs)) for legs in lists)
        size = Size(self.context.names.fresh(name), default=ListExpr(items))
        self.context.lists.append(size)
        return Name(size.name)


def _affine(members: Ints, subscripts: Sequence[Expr], values: Ints) -> Expr | None:
    """The values as a constant, or as a subscript and an offset, where that is what they are."""
    if (values == values[0]).all():
        return integer(int(values[0]))
    for column, subscript in zip(members.T, subscripts, strict=True):
        offset = values - column
        if (offset == offset[0]).all():
            return shifted(subscript, int(offset[0]))
    return None


def rewired(
    wiring: Wiring,
    declare: Callable[[Tensor], list[Statement]],
    read: Callable[[Use, Collection[Index]], Expr],
) -> Network:
    """The network with legs: inputs as ``declare`` has them, uses of them as ``read`` has them; no cuts.

    ``read`` is told the indices whose extent a weight or a constant says that the use is multiplied by.
    """
    context = wiring.context
    statements: list[Statement] = []
    for statement in context.network.statements:
        if isinstance(statement, Tensor) and statement.role == "input":
            statements += declare(statement)
        elif isinstance(statement, Definition):
            statements.append(_definition(wiring, statement, read))
        elif not isinstance(statement, Cut):
            statements.append(statement)
    first = next(i for i, s in enumerate(statements) if isinstance(s, Tensor | Definition))
    statements[first:first] = [*context.lists, *context.constants]
    return context.network.replace(statements)


def _definition(
    wiring: Wiring, definition: Definition, read: Callable[[Use, Collection[Index]], Expr]
) -> Definition:
    legs = tuple(FreeIndex(index) for index in wiring.indices(definition.name, definition.subscripts))
    tensors = wiring.context.network.tensors

    def rewrite(node: Node, said: Collection[Index]) -> Node:
        if not isinstance(node, Use):
            inside = _said_by_factors(node, tensors) if isinstance(node, Multiply) else ()
            return map_children(node, lambda child: rewrite(child, inside))
        if node.name in tensors and tensors[node.name].role == "input":
            return read(node, said)
        return replace(node, indices=(*wiring.indices(node.name, node.subscripts), *node.indices))

    body = rewrite(definition.body, ())
    assert isinstance(body, Expr)
    return replace(definition, indices=(*legs, *definition.indices), body=body)


def _said_by_factors(product: Multiply, tensors: Mapping[str, Tensor]) -> set[Index]:
    """The indices of the weights and constants that are factors of a product."""
    uses = [factor for factor in product.factors if isinstance(factor, Use) and factor.name in tensors]
    return {index for use in uses if tensors[use.name].role != "input" for index in use.indices}
