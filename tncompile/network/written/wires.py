"""Which index is which: a number for each index of each instance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tncompile.network.values.rows import Ints
from tncompile.network.written.arrays import lexicographic_ranks
from tncompile.network.written.sites import Site, Slot


@dataclass(eq=False)
class _Place:
    """A slot, the row of the binder that each of its rows belongs to, and the number of that binder."""

    slot: Slot
    binder: Ints
    row: Ints


def connect(body: Site, free: Sequence[Slot], start: int) -> int:
    """Gives the slots of a body and of the left side their wires, numbers from ``start`` on; returns the next.

    An index is known by its name and its evaluated subscripts, within the instance or within the
    ``over`` that names it.
    """
    places: dict[tuple[str, int], list[_Place]] = defaultdict(list)
    for slot in free:
        _note(places, slot, np.zeros(len(slot.subscripts), np.int64), np.arange(len(slot.subscripts)))
    _visit(body, places)
    for alike in places.values():
        start = _number(alike, start)
    return start


def _note(places: dict[tuple[str, int], list[_Place]], slot: Slot, binder: Ints, row: Ints) -> None:
    places[slot.index.name, slot.subscripts.shape[1]].append(_Place(slot, binder, row))


def _visit(root: Site, places: dict[tuple[str, int], list[_Place]]) -> None:
    """Notes the slots of all sites below; a stack, so that the order is that of reading."""
    stack: list[tuple[Site, tuple[tuple[Site, int, Ints], ...]]] = [(root, ())]
    numbered = 0
    while stack:
        site, above = stack.pop()
        above = tuple((binder, number, rows[site.parent]) for binder, number, rows in above)
        if site.kind == "over":
            numbered += 1
            above = (*above, (site, numbered, np.arange(len(site.owner))))
            for slot in site.slots:
                _note(places, slot, np.full(len(site.owner), numbered), np.arange(len(site.owner)))
        for slot in site.slots if site.kind == "use" else ():
            binder, row = _bound(slot, site, above)
            _note(places, slot, binder, row)
        stack.extend((child, above) for child in reversed(site.children))


def _bound(slot: Slot, site: Site, above: Sequence[tuple[Site, int, Ints]]) -> tuple[Ints, Ints]:
    """The innermost ``over`` that names an index, for each row, and its row there; 0 is the rule itself."""
    binder, row = np.zeros(len(site.owner), np.int64), site.owner
    for over, number, rows in above:
        for named in over.slots:
            if named.index.name == slot.index.name and named.subscripts.shape == (
                len(over.owner),
                slot.subscripts.shape[1],
            ):
                same = (named.subscripts[rows] == slot.subscripts).all(axis=1)
                binder, row = np.where(same, number, binder), np.where(same, rows, row)
    return binder, row


def _number(places: Sequence[_Place], start: int) -> int:
    counts = [len(place.row) for place in places]
    columns = [
        np.concatenate([place.binder for place in places]),
        np.concatenate([place.row for place in places]),
    ]
    width = places[0].slot.subscripts.shape[1]
    subscripts = np.concatenate([place.slot.subscripts for place in places])
    ranks = lexicographic_ranks([*columns, *(subscripts[:, i] for i in range(width))], len(columns[0]))
    for place, part in zip(places, np.split(ranks, np.cumsum(counts)[:-1]), strict=True):
        place.slot.wires = start + part
    return start + int(ranks.max(initial=-1)) + 1
