"""What has to be known about a network before it is drawn: which definitions are nodes of their own."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tncompile.draw.expansion.patterns import Apply, Leaf, Pattern, Value, leaves, parts_of, pattern_of
from tncompile.network import Extent, Network, RuleClass
from tncompile.source.records import record


@record
class Instance:
    """One member of a definition: its class, the row there, and the equation to read."""

    rule: RuleClass
    row: int
    pattern: Pattern


class Survey:
    """The members of a network and how they are used."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.tables = net.tables
        patterns = [pattern_of(rule, net.field == "complex") for rule in self.tables.classes]
        self._instances: dict[str, dict[int, Instance]] = {}
        for rule, pattern in zip(self.tables.classes, patterns, strict=True):
            of_name = self._instances.setdefault(rule.definition.name, {})
            of_name.update((p, Instance(rule, row, pattern)) for row, p in enumerate(rule.target.tolist()))
        self._uses = _count_uses(patterns)
        self._with_inputs = self._depending_on_inputs()
        self._reused = self._often_reused()

    def members(self, name: str) -> list[int]:
        """The positions of the members of a definition."""
        return sorted(self._instances[name])

    def instance(self, name: str, position: int) -> Instance:
        """A member of a definition."""
        return self._instances[name][position]

    def role(self, name: str) -> str:
        """``input``, ``weight``, ``constant`` or ``definition``."""
        return self.tables.tensors[name].role

    def subscripts(self, name: str, position: int) -> tuple[int, ...]:
        """The subscripts of a member."""
        return tuple(self.tables.tensors[name].members[position].tolist())

    def extents(self, name: str, position: int) -> tuple[Extent, ...]:
        """The axes of a member."""
        table = self.tables.tensors[name]
        return table.blocks[int(table.block_of[position])].shape

    def is_used(self, name: str, position: int) -> bool:
        """Whether a definition uses this member."""
        return self._uses[name, position] > 0

    def disappears(self, name: str, position: int) -> bool:
        """Whether a member of a definition is drawn as part of the one network around its only use."""
        if name in self.net.outputs or (name in self._reused and name in self._with_inputs):
            return False
        return self._uses[name, position] == 1 and not self.is_derived(name, position)

    def is_derived(self, name: str, position: int) -> bool:
        """Whether a definition stands for a weight: made of weights by functions, or used in several places."""
        if self._with_inputs:
            if name in self._with_inputs:
                return False
        elif self.tables.tensors[name].members.shape[1]:
            return False
        pattern = self.instance(name, position).pattern
        return self._uses[name, position] > 1 or any(isinstance(part, Apply) for part in parts_of(pattern))

    def _depending_on_inputs(self) -> frozenset[str]:
        """Names of the inputs and of all definitions that read them, directly or through others."""
        readers: dict[str, set[str]] = {}
        for rule in self.tables.classes:
            for use in rule.uses:
                readers.setdefault(use.use.name, set()).add(rule.definition.name)
        stack = [name for name, tensor in self.net.tensors.items() if tensor.role == "input"]
        found = set(stack)
        while stack:
            fresh = readers.get(stack.pop(), set()) - found
            found |= fresh
            stack += sorted(fresh)
        return frozenset(found)

    def _often_reused(self) -> frozenset[str]:
        """Names of definitions of which a quarter of the members, or more, are used several times."""
        several = Counter(name for (name, _), count in self._uses.items() if count > 1)
        found = []
        for name, instances in self._instances.items():
            own = sum(not isinstance(instance.pattern, Leaf | Value) for instance in instances.values())
            if 4 * several[name] >= max(1, own):
                found.append(name)
        return frozenset(found)


def _count_uses(patterns: list[Pattern]) -> Counter[tuple[str, int]]:
    """How often each member is used in what is drawn."""
    counts: Counter[tuple[str, int]] = Counter()
    for pattern in patterns:
        for leaf in leaves(pattern):
            positions, times = np.unique(leaf.table.positions, return_counts=True)
            for position, count in zip(positions.tolist(), times.tolist(), strict=True):
                counts[leaf.use.name, position] += count
    return counts
