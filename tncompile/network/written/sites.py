"""A rule's body with its choices made, and for each of its nodes the rows for which it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tncompile.network.syntax import Expr, Index, Loop, Use
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.written.arrays import stretches

Kind = Literal["product", "terms", "function", "finished", "over", "use", "value"]


@dataclass(eq=False)
class Slot:
    """One index of a use (or of the left side, or of an ``over``), without loops, for each row of its site.

    ``wires`` says which index each is: equal numbers are one index. They are given by `wires.connect`.
    """

    index: Index
    subscripts: Ints  # (rows, number of subscripts)
    wires: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def take(self, which: Ints) -> Slot:
        return Slot(self.index, self.subscripts[which], self.wires[which])


@dataclass(eq=False)
class Site:
    """A node of a body. Kinds: a ``product``; ``terms`` of a sum; a ``function`` of its children; a
    ``finished`` argument (a divisor); an ``over``; a ``use``; a ``value`` without indices.

    ``owner`` is the instance that each row belongs to (increasing), ``parent`` the row of the site
    around it. ``loops`` are, for a `Reduce`, those of each child. ``positions`` of a use are the members,
    ``slots`` its indices; the slots of an ``over`` are the indices it sums.
    """

    kind: Kind
    node: Expr
    rows: Rows
    owner: Ints
    parent: Ints
    children: Sequence[Site] = ()
    loops: Sequence[tuple[Loop, ...]] = ()
    positions: Ints | None = None
    slots: Sequence[Slot] = ()

    @property
    def name(self) -> str:
        """The tensor or definition that a use leads to."""
        assert isinstance(self.node, Use)
        return self.node.name

    def walk(self) -> Iterator[Site]:
        """This site and all below it, in reading order."""
        stack = [self]
        while stack:
            site = stack.pop()
            yield site
            stack.extend(reversed(site.children))

    def restrict(self, wanted: Ints) -> Site:
        """The same site for some of the instances, which are counted anew."""
        which = stretches(self.owner, wanted)
        renumbered = np.zeros(int(self.parent.max(initial=-1)) + 1, np.int64)
        return self._restrict(wanted, which, renumbered)

    def _restrict(self, wanted: Ints, which: Ints, renumbered: Ints) -> Site:
        places = np.zeros(len(self.owner), np.int64)
        places[which] = np.arange(len(which))
        counts = np.searchsorted(self.owner, wanted, "right") - np.searchsorted(self.owner, wanted, "left")
        return Site(
            self.kind,
            self.node,
            self.rows.take(which),
            np.repeat(np.arange(len(wanted)), counts),
            renumbered[self.parent[which]],
            [child._restrict(wanted, stretches(child.owner, wanted), places) for child in self.children],
            self.loops,
            None if self.positions is None else self.positions[which],
            [slot.take(which) for slot in self.slots],
        )
