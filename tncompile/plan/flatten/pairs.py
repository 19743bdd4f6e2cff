"""The steps of one contraction: pair by pair, each an operation, all but the last with a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tncompile.network import Index, Ints
from tncompile.plan.flatten.terms import Inside, Leaf
from tncompile.plan.flatten.values import Frame, Operation
from tncompile.plan.search.contraction import FEW, Contraction, Path, contraction
from tncompile.plan.search.paths import best_path

if TYPE_CHECKING:
    from tncompile.plan.flatten.lower import Lowering

LOOP = "loop"  # the label of the loop that a product is summed over
Labels = tuple[Hashable, ...]


class Contractor:
    """Contracts uses over all wires that are not free, and over the rounds of ``loop``.

    ``in_loop`` says which uses depend on the loop; ``written`` is the order that the file suggests. The extents of all have a column for the rows of ``frame``.
    """

    def __init__(
        self,
        lowering: Lowering,
        frame: Frame,
        leaves: Sequence[Leaf],
        summed: Sequence[Index],
        loop: Inside | None,
        in_loop: Sequence[bool],
        written: Path,
    ) -> None:
        self.written = written
        self.lowering, self.frame, self.loop = lowering, frame, loop
        self.leaves = list(leaves)
        self.labels = [
            (*leaf.use.indices, LOOP) if inner else leaf.use.indices
            for leaf, inner in zip(leaves, in_loop, strict=True)
        ]
        self.labels = [tuple(dict.fromkeys(labels)) for labels in self.labels]
        self.extents = _label_extents(leaves, loop, frame)
        self.free = {label for labels in self.labels for label in labels} - set(summed) - {LOOP}
        self.remaining = Counter(label for labels in self.labels for label in labels)
        self.hints: list[tuple[str, ...]] = [(leaf.use.name,) for leaf in leaves]
        self.origins = list(range(len(leaves)))  # the first factor that each array is made from
        order = [*lowering.group.free, *(label for labels in self.labels for label in labels)]
        self.rank = {label: place for place, label in enumerate(dict.fromkeys(order))}

    def run(self) -> Leaf | Operation:
        """The last step, or the one use there is."""
        if len(self.leaves) == 1:
            kept = self.kept(0)
            return self.leaves[0] if kept == self.labels[0] else self.operation([0], self.by_rank(kept))
        private, path = self.plan()
        for place in private:
            self.reduce_alone(place)
        for number, pair in enumerate(path):
            operation = self.pair(*pair, self.partner(path, number))
            if number + 1 == len(path):
                break
            self.leaves.append(self.stored(operation, self.labels[-1]))
        return operation

    # --- the order ----------------------------------------------------------------------------

    def plan(self) -> tuple[list[int], Path]:
        """Which factors lose their private indices before anything else, and the path.

        Of few factors both are tried; among many, what is summed first is cheaper later.
        """
        private = [
            p
            for p in range(len(self.leaves))
            if any((self.extents[one] > 1).any() for one in self.private(p))
        ]
        best: tuple[float, list[int], Path] | None = None
        choices = [private] if len(self.leaves) > FEW or not private else [[], private]
        for chosen in choices:
            labels = [self.kept(place) if place in chosen else some for place, some in enumerate(self.labels)]
            problem = self.problem(labels, self.free)
            path = best_path(problem, self.written)
            cost = problem.path_cost(path)
            for place in chosen:
                cost += self.problem([self.labels[place], ()], self.kept(place)).path_cost(((0, 1),))
            if best is None or cost < best[0]:
                best = cost, chosen, path
        assert best is not None
        return best[1:]

    def problem(self, labels: Sequence[Labels], output: Iterable[Hashable]) -> Contraction:
        """These labels as a problem of contraction, over all rows of the frame."""
        counts = np.ones(self.frame.rows.count)
        floats = {label: column.astype(np.float64) for label, column in self.extents.items()}
        return contraction(labels, output, floats, counts, self.lowering.objective)

    def private(self, place: int) -> list[Hashable]:
        """The labels of a factor that no other carries and that are summed."""
        return [
            label for label in self.labels[place] if self.remaining[label] == 1 and label not in self.free
        ]

    def kept(self, place: int) -> Labels:
        private = self.private(place)
        return tuple(label for label in self.labels[place] if label not in private)

    def partner(self, path: Path, number: int) -> Labels:
        """The labels of the array that the result of a pair meets next, if that is made already."""
        result = len(self.leaves) if len(self.leaves) == len(self.labels) else len(self.labels)
        for pair in path[number + 1 :]:
            if result in pair:
                other = pair[0] if pair[1] == result else pair[1]
                return self.labels[other] if other < len(self.labels) else ()
        return ()

    # --- the steps ----------------------------------------------------------------------------

    def reduce_alone(self, place: int) -> None:
        """Sums the private indices of one factor."""
        kept = self.kept(place)
        operation = self.operation([place], self.by_rank(kept))
        for label in self.private(place):
            del self.remaining[label]
        self.labels[place] = kept
        self.leaves[place] = self.stored(operation, kept)

    def pair(self, left: int, right: int, partner: Labels) -> Operation:
        """Contracts two arrays."""
        left, right = sorted((left, right), key=lambda place: self.origins[place])
        self.remaining.subtract(label for label in self.labels[left] if label in self.labels[right])
        union = dict.fromkeys((*self.labels[left], *self.labels[right]))
        kept = tuple(label for label in union if self.remaining[label] > 1 or label in self.free)
        operation = self.operation([left, right], self.arranged(kept, partner))
        for label in union:
            if label not in kept:
                del self.remaining[label]
        self.labels.append(kept)
        self.hints.append(self.hints[left] + self.hints[right])
        self.origins.append(self.origins[left])
        return operation

    def arranged(self, kept: Labels, partner: Labels) -> Labels:
        """Axes in the order in which a matrix product with the partner wants them: what both keep (the
        batch), what is this one's alone, what is summed, in the order of the partner."""
        summed = [
            label
            for label in partner
            if label in kept and self.remaining[label] == 2 and label not in self.free
        ]
        shared = [label for label in kept if label in partner and label not in summed]
        own = [label for label in kept if label not in partner]
        return (*self.by_rank(shared), *self.by_rank(own), *summed)

    def by_rank(self, labels: Sequence[Hashable]) -> Labels:
        """Free indices first, in the order of the left side; then by where they stand first."""
        return tuple(sorted(labels, key=lambda label: self.rank[label]))

    def operation(self, places: Sequence[int], kept: Labels) -> Operation:
        leaves = tuple(self.leaves[place] for place in places)
        sums_loop = LOOP not in kept and any(LOOP in self.labels[place] for place in places)
        loops = self.loop.loops if self.loop is not None and sums_loop else ()
        wires = tuple(label for label in kept if isinstance(label, Index))
        hint = tuple(name for place in places for name in self.hints[place])
        extents = {wire: self.extents[wire] for wire in wires}
        return Operation(wires, extents, leaves, loops, hint=hint if len(places) > 1 else (*hint, "sum"))

    def stored(self, operation: Operation, kept: Labels) -> Leaf:
        """The result of a step, as a use; in the frame of the loop if it is not summed over that yet."""
        loop = self.loop
        if loop is None or LOOP not in kept:
            return self.lowering.store(operation, None, self.frame)
        wide = {wire: extent[loop.parent] for wire, extent in operation.extents.items()}
        leaf = self.lowering.store(replace(operation, extents=wide), None, self.frame.inside(loop))
        return replace(leaf, extents=tuple(operation.extents[wire] for wire in leaf.use.indices))


def _label_extents(leaves: Sequence[Leaf], loop: Inside | None, frame: Frame) -> Mapping[Hashable, Ints]:
    found: dict[Hashable, Ints] = {}
    for leaf in leaves:
        for wire, extent in zip(leaf.use.indices, leaf.extents, strict=True):
            found.setdefault(wire, extent)
    if loop is not None:
        found[LOOP] = np.bincount(loop.parent, minlength=frame.rows.count)
    return found
