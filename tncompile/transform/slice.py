"""A summed index of one member in parts: the network that computes one part, for any of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import cast

import numpy as np
import numpy.typing as npt

from tncompile.network import (
    UNIT_ROWS,
    Axis,
    Call,
    Expr,
    Extent,
    Index,
    Looped,
    Multiply,
    Name,
    Negative,
    Network,
    Node,
    Over,
    Reduce,
    Rows,
    Statement,
    Tensor,
    Use,
    map_children,
    nodes_of,
    verify,
)
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.source.records import record
from tncompile.transform.context import Context
from tncompile.transform.extents import formula_expr
from tncompile.transform.instance import before_rules, with_instance_apart
from tncompile.transform.linear import linear_in

Mask = npt.NDArray[np.bool_]


@record
class Summed:
    """An index of extent 2 or more that one instance of a rule sums over all that it computes.

    The rule is told by its place in `Network.definitions`, its instance by the member that it defines: the place of that in
    its table. The index is as the equation of the rule has it, loop variables in its subscripts.
    """

    rule: int
    member: int
    index: Index
    extent: Extent


def summed_indices(net: Network, selectors: Collection[str] = ()) -> list[Summed]:
    """The indices that `slice_index` can take, if the outputs are linear in the members that sum over them.

    Those that ``selectors`` carry (inputs made by `slice_index`) are not among them.
    """
    found = []
    for rule in net.tables.classes:
        taken = {
            i
            for use in nodes_of(rule.equation)
            if isinstance(use, Use) and use.name in selectors
            for i in use.indices
        }
        indices = [i for over in _sums(rule.equation) for i in over.indices if i not in taken]
        large = [(i, rule.extents[i]) for i in indices if rule.extents[i].value > 1]
        found += [
            Summed(rule.number, member, i, extent) for member in rule.target.tolist() for i, extent in large
        ]
    return found


def slice_index(net: Network, summed: Summed, width: int = 1) -> tuple[Network, str] | None:
    """The network that computes a slice of ``net``, and the name of an input that says which slice.

    That input, the selector, holds ``width`` columns of the identity (a single column is a vector). Each use
    that carries the index is multiplied by it, which leaves the selected values of the index. If the selector
    has held each column once, the outputs add up to those of ``net``, and their gradients to its gradients. An
    instance of a rule with loops becomes a rule of its own.

    None where that is not so because an output is not linear in the member: it stands in a sum with other
    terms or under a function, or is used twice.
    """
    member = net.definitions[summed.rule].name, summed.member
    if not linear_in(net, [member]):
        return None
    values = next(
        dict(zip(one.rows.names, map(integer, one.rows.columns[:, row].tolist()), strict=True))
        for one in net.tables.classes
        if one.number == summed.rule
        for row in np.flatnonzero(one.target == summed.member)
    )
    alone = with_instance_apart(net, summed.rule, summed.member)
    slicer = _Slicer(alone, summed.rule, substitute(summed.index, values), summed.extent, width)
    body = slicer.sliced()
    if slicer.sums != 1:
        return None
    rule = slicer.rule.definition
    statements: list[Statement] = [
        replace(rule, body=body) if statement is rule else statement for statement in alone.statements
    ]
    added = [*slicer.context.lists, slicer.declaration()]
    return verify(alone.replace(before_rules(statements, added)), "slice_index"), slicer.selector


def _sums(expr: Expr) -> Iterator[Over]:
    """The sums over indices in which everything that an equation computes is a factor."""
    match expr:
        case Over(op="sum", body=body):
            yield expr
            yield from _sums(body)
        case Negative(operand=operand):
            yield from _sums(operand)
        case Multiply(factors=factors, inverted=inverted):
            for factor, below in zip(factors, inverted, strict=True):
                if not below:
                    yield from _sums(factor)


class _Slicer:
    """Rewrites one equation."""

    def __init__(self, net: Network, rule: int, index: Index, extent: Extent, width: int) -> None:
        self.rule = next(one for one in net.tables.classes if one.number == rule)
        self.index, self.extent, self.width = index, extent, width
        self.context = Context(net)
        names = self.context.names
        self.selector = names.fresh(f"slice_{index.name.rstrip(chr(39))}")
        self.within = Index(names.near(index.name))
        self.across = () if width == 1 else (Index(names.fresh("part")),)
        self.wanted = self.values(index, UNIT_ROWS)[:, 0]
        # Over the index: more than one where a round of a product has an index of its own by that name.
        self.sums = 0

    def declaration(self) -> Tensor:
        """The selector."""
        axes = [
            Axis(formula_expr(self.extent.formula)),
            *(Axis(integer(self.width)) for _ in self.across),
        ]
        return Tensor("input", self.selector, (), tuple(axes))

    def sliced(self) -> Expr:
        """The equation with a selector at each use that carries the index."""
        return cast(Expr, self.node(self.rule.equation))

    def node(self, node: Node) -> Node:
        match node:
            case Use() if any(self.is_it(index) for index in node.indices):
                return self.selected(node, node)
            case Call(function="conj", arguments=(Use() as inner,)) if any(map(self.is_it, inner.indices)):
                return self.selected(node, inner)
            case Over(op="sum", indices=indices) if any(map(self.is_it, indices)):
                self.sums += 1
                kept = (*(i for i in indices if not self.is_it(i)), *self.across)
                body = cast(Expr, self.node(node.body))
                return replace(node, body=body, indices=kept) if kept else body
            case Reduce(op="prod"):
                opened = self.opened(node)
                return map_children(opened, self.node) if opened is node else self.node(opened)
        return map_children(node, self.node)

    def selected(self, node: Expr, carrying: Use) -> Expr:
        """A use, maybe under ``conj``, with the selected values of the index."""
        indices = tuple(self.within if self.is_it(i) else i for i in carrying.indices)
        renamed = replace(carrying, indices=indices)
        factor = renamed if node is carrying else Call("conj", (renamed,))
        selector = Use(self.selector, (), (self.within, *self.across))
        return Over("sum", Multiply((factor, selector), (False, False)), (self.within,))

    # --- rounds -------------------------------------------------------------------------------

    def opened(self, product: Reduce) -> Expr:
        """A ``prod`` with the rounds that carry the index as factors of their own."""
        factors: list[Expr] = []
        for argument in product.arguments:
            rows, _ = self.context.scope.expand(argument.loops)
            hit = self.hits(argument.body, rows) if argument.loops else np.zeros(1, np.bool_)
            if not hit.any() or not self.moves(argument.body):
                factors.append(Reduce("prod", (argument,)))
                continue
            factors += [self.round(argument, rows, int(place)) for place in np.flatnonzero(hit)]
            factors += [
                Reduce("prod", (Looped(substitute(argument.body, piece.values), piece.loops),))
                for piece in self.context.restricted(argument.loops, rows, ~hit, self.selector)
            ]
        if all(isinstance(factor, Reduce) for factor in factors) and len(factors) == len(product.arguments):
            return product
        return factors[0] if len(factors) == 1 else Multiply(tuple(factors), (False,) * len(factors))

    def moves(self, body: Expr) -> bool:
        """Whether the index stands there with loop variables."""
        return any(self.may_be_it(n) and self.depends(n) for n in nodes_of(body) if isinstance(n, Index))

    def round(self, argument: Looped, rows: Rows, place: int) -> Expr:
        """One round written out."""
        values = dict(zip(rows.names, map(integer, rows.columns[:, place].tolist()), strict=True))
        return substitute(argument.body, values)

    def hits(self, node: Node, rows: Rows) -> Mask:
        """In which rows the index occurs in a node."""
        match node:
            case Index():
                values = self.values(node, rows) if self.may_be_it(node) else None
                return (
                    np.zeros(rows.count, np.bool_)
                    if values is None
                    else (self.wanted == values.T).all(axis=1)
                )
            case Looped():
                inner, parent = self.context.scope.expand(node.loops, rows)
                return np.bincount(parent, self.hits(node.body, inner), rows.count) > 0
            case Use():
                parts: list[Node] = list(node.indices)
            case _:
                parts = []
                map_children(node, lambda child: parts.append(child) or child)  # type: ignore[func-returns-value]
        masks = [self.hits(part, rows) for part in parts]
        return np.any(masks, axis=0) if masks else np.zeros(rows.count, np.bool_)

    # --- the index ----------------------------------------------------------------------------

    def may_be_it(self, index: Index) -> bool:
        return index.name == self.index.name and len(index.subscripts) == len(self.index.subscripts)

    def is_it(self, index: Index) -> bool:
        """Whether an index that depends on no loop is the one that is sliced."""
        if not self.may_be_it(index) or self.depends(index):
            return False
        return bool((self.values(index, UNIT_ROWS)[:, 0] == self.wanted).all())

    def depends(self, index: Index) -> bool:
        """Whether a loop variable stands in an index."""
        return any(self.context.scope.lookup(name) is None for name in _names(index))

    def values(self, index: Index, rows: Rows) -> npt.NDArray[np.int64]:
        """The subscripts of an index in some rows."""
        columns = [self.context.scope.integers(subscript, rows) for subscript in index.subscripts]
        return np.array(columns, np.int64).reshape(len(columns), rows.count)


def _names(index: Index) -> set[str]:
    return {node.name for node in nodes_of(index) if isinstance(node, Name)}
