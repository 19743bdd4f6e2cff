"""How the default variance of each weight follows from where it is used first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tncompile.network import Index, Ints, Network, Rows, RuleClass, UseTable
from tncompile.network.values.sets import unique

UNUSED = -1


def weight_shares(network: Network) -> Mapping[str, Ints]:
    """For each weight an array (members, axes): among how many uses of weights the sum over that axis is shared.

    0 where the axis is not summed at the member's first use; `UNUSED` where the member is used nowhere.
    Rules are taken in file order.
    """
    tables = network.tables.tensors
    weights = {name for name, tensor in network.tensors.items() if tensor.role == "weight"}
    shares = {
        name: np.full(
            (len(tables[name].members), max((len(b.shape) for b in tables[name].blocks), default=0)), UNUSED
        )
        for name in network.tensors
        if name in weights
    }
    order = {definition: number for number, definition in enumerate(network.definitions)}
    for found in sorted(network.tables.classes, key=lambda c: order.get(c.definition, len(order))):
        uses = [use for use in found.uses if use.use.name in weights]
        if not any((shares[use.use.name][use.positions] == UNUSED).any() for use in uses):
            continue
        counts = _counts(network, found, uses)
        for number, use in enumerate(uses):
            _note(shares[use.use.name], use.positions, counts[number])
    return shares


def _note(shares: Ints, positions: Ints, counts: Ints) -> None:
    """Enters the counts (rows, axes) of members that have none yet, of each its first row."""
    members, first = np.unique(positions, return_index=True)
    new = (shares[members] == UNUSED).all(axis=1)
    padded = np.zeros((int(new.sum()), shares.shape[1]), np.int64)
    padded[:, : counts.shape[1]] = counts[first[new]]
    shares[members[new]] = padded


def _counts(network: Network, found: RuleClass, uses: list[UseTable]) -> list[Ints]:
    """For each use an array (rows, axes): how many uses of weights carry the axis's index.

    0 for free indices, and where an axis before it has the same index (a diagonal).
    """
    wires: dict[tuple[int, ...], int] = {}
    free = set(_free_wires(network, found, wires))
    slots = [
        [_wires(network, index, use.rows, use.parent, wires) for index in use.use.indices] for use in uses
    ]
    carried = np.zeros(len(wires), np.int64)
    for columns in slots:
        if columns:
            of_use = np.stack(columns, axis=1)
            for row in of_use:
                carried[unique(row)] += 1
    carried[sorted(free)] = 0
    return [
        np.where(_repeated(columns), 0, carried[np.stack(columns, axis=1)])
        if columns
        else np.zeros((use.rows.count, 0), np.int64)
        for use, columns in zip(uses, slots, strict=True)
    ]


def _repeated(columns: list[Ints]) -> np.ndarray:
    """(rows, axes): whether an axis before it has the same wire."""
    found = np.zeros((len(columns[0]), len(columns)), bool)
    for axis, column in enumerate(columns):
        for before in columns[:axis]:
            found[:, axis] |= column == before
    return found


def _free_wires(network: Network, found: RuleClass, wires: dict[tuple[int, ...], int]) -> Iterator[int]:
    for free in found.definition.indices:
        rows, parent = network.scope.expand(free.index.loops, found.rows)
        yield from _wires(network, free.index, rows, parent, wires).tolist()


def _wires(
    network: Network, index: Index, rows: Rows, parent: Ints, wires: dict[tuple[int, ...], int]
) -> Ints:
    """A number for the index in every row: the same for the same name and subscripts in the same instance."""
    name = wires.setdefault((-1, *map(ord, index.name)), len(wires))
    columns = [parent, *(network.scope.integers(s, rows) for s in index.subscripts)]
    keys = np.stack([np.broadcast_to(column, parent.shape) for column in columns], axis=1)
    return np.array([wires.setdefault((name, *key), len(wires)) for key in keys.tolist()], np.int64)
