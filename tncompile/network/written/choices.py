"""Instances of one rule that choose alike: same branches, same numbers of inner rows, same index loops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tncompile.network.syntax import Choice, Definition, Expr, Index, Node, Over, Reduce, Use
from tncompile.network.syntax.walk import children, nodes_of
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.scope import Scope
from tncompile.network.written.arrays import fingerprint, group_rows


def split_by_choices(scope: Scope, definition: Definition, rows: Rows) -> list[Ints]:
    """Groups of rows whose bodies have one structure, by their first rows. Raises Fault."""
    keys = _Keys(scope, rows)
    keys.visit_indices([free.index for free in definition.indices], rows, np.arange(rows.count))
    keys.visit(definition.body, rows, np.arange(rows.count))
    return group_rows(keys.columns, rows.count)


def index_loops_differ(scope: Scope, body: Expr, rows: Rows) -> bool:
    """Whether a loop of an index yields different values in different rows. Raises Fault."""
    if not any(isinstance(node, Index) and node.loops for node in nodes_of(body)):
        return False
    keys = _Keys(scope, rows, only_indices=True)
    keys.visit(body, rows, np.arange(rows.count))
    return any(bool((column != column[0]).any()) for column in keys.columns)


class _Keys:
    """What tells the instances apart, one column for each thing seen on the way through the body."""

    def __init__(self, scope: Scope, rows: Rows, only_indices: bool = False) -> None:
        self.scope = scope
        self.only_indices = only_indices
        self.rows = rows
        self.columns: list[Ints] = []

    def visit(self, node: Node, rows: Rows, owner: Ints) -> None:
        match node:
            case Choice():
                self.visit_choice(node, rows, owner)
            case Reduce():
                self.visit_reduce(node, rows, owner)
            case Use():
                self.visit_indices(node.indices, rows, owner)
                self.visit_all(node.subscripts, rows, owner)
            case Over():
                self.visit_indices(node.indices, rows, owner)
                self.visit(node.body, rows, owner)
            case _:
                self.visit_all(children(node), rows, owner)

    def visit_all(self, nodes: Iterable[Node], rows: Rows, owner: Ints) -> None:
        for node in nodes:
            self.visit(node, rows, owner)

    def visit_choice(self, node: Choice, rows: Rows, owner: Ints) -> None:
        taken = self.scope.truths(node.test, rows)
        some = np.bincount(owner[taken], minlength=self.rows.count) > 0
        others = np.bincount(owner[~taken], minlength=self.rows.count) > 0
        code = some + 2 * others
        if not self.only_indices:
            self.columns.append(code)
        for branch, chosen in ((node.then, taken), (node.other, ~taken)):
            if chosen.any():
                self.visit(branch, rows.take(chosen), owner[chosen])

    def visit_reduce(self, node: Reduce, rows: Rows, owner: Ints) -> None:
        for argument in node.arguments:
            inner, parent = self.scope.expand(argument.loops, rows)
            if argument.loops and not self.only_indices:
                counts = np.bincount(parent, minlength=rows.count)
                self.columns.append(fingerprint(owner, self.rows.count, [counts]))
            self.visit(argument.body, inner, owner[parent])

    def visit_indices(self, indices: Sequence[Index], rows: Rows, owner: Ints) -> None:
        for index in indices:
            if not index.loops:
                self.visit_all(index.subscripts, rows, owner)
            else:
                inner, parent = self.scope.expand(index.loops, rows)
                # A loop of indices inside another loop is written out, so the values of both must be alike.
                own = inner.columns[len(self.rows.names) :]
                self.columns.append(
                    fingerprint(owner[parent], self.rows.count, [parent - _first(owner, parent), *own])
                )


def _first(owner: Ints, parent: Ints) -> Ints:
    """For each row of an inner loop, where the rows of its owner begin."""
    return np.searchsorted(owner, owner[parent], side="left")
