"""Irregular dependences: instances in waves, each wave as soon as all that it needs is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tncompile.network import Ints
from tncompile.plan.folding.dependence import Edges
from tncompile.plan.folding.timing import Cell


def waves(cells: Mapping[int, Cell], edges: Sequence[Edges], places: Ints) -> list[Cell] | None:
    """The cells cut into batches, in order. None if no order serves all rounds of the loops around."""
    depth = _depths(cells, edges, places)
    if depth is None:
        return None
    found = []
    for number, cell in cells.items():
        own = depth[number]
        order = np.argsort(own, kind="stable")
        starts = np.flatnonzero(np.diff(own[order], prepend=-1))
        for part in np.split(order, starts[1:]):
            found.append((int(own[part[0]]), number, Cell(cell.piece, cell.rows[..., part])))
    return [cell for _, _, cell in sorted(found, key=lambda item: item[:2])]


def _depths(cells: Mapping[int, Cell], edges: Sequence[Edges], places: Ints) -> dict[int, Ints] | None:
    """For each cell the wave of each row: one more than the last wave that it needs."""
    starts = dict(zip(cells, np.cumsum([0, *(cell.count for cell in cells.values())]).tolist(), strict=False))
    total = sum(cell.count for cell in cells.values())
    readers = np.concatenate([starts[edge.consumer] + places[edge.readers] for edge in edges])
    read = np.concatenate([starts[edge.producer] + places[edge.read] for edge in edges])
    order = np.argsort(read, kind="stable")
    readers, ends = readers[order], np.concatenate([[0], np.cumsum(np.bincount(read, minlength=total))])
    waiting = np.bincount(readers, minlength=total)
    depth = np.zeros(total, np.int64)
    ready = np.flatnonzero(waiting == 0)
    done = 0
    while len(ready):
        done += len(ready)
        lengths = ends[ready + 1] - ends[ready]
        shifts = np.repeat(ends[ready] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        reached, times = np.unique(readers[np.arange(lengths.sum()) + shifts], return_counts=True)
        depth[reached] = depth[ready[0]] + 1
        waiting[reached] -= times
        ready = reached[waiting[reached] == 0]
    if done < total:
        return None
    return {number: depth[starts[number] : starts[number] + cell.count] for number, cell in cells.items()}
