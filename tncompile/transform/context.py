"""What all parts of a transform share: names, evaluation, lists that the result needs, rows as loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tncompile.network import Expr, Ints, ListExpr, Loop, Name, Network, Node, Rows, Size, nodes_of
from tncompile.network.describe import describe_rows
from tncompile.network.substitute import integer
from tncompile.transform.names import Names


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a rule: loops that yield them, and expressions for variables that have no loop."""

    loops: tuple[Loop, ...]
    values: Mapping[str, Expr]
    rows: Rows


class Context:
    """Names and lists of the network that a transform makes from ``network``."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.scope = network.scope
        self.names = Names(network)
        self.lists: list[Size] = []

    def restricted(self, loops: Sequence[Loop], rows: Rows, kept: npt.NDArray[np.bool_], name: str) -> list[Piece]:
        """The rows that are kept as loop nests; the loops as they are where all rows are kept."""
        if kept.all():
            return [Piece(tuple(loops), {}, rows)]
        if not kept.any():
            return []
        return self.described(loops, rows.take(kept), name)

    def described(self, loops: Sequence[Loop], rows: Rows, name: str) -> list[Piece]:
        """Rows as loop nests; lists they need are added, called after ``name``."""
        nests = describe_rows(loops, rows, self.scope, lambda: self.names.fresh(f"{name}_rows"))
        if len(nests) == 1:
            self.lists += nests[0].lists
            return [Piece(nests[0].loops, nests[0].values, rows)]
        pieces: list[Piece] = []
        for nest in nests:
            self.lists += nest.lists
            pieces.append(Piece(nest.loops, nest.values, self._yielded(nest.loops, nest.values, rows)))
        return pieces

    def positions(self, tensor: str, subscripts: Sequence[Expr], rows: Rows) -> Ints:
        """The members of a tensor that subscripts lead to, one for each row."""
        columns = [self.scope.integers(subscript, rows) for subscript in subscripts]
        values = np.array(columns, np.int64).reshape(len(columns), rows.count).T
        return self.network.tables.tensors[tensor].find(values)

    def _yielded(self, loops: Sequence[Loop], values: Mapping[str, Expr], rows: Rows) -> Rows:
        found = self.scope.expand(loops)[0]
        columns = [
            self.scope.integers(values[name], found) if name in values else found.column(name) for name in rows.names
        ]
        return Rows(rows.names, np.array(columns, np.int64).reshape(len(columns), found.count), found.count)

    def listed(self, name: str, table: Ints) -> Name:
        """A new list of integers, or of rows of integers, and its name."""
        items: list[Expr] = []
        for row in table.tolist():
            items.append(ListExpr(tuple(integer(x) for x in row)) if isinstance(row, list) else integer(row))
        size = Size(self.names.fresh(name), default=ListExpr(tuple(items)))
        self.lists.append(size)
        return Name(size.name)


def variables_in(nodes: Sequence[Node]) -> set[str]:
    """The bare names in some nodes: sizes and loop variables."""
    return {n.name for node in nodes for n in nodes_of(node) if isinstance(n, Name)}


def loop_variables(loops: Sequence[Loop]) -> list[str]:
    """The variables of loops, in order."""
    return [name for loop in loops for name in loop.variables]
