"""Which summed indices promise most where a plan needs too much memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from tncompile.network import Index, Network
from tncompile.plan.peak import alive_at_peak, element_count
from tncompile.plan.schedule import Buffer, Schedule
from tncompile.source.records import record
from tncompile.transform import Summed, linear_in, summed_indices
from tncompile.transform.dependence import Members

Member = tuple[str, tuple[int, ...]]  # a name and its subscripts
ASKED = 1000  # members: of so many at once it is asked whether the outputs are linear in them


@record(eq=False)
class Promise:
    """A summed index, and how many elements fewer are alive at the peak if each slice has one value of it."""

    summed: Summed
    saved: float


@record(eq=False)
class _Alive:
    """An array alive at the peak: how many of its elements are there for which member. Those of which that is not known
    count for ``anybody``."""

    held: Mapping[Member, float]
    anybody: float


def promises(net: Network, selectors: Sequence[str], schedule: Schedule) -> list[Promise]:
    """All indices that ``net`` sums, by what slices of them would save; ``schedule`` computes it for one sample.

    Where two save the same, a rule without loops comes first, as it stays one rule, and of a rule with loops the ends, as
    the loops then stay one nest.
    """
    alive = _alive(schedule, {definition.name for definition in net.definitions})
    tables = net.tables.tensors
    ends: dict[int, tuple[int, int]] = {}
    for one in net.tables.classes:  # a rule may have several
        first, last = int(one.target.min()), int(one.target.max())
        known = ends.get(one.number, (first, last))
        ends[one.number] = min(first, known[0]), max(last, known[1])
    found: list[tuple[tuple[float, bool, int], Promise]] = []
    for summed in summed_indices(net, selectors):
        rule = net.definitions[summed.rule]
        member = rule.name, tuple(tables[rule.name].members[summed.member].tolist())
        held = sum(one.held.get(member, 0.0) + one.anybody for one in alive.get(summed.index, ()))
        saved = held * (1 - 1 / summed.extent.value)
        first, last = ends[summed.rule]
        inside = min(summed.member - first, last - summed.member)
        found.append(((-saved, bool(rule.loops), inside), Promise(summed, saved)))
    return [promise for _, promise in sorted(found, key=lambda pair: pair[0])]


def that_add_up(net: Network, found: Sequence[Promise]) -> Iterator[Promise]:
    """Those of members that the outputs of ``net`` are linear in. Of each index of a rule it is the first, as other
    instances promise no more."""
    seen: set[tuple[int, Index]] = set()
    for start in range(0, len(found), ASKED):
        part = found[start : start + ASKED]
        members = [(net.definitions[one.summed.rule].name, one.summed.member) for one in part]
        linear = linear_in(net, list(dict.fromkeys(members)))
        for member, promise in zip(members, part, strict=True):
            key = promise.summed.rule, promise.summed.index
            if member in linear and key not in seen:
                seen.add(key)
                yield promise


def _alive(schedule: Schedule, written: Collection[str]) -> Mapping[Index, Sequence[_Alive]]:
    """The arrays alive at the peak, by the indices that they carry.

    Those of definitions that are ``written`` in the network are not among them: what is a definition for itself is whole, and
    read in slices.
    """
    flat = schedule.network
    carried, owners = _carried(flat), _Owners(flat, written)
    found: dict[Index, list[_Alive]] = {}
    for name, times in alive_at_peak(schedule).items():
        buffer = schedule.buffers[name]
        primal = owners.primal(buffer.tensor) if buffer.tensor in carried else ""
        if primal not in carried or primal in written:
            continue
        one = owners.of(buffer, times * element_count(buffer))
        for index in carried[buffer.tensor]:
            found.setdefault(index, []).append(one)
    return found


class _Owners:
    """For which members of the network as it is written those of a flat one are steps between."""

    def __init__(self, flat: Network, written: Collection[str]) -> None:
        self.tables = flat.tables.tensors
        self.members = Members(flat)
        names = {
            self.members.starts[name] + place: (name, tuple(subscripts))
            for name in written
            if name in self.tables
            for place, subscripts in enumerate(self.tables[name].members.tolist())
        }
        self.found: list[frozenset[Member]] = [frozenset()] * self.members.count
        for node, above in reversed(self.members.in_order()):
            own = [names[node]] if node in names else [one for user in above for one in self.found[user]]
            self.found[node] = frozenset(own)

    def primal(self, tensor: str) -> str:
        """What a definition of a gradient is the adjoint of; any other itself."""
        found, own = self.tables.get(tensor.rpartition("_bar")[0]), self.tables[tensor]
        return found.name if found and found.members.shape[1] == own.members.shape[1] else tensor

    def of(self, buffer: Buffer, elements: int) -> _Alive:
        """Whose the ``elements`` of a buffer are. A loop writes members one after the other where it keeps only the last.

        What lies between the steps of a scaled schedule has no members that would say it.
        """
        if not buffer.members.size:
            return _Alive({}, elements)
        table, primal = self.tables[buffer.tensor], self.primal(buffer.tensor)
        members = table.members if buffer.rolling else table.members[buffer.members]
        share = elements if buffer.rolling else elements / len(members)
        held: dict[Member, float] = {}
        anybody = 0.0
        for place in self.tables[primal].find(members).tolist():
            owners = self.found[self.members.starts[primal] + place] if place >= 0 else ()
            for owner in owners:
                held[owner] = held.get(owner, 0.0) + share
            anybody += 0.0 if owners else share
        return _Alive(held, anybody)


def _carried(flat: Network) -> dict[str, frozenset[Index]]:
    """The indices on the left sides of each definition."""
    found: dict[str, set[Index]] = {}
    for definition in flat.definitions:
        found.setdefault(definition.name, set()).update(free.index for free in definition.indices)
    return {name: frozenset(indices) for name, indices in found.items()}
