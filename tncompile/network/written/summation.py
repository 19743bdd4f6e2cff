"""Where each index is summed: over the smallest product that holds all its occurrences.

All of this looks at one instance of a class, written out: every row of every inner loop counts as a
factor (or term) of its own. Wires are handled in bulk, as keys ``row * width + wire``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tncompile.network.values.rows import Ints
from tncompile.network.values.sets import common, union, unique, within, without
from tncompile.network.written.sites import Site, Slot

NONE = np.zeros(0, np.int64)


@dataclass(eq=False)
class Held:
    """What a site holds, as keys: all indices, those that two factors of it join (at a use: that stand twice),
    those joined anywhere inside, and those joined inside a function."""

    keys: Ints
    joined: Ints
    inside: Ints
    hidden: Ints


@dataclass(eq=False)
class Summation:
    """The sums of one instance: for each site the keys that are summed there.

    ``lone`` are indices that stand alone in what they would be summed over, ``ambiguous`` those that are joined
    inside a function and stand outside it too, ``unknown`` what an ``over`` names and its body lacks.
    """

    width: int
    held: dict[Site, Held] = field(default_factory=dict)
    placed: dict[Site, Ints] = field(default_factory=dict)
    lone: list[tuple[Site, Ints]] = field(default_factory=list)
    ambiguous: list[tuple[Site, Ints]] = field(default_factory=list)
    unknown: list[tuple[Site, Slot]] = field(default_factory=list)


def place_sums(root: Site, free: Ints, width: int) -> Summation:
    """Finds where the indices of an instance are summed; ``free`` are the wires of its left side."""
    result = Summation(width)
    _hold(root, result)
    _place(root, without(result.held[root].keys, free), result)
    return result


def lifted(keys: Ints, child: Site, width: int) -> Ints:
    """Keys of a child as keys of the site around it."""
    return child.parent[keys // width] * width + keys % width


def slot_keys(slot: Slot, width: int) -> Ints:
    """The keys of one slot, one for each row."""
    return np.arange(len(slot.wires)) * width + slot.wires


def _hold(site: Site, result: Summation) -> Held:
    width = result.width
    below = [(_hold(child, result), child) for child in site.children]

    def gather(part: Callable[[Held], Ints]) -> Ints:
        return unique(np.concatenate([NONE, *(lifted(part(held), child, width) for held, child in below)]))

    joined = NONE
    if site.kind == "use":
        keys, counts = _counted([slot_keys(slot, width) for slot in site.slots])
        joined = keys[counts > 1]
    elif site.kind == "product":
        keys, counts = _counted([lifted(held.keys, child, width) for held, child in below])
        joined = keys[counts > 1]
    else:
        keys = gather(lambda held: held.keys)
    if site.kind == "over":
        keys = _without_bound(site, keys, result)
    inside = gather(lambda held: held.inside)
    hidden = inside if _sees_finished_sums(site) else gather(lambda held: held.hidden)
    if site.kind == "product":
        inside = union(inside, joined)
    result.held[site] = Held(keys, joined, inside, hidden)
    return result.held[site]


def _counted(parts: list[Ints]) -> tuple[Ints, Ints]:
    return np.unique(np.concatenate([NONE, *parts]), return_counts=True)


def _sees_finished_sums(site: Site) -> bool:
    return site.kind in ("function", "finished") or (site.kind == "over" and site.node.op != "sum")  # type: ignore[attr-defined]


def _without_bound(site: Site, keys: Ints, result: Summation) -> Ints:
    for slot in site.slots:
        bound = slot_keys(slot, result.width)
        if not within(bound, keys).all():
            result.unknown.append((site, slot))
        keys = without(keys, bound)
    return keys


def _place(site: Site, keys: Ints, result: Summation) -> None:
    """Sums the keys at this site or further in."""
    if not len(keys):
        return
    held = result.held[site]
    if site.kind == "use":
        lone = without(keys, held.joined)
        if len(lone):
            result.lone.append((site, lone))
        result.placed[site] = keys
        return
    if site.kind == "product":
        here = common(keys, held.joined)
        twice = common(here, held.hidden)
        if len(twice):
            result.ambiguous.append((site, twice))
        result.placed[site] = here
        keys = without(keys, here)
    for child in site.children:
        own = result.held[child].keys
        _place(child, own[within(lifted(own, child, result.width), keys)], result)
