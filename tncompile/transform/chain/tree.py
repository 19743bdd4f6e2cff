"""A chain of linear maps as a tree: products of neighbours, all of a level at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from tncompile.network import (
    Add,
    Cut,
    Definition,
    Expr,
    FreeIndex,
    Index,
    Loop,
    Multiply,
    Name,
    Network,
    Node,
    Range,
    Rows,
    Statement,
    Use,
    map_children,
    nodes_of,
    verify,
)
from tncompile.network.syntax.substitute import integer, shifted, substitute
from tncompile.source.records import record
from tncompile.transform.build import rule, use
from tncompile.transform.chain.chains import ONE_AFTER_ANOTHER, Chain
from tncompile.transform.chain.links import BUILT_IN, Links
from tncompile.transform.context import Context
from tncompile.transform.extents import formula_expr
from tncompile.transform.members import member_loops
from tncompile.transform.names import other_index

Factor = tuple[str, Expr]  # a matrix: its definition, and its subscript along the chain


@record
class Tree:
    """A network with a tree in the place of a chain, and the names of the definitions that were added."""

    network: Network
    added: tuple[str, ...]


def chain_tree(net: Network, chain: Chain) -> Tree:
    """The network with a chain (see `chains_of`) computed as a tree.

    For a chain ``h[k](b) = A[k](b, a) * h[k-1](a)`` of n steps the transfer matrices ``h_step[k](b, a)`` are
    definitions of their own, and ``h_span2[j](b, a)``, ``h_span4[j]``, ... the products of two, four, ... of them, as long
    as there are more than `ONE_AFTER_ANOTHER`. These, and what is left over of each level that is odd, are then
    applied to the state before the chain. It takes n - 1 products of matrices at the most, but of about log2(n)
    levels, each of which is one step of a schedule.

    The states within the chain are gone, and with them cuts that name the definition. A flat network stays flat.
    """
    writer = _Writer(net, chain)
    statements: list[Statement] = []
    for statement in net.statements:
        if isinstance(statement, Definition) and statement.name == chain.name:
            statements += writer.kept(statement)
        elif not (isinstance(statement, Cut) and _names(statement, chain.name)):
            statements.append(statement)
    statements += writer.rules()
    first = next(place for place, s in enumerate(statements) if isinstance(s, Definition))
    statements[first:first] = writer.context.lists
    return Tree(verify(net.replace(statements), "chain_tree"), tuple(writer.added))


def _names(cut: Cut, name: str) -> bool:
    return any(item.name == name for item in (*cut.rows, *(cut.columns or ())))


class _Writer:
    """Writes the rules of one tree."""

    def __init__(self, net: Network, chain: Chain) -> None:
        self.net, self.chain = net, chain
        self.context = Context(net)
        self.added: list[str] = []
        self.j = Name(self.context.names.fresh("j"))
        self.after, self.before, _ = self.sides(chain.links[0])
        taken = {*self.after, *self.before}
        self.between: list[Index] = []
        for index, stays in zip(self.after, chain.kind.carried, strict=True):
            self.between.append(index if stays else other_index(index, taken))
            taken.add(self.between[-1])
        ends = np.insert(chain.fibres, chain.kind.place, chain.last, axis=1)
        reached = net.tables.tensors[chain.name].find(ends)
        self.fibres = member_loops(self.context, chain.name, reached, sorted(taken, key=lambda i: i.name))

    def sides(self, links: Links) -> tuple[list[Index], list[Index], dict[Index, Index]]:
        """The indices of the states after and before a link, none with subscripts, and how they were called."""
        taken: set[Index] = set()
        plain: dict[Index, Index] = {}
        for index in dict.fromkeys((*links.after, *links.before)):
            found = Index(self.context.names.near(index.name)) if index.subscripts else index
            plain[index] = other_index(found, taken) if found in taken else found
            taken.add(plain[index])
        return [plain[index] for index in links.after], [plain[index] for index in links.before], plain

    def named(self, suffix: str) -> str:
        """A new definition, called after that of the chain."""
        self.added.append(self.context.names.fresh(f"{self.chain.name}_{suffix}"))
        return self.added[-1]

    def kept(self, definition: Definition) -> list[Statement]:
        """The rows of a rule that are not in the chain."""
        number = self.net.definitions.index(definition)
        classes = [one for one in self.net.tables.classes if one.number == number]
        if not classes:
            return [definition]
        members = self.net.tables.tensors[self.chain.name].members
        kept = [~self.chain.holds(members[one.target]) for one in classes]
        columns = np.concatenate([one.rows.columns for one in classes], axis=1)
        rows = Rows(classes[0].rows.names, columns, columns.shape[1])
        pieces = self.context.restricted(definition.loops, rows, np.concatenate(kept), self.chain.name)
        return [substitute(replace(definition, loops=piece.loops), piece.values) for piece in pieces]

    def rules(self) -> list[Statement]:
        """The transfer matrices, the levels of the tree, and the states that these are applied to."""
        found: list[Statement] = []
        level = self.named("step")
        for links in self.chain.links:
            found += self.transfers(level, links)
        rest: list[Factor] = []
        count, span = self.chain.count, 1
        while count > ONE_AFTER_ANOTHER:
            if count % 2:
                rest.append((level, self.numbered(span, 0, count)))
            later, earlier = self.numbered(span, 2, 0), self.numbered(span, 2, -1)
            span, count = 2 * span, count // 2
            above = self.named(f"span{span}")
            found += self.products(above, (level, later), (level, earlier), count)
            level = above
        top = [(level, self.numbered(span, 0, number)) for number in range(1, count + 1)]
        return [*found, *self.applied([*top, *reversed(rest)])]

    def numbered(self, span: int, times: int, offset: int) -> Expr:
        """The subscript of factor number ``times * j + offset`` of a level. They count from 1; steps, of span 1, have the
        subscripts of the states that they lead to."""
        step = self.chain.kind.step if span == 1 else 1
        constant = step * offset + (self.chain.first - step if span == 1 else 0)
        if not times:
            return integer(constant)
        product = Multiply((integer(times), self.j), (False, False))
        return shifted(product, constant) if step > 0 else Add((integer(constant), product), (1, -1))

    def transfers(self, name: str, links: Links) -> list[Definition]:
        """The transfer matrices of the rows of one class that are in the chain."""
        members = self.net.tables.tensors[self.chain.name].members
        definition = links.rule.definition
        rows = links.rule.rows.take(self.chain.holds(members[links.rule.target]))
        after, before, plain = self.sides(links)
        body = cast(Expr, _renamed(links.transfer, plain))
        said = {i for n in nodes_of(body) if isinstance(n, Use) and n.name not in BUILT_IN for i in n.indices}
        extents = dict(zip([*before, *after], 2 * self.chain.kind.extents, strict=True))
        free = [
            FreeIndex(index, None if index in said else formula_expr(extents[index].formula))
            for index in self.matrix(after, before)
        ]
        return [
            substitute(rule(name, definition.subscripts, free, body, piece.loops), piece.values)
            for piece in self.context.described(definition.loops, rows, name)
        ]

    def matrix(self, rows: Sequence[Index], columns: Sequence[Index]) -> list[Index]:
        """The indices of a transfer matrix from ``columns`` to ``rows``: what it holds, its rows, its columns."""
        kind = self.chain.kind
        held = [index for index, inside in zip(rows, kind.held, strict=True) if inside]
        left = [index for index, stays in zip(rows, kind.carried, strict=True) if not stays]
        right = [index for index, stays in zip(columns, kind.carried, strict=True) if not stays]
        return [*held, *left, *right]

    def products(self, name: str, later: Factor, earlier: Factor, count: int) -> list[Definition]:
        """A level: the products of pairs of neighbours of the level below."""
        loop = Loop((self.j.name,), Range(integer(1), integer(count)))
        found = []
        for loops, subscripts in self.fibres:
            left = use(later[0], self.at(subscripts, later[1]), self.matrix(self.after, self.between))
            right = use(earlier[0], self.at(subscripts, earlier[1]), self.matrix(self.between, self.before))
            free = self.matrix(self.after, self.before)
            found.append(rule(name, self.at(subscripts, self.j), free, _times(left, right), (*loops, loop)))
        return found

    def at(self, subscripts: Sequence[Expr], along: Expr) -> list[Expr]:
        """The subscripts of a member, with another one along the chain."""
        place = self.chain.kind.place
        return [*subscripts[:place], along, *subscripts[place + 1 :]]

    def applied(self, factors: Sequence[Factor]) -> list[Definition]:
        """The states after each of some matrices, which are applied one after the other; the last ends the chain."""
        chain = self.chain
        state, along = chain.name, integer(chain.first - chain.kind.step)
        found: list[Definition] = []
        for number, (matrix, place) in enumerate(factors, start=1):
            target = chain.name if number == len(factors) else self.named(f"part{number}")
            for loops, subscripts in self.fibres:
                left = use(matrix, self.at(subscripts, place), self.matrix(self.after, self.before))
                right = use(state, self.at(subscripts, along), self.before)
                reached = self.at(subscripts, integer(chain.last))
                found.append(rule(target, reached, self.after, _times(left, right), loops))
            state, along = target, integer(chain.last)
        return found


def _times(left: Expr, right: Expr) -> Expr:
    return Multiply((left, right), (False, False))


def _renamed(node: Node, names: dict[Index, Index]) -> Node:
    """The node with other indices."""
    if isinstance(node, Index) and node in names:
        return names[node]
    return map_children(node, lambda child: _renamed(child, names))
