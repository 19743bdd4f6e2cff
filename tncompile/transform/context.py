"""What all parts of a transform share: names, evaluation, lists that the result needs, rows as loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tncompile.network import (
    Definition,
    Expr,
    Ints,
    ListExpr,
    Loop,
    Name,
    Network,
    Node,
    Rows,
    Scope,
    Size,
    Tensor,
    nodes_of,
)
from tncompile.network.describe import Nest, describe_rows
from tncompile.network.syntax.substitute import integer
from tncompile.network.values.lookup import find_members
from tncompile.source.records import record
from tncompile.transform.names import Names


@record(eq=False)
class Piece:
    """Some rows of a rule: loops that yield them, and expressions for variables that have no loop.

    ``which`` are their places among the rows that were to be described.
    """

    loops: tuple[Loop, ...]
    values: Mapping[str, Expr]
    which: Ints


class Context:
    """Names and lists of the network that a transform makes from ``network``."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.names = Names(network)
        self.lists: list[Size] = []
        self.constants: list[Tensor] = []
        self.rules: dict[str, list[Definition]] = {}
        for definition in network.definitions:
            self.rules.setdefault(definition.name, []).append(definition)
        self._scope = network.scope

    @property
    def scope(self) -> Scope:
        """The scope of the network with the lists added so far."""
        if self.lists and self._scope.lookup(self.lists[-1].name) is None:
            self._scope = Scope((*self.network.statements, *self.lists))
        return self._scope

    def restricted(
        self, loops: Sequence[Loop], rows: Rows, kept: npt.NDArray[np.bool_], name: str
    ) -> list[Piece]:
        """The rows that are kept as loop nests; the loops as they are where all rows are kept."""
        if kept.all():
            return [Piece(tuple(loops), {}, np.arange(rows.count))]
        if not kept.any():
            return []
        places = np.flatnonzero(kept)
        pieces = self.described(loops, rows.take(places), name)
        return [Piece(piece.loops, piece.values, places[piece.which]) for piece in pieces]

    def described(self, loops: Sequence[Loop], rows: Rows, name: str) -> list[Piece]:
        """Rows as loop nests; lists they need are added, called after ``name``."""
        rows = projected(rows, loop_variables(loops))
        nests = describe_rows(loops, rows, self.scope, lambda: self.names.fresh(f"{name}_rows"))
        for nest in nests:
            self.lists += nest.lists
        if len(nests) == 1:
            return [Piece(nests[0].loops, nests[0].values, np.arange(rows.count))]
        return [Piece(nest.loops, nest.values, self._places(nest, rows)) for nest in nests]

    def _places(self, nest: Nest, rows: Rows) -> Ints:
        """The rows that a nest yields, as places among all."""
        found = self.scope.expand(nest.loops)[0]
        columns = [
            self.scope.integers(nest.values[name], found) if name in nest.values else found.column(name)
            for name in rows.names
        ]
        order = np.lexsort(rows.columns[::-1])
        return order[find_members(rows.columns.T[order], np.array(columns, np.int64).T)]

    def listed(self, name: str, table: Ints) -> Name:
        """A new list of integers, or of rows of integers, and its name."""
        items: list[Expr] = []
        for row in table.tolist():
            items.append(ListExpr(tuple(integer(x) for x in row)) if isinstance(row, list) else integer(row))
        size = Size(self.names.fresh(name), default=ListExpr(tuple(items)))
        self.lists.append(size)
        return Name(size.name)


def projected(rows: Rows, names: Sequence[str]) -> Rows:
    """The columns of some variables, in the order given."""
    if tuple(names) == rows.names:
        return rows
    columns = np.array([rows.column(name) for name in names], np.int64).reshape(len(names), rows.count)
    return Rows(tuple(names), columns, rows.count)


def variables_in(nodes: Sequence[Node]) -> set[str]:
    """The bare names in some nodes: sizes and loop variables."""
    return {n.name for node in nodes for n in nodes_of(node) if isinstance(n, Name)}


def loop_variables(loops: Sequence[Loop]) -> list[str]:
    """The variables of loops, in order."""
    return [name for loop in loops for name in loop.variables]
