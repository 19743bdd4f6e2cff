"""The stretches of a network along which a state is only handed on, by one linear map after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod

import numpy as np
import numpy.typing as npt

from tncompile.network import Ints, Network, RuleClass
from tncompile.network.values.lookup import find_members
from tncompile.source.records import record
from tncompile.transform.chain.links import Kind, Links, links_of
from tncompile.transform.read import directly_read

Mask = npt.NDArray[np.bool_]

ONE_AFTER_ANOTHER = 3  # factors at the top of a tree: as vectors they take as many products, and smaller ones
SHORTEST = 4  # steps: fewer are as soon done one after the other
MOST = 8  # stretches of one network, the longest ones
RAGGED = 4  # how many times as many places as links may be looked at


@record(eq=False)
class Chain:
    """States of one definition that follow from one another, for several families side by side.

    The subscript number ``kind.place`` goes from ``first`` to ``last``, both included, in the direction of
    ``kind.step``; ``fibres`` (rows, subscripts but that one) are the other subscripts. Nothing else reads these
    states but the last. ``links`` hold all of them, and maybe more.
    """

    name: str
    kind: Kind
    first: int
    last: int
    fibres: Ints
    links: tuple[Links, ...]

    @property
    def count(self) -> int:
        """The steps of one family."""
        return abs(self.last - self.first) + 1

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells the chain from others of the network: its definition, and between which subscripts it runs."""
        return self.name, self.first, self.last

    def holds(self, members: Ints) -> Mask:
        """Which members (rows of subscripts) are states of the chain."""
        low, high = min(self.first, self.last), max(self.first, self.last)
        along = members[:, self.kind.place]
        rest = np.delete(members, self.kind.place, axis=1)
        found: Mask = (low <= along) & (along <= high) & (find_members(self.fibres, rest) >= 0)
        return found

    @property
    def width(self) -> int:
        """The rows, and the columns, of a transfer matrix."""
        pairs = zip(self.kind.extents, self.kind.carried, strict=True)
        return prod(extent.value for extent, stays in pairs if not stays)

    @property
    def matrices(self) -> int:
        """How many matrices one step has: one for each family and for each value of the axes it depends on."""
        pairs = zip(self.kind.extents, self.kind.held, strict=True)
        return len(self.fibres) * prod(extent.value for extent, held in pairs if held)


def chains_of(net: Network) -> tuple[Chain, ...]:
    """The chains of a network of at least `SHORTEST` steps, in the order of its definitions."""
    groups: dict[tuple[str, Kind], list[Links]] = {}
    for name, classes in _candidates(net).items():
        for rule in classes:
            links = links_of(net, rule)
            if links is not None:
                groups.setdefault((name, links.kind), []).append(links)
    found = [chain for (name, kind), links in groups.items() for chain in _runs(net, name, kind, links)]
    longest = sorted(found, key=lambda chain: -chain.count)[:MOST]
    kept = {chain.key for chain in longest}
    return tuple(chain for chain in found if chain.key in kept)


def _candidates(net: Network) -> dict[str, list[RuleClass]]:
    """The classes of plain definitions that read themselves."""
    reads = directly_read(net.definitions)
    roles: dict[str, set[str]] = {}
    for definition in net.definitions:
        roles.setdefault(definition.name, set()).add(definition.role)
    recurrent = {name for name in reads if name in reads[name] and roles[name] == {"plain"}}
    classes: dict[str, list[RuleClass]] = {}
    for rule in net.tables.classes:
        if rule.definition.name in recurrent:
            classes.setdefault(rule.definition.name, []).append(rule)
    return classes


def _runs(net: Network, name: str, kind: Kind, links: Sequence[Links]) -> Iterator[Chain]:
    """The stretches that some links make, the same in all families.

    Nothing but the next link reads a state within, so no transfer matrix there can depend on one.
    """
    members = net.tables.tensors[name].members
    targets = np.concatenate([one.rule.target for one in links])
    along = members[targets, kind.place]
    rest = np.delete(members[targets], kind.place, axis=1)
    fibres, fibre = np.unique(rest, axis=0, return_inverse=True)
    start, width = int(along.min()), int(along.max() - along.min()) + 1
    if width * len(fibres) > RAGGED * len(targets):
        return
    linked: Mask = np.zeros((len(fibres), width), np.bool_)
    handed_on = linked.copy()
    linked[fibre.reshape(-1), along - start] = True
    handed_on[fibre.reshape(-1), along - start] = _readers(net, name)[targets] == 1
    everywhere, inside = np.all(linked, axis=0), np.all(handed_on, axis=0)
    if kind.step < 0:
        everywhere, inside = everywhere[::-1], inside[::-1]
    for begin, end in _stretches(everywhere, inside):
        if end - begin < SHORTEST:
            continue
        places = (begin, end - 1) if kind.step > 0 else (width - 1 - begin, width - end)
        yield Chain(name, kind, start + places[0], start + places[1], fibres, tuple(links))


def _stretches(linked: Mask, inside: Mask) -> Iterator[tuple[int, int]]:
    """From where to where (not included) links follow one another, each state but the last ``inside``."""
    joined = linked[:-1] & inside[:-1] & linked[1:]
    cuts = [0, *(np.flatnonzero(~joined) + 1).tolist(), len(linked)]
    yield from pairwise(cuts)


def _readers(net: Network, name: str) -> Ints:
    """How many uses read each member of a definition."""
    count = np.zeros(len(net.tables.tensors[name].members), np.int64)
    for rule in net.tables.classes:
        for used in rule.uses:
            if used.use.name == name:
                count += np.bincount(used.positions, minlength=len(count))
    return count
