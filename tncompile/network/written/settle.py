"""Where the sums of an instance are written: at the sites where they are placed, or further out."""

from __future__ import annotations

import numpy as np

from tncompile.network.syntax import Index, Over, Reduce
from tncompile.network.values.rows import Ints
from tncompile.network.values.sets import union, within, without
from tncompile.network.written.sites import Site
from tncompile.network.written.summation import Summation, lifted, slot_keys


class NeedsWritingOut(Exception):
    """Rows of a loop sum different indices inside a function or a term: the loop must be written out."""

    def __init__(self, reduce: Reduce) -> None:
        self.reduce = reduce
        super().__init__("a loop must be written out")


def settle(root: Site, sums: Summation, outer: int) -> dict[Site, list[Index]]:
    """Moves sums outward where they cannot be written, and says the others.

    A sum at a single use moves to the product around it. Inside a loop an index must be one that all rows
    sum, said in the variables of the loop; what only some rows sum moves out of the loop. ``outer`` is the number of
    loop variables of the rule. Returns the indices to be summed at each site inside a loop.

    Raises
    ------
    NeedsWritingOut
        If a sum can neither be said nor moved.
    """
    said: dict[Site, list[Index]] = {}
    _settle(root, None, [], sums, outer, said)
    return said


def _settle(
    site: Site,
    around: Site | None,
    loops: list[Reduce],
    sums: Summation,
    outer: int,
    said: dict[Site, list[Index]],
) -> None:
    inside = [*loops, site.node] if isinstance(site.node, Reduce) else loops
    for child in site.children:
        _settle(child, site, inside, sums, outer, said)
    keys = sums.placed.get(site)
    if keys is None or not len(keys):
        return
    movable = around is not None and is_linear_in_each(around)
    if site.kind == "use" and movable:
        _move(site, around, keys, sums)
    elif len(site.rows.names) > outer:
        said[site], keys = _say(site, keys, sums.width)
        if len(keys) and not movable:
            raise NeedsWritingOut(loops[-1])
        _move(site, around, keys, sums)


def is_linear_in_each(site: Site) -> bool:
    """Whether a sum around a child may as well stand around the site."""
    return site.kind == "product" or (
        site.kind == "over" and isinstance(site.node, Over) and site.node.op == "sum"
    )


def _move(site: Site, around: Site | None, keys: Ints, sums: Summation) -> None:
    if around is None or not len(keys):
        return
    sums.placed[site] = without(sums.placed[site], keys)
    moved = lifted(keys, site, sums.width)
    sums.placed[around] = union(sums.placed.get(around, moved[:0]), moved)


def _say(site: Site, keys: Ints, width: int) -> tuple[list[Index], Ints]:
    """Indices, said in the variables of the loops, that in every row are among the keys; and the keys left over."""
    rows = len(site.owner)
    said: list[Index] = []
    for below in site.walk():
        for slot in below.slots if below.kind == "use" else ():
            if slot.index in said or not len(slot.wires):
                continue
            if len(below.rows.names) == len(site.rows.names) and len(below.owner) == rows:
                own = slot_keys(slot, width)
            elif not slot.index.subscripts:
                own = np.arange(rows) * width + slot.wires[0]
            else:
                continue
            if within(own, keys).all():
                said.append(slot.index)
                keys = without(keys, own)
    return said, keys
