"""One product as a problem of contraction: operands, labels, extents, and what a sequence of pairs costs.

A set of labels is an integer whose bits are the labels. A *path* is a sequence of pairs: operands are
numbered 0, 1, ..., and each pair makes one more. A label leaves when the last operand that carries it
is absorbed (so hyperindices are summed once), unless it is free.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tncompile.plan.search.objective import DEFAULT, Objective

Path = tuple[tuple[int, int], ...]
Numbers = npt.NDArray[np.float64]

FEW = 10  # operands among which the search is exact
# A product that sums nothing is one multiplication, but takes as long as one that sums: it is bound by memory.
# A little more, so that of two orders which are alike the one that multiplies matrices first is taken.
OUTER_FLOPS = 2.01
MOST = 1e300  # no size counts as more, so that sums and differences of sizes stay finite
MANY_EXTENTS = 16  # different extents up to which labels are counted by extent
REMEMBERED = 1_000_000  # sets of labels whose size is kept


class Contraction:
    """The product of ``operands`` (sets of labels), summed over all labels but ``output``.

    ``sizes[label]`` is the extent of a label in each variant of the product, and ``counts`` how often
    each variant is computed: one path serves them all.
    """

    def __init__(
        self,
        operands: Sequence[int],
        output: int,
        sizes: Numbers,
        counts: Numbers,
        objective: Objective = DEFAULT,
    ) -> None:
        self.operands, self.output = tuple(operands), output
        self.sizes, self.counts, self.objective = sizes, counts, objective
        self.known: dict[int, float] = {}  # the elements of the sets of labels met

    def part(self, operands: Sequence[int], output: int) -> Contraction:
        """Another product with the same labels."""
        other = Contraction(operands, output, self.sizes, self.counts, self.objective)
        other.known, other.by_extent = self.known, self.by_extent
        return other

    @cached_property
    def key(self) -> Hashable:
        """Equal for problems that have the same solution."""
        numbers = self.sizes.shape, self.sizes.tobytes(), self.counts.tobytes()
        return self.operands, self.output, numbers, self.objective

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """How many operands carry each label."""
        found = [0] * len(self.sizes)
        for operand in self.operands:
            for label in bits(operand):
                found[label] += 1
        return tuple(found)

    @cached_property
    def by_extent(self) -> tuple[tuple[int, float], ...]:
        """Labels of equal extents together, with that extent; each by itself where there are many extents."""
        extents = self.sizes[:, 0].tolist() if len(self.counts) == 1 else []
        found: dict[float, int] = {}
        for label, extent in enumerate(extents):
            found[extent] = found.get(extent, 0) | 1 << label
        return tuple((labels, extent) for extent, labels in found.items())

    def elements(self, labels: int) -> float:
        """Elements of an array with these labels, over all variants."""
        found = self.known.get(labels)
        if found is None:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            try:
                found = min(self._product(labels), MOST)
            except OverflowError:
                found = MOST
            self.known[labels] = found
        return found

    def _product(self, labels: int) -> float:
        if not 0 < len(self.by_extent) <= MANY_EXTENTS:
            with np.errstate(over="ignore"):
                return float(self.sizes[bits(labels)].prod(axis=0) @ self.counts)
        size = float(self.counts[0])
        for some, extent in self.by_extent:
            size *= extent ** (labels & some).bit_count()
        return size

    def written(self, labels: int) -> float:
        """What it counts to write an array with these labels, before the weight of writes."""
        elements = self.elements(labels)
        if self.objective.power == 1.0:
            return elements
        return float(min(elements, MOST ** (1 / self.objective.power)) ** self.objective.power)

    def pair_cost(self, union: int, result: int) -> float:
        """What it costs to make an array with labels ``result`` from two that have ``union`` together."""
        flops = self.elements(union) * (OUTER_FLOPS if union == result else 2.0)
        return self.objective.flops * flops + self.objective.writes * self.written(result)

    def path_cost(self, path: Path) -> float:
        """What a whole path costs."""
        return sum(self.pair_cost(union, result) for _, _, union, result in self.steps(path))

    def steps(self, path: Path) -> Iterable[tuple[int, int, int, int]]:
        """For each pair of a path the two operands, all labels of the two, and the labels that stay."""
        remaining = list(self.owners)
        arrays = list(self.operands)
        for left, right in path:
            union = arrays[left] | arrays[right]
            result = union
            for label in bits(union):
                remaining[label] -= (arrays[left] >> label & 1) + (arrays[right] >> label & 1)
                if remaining[label] == 0 and not self.output >> label & 1:
                    result &= ~(1 << label)
                else:
                    remaining[label] += 1
            arrays.append(result)
            yield left, right, union, result


def contraction(
    operands: Sequence[Iterable[Hashable]],
    output: Iterable[Hashable],
    extents: Mapping[Hashable, Numbers],
    counts: Numbers,
    objective: Objective = DEFAULT,
) -> Contraction:
    """A `Contraction` from labels of any kind, without those that cannot matter to the order.

    Labels of extent 1 leave. Labels that every operand carries only make every step dearer alike: free
    ones (the batch) leave too, and among many operands, where greedy searches would be misled, all.
    """
    carried = [set(operand) for operand in operands]
    common = set.intersection(*carried) if carried else set()
    if len(carried) <= FEW:
        common &= set(output)
    everywhere = set().union(*carried)
    scale = counts.astype(np.float64)
    kept: dict[Hashable, int] = {}
    for label, extent in extents.items():
        if label in common and len(carried) > 1:
            scale = scale * extent
        elif label in everywhere and (extent != 1).any():
            kept[label] = len(kept)
    sizes = np.array([extents[label] for label in kept], np.float64).reshape(len(kept), len(scale))
    masks = [sum(1 << kept[label] for label in operand if label in kept) for operand in carried]
    free = sum(1 << kept[label] for label in set(output) if label in kept)
    return Contraction(masks, free, *_distinct(sizes, scale), objective)


def _distinct(sizes: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """Variants whose extents agree, counted together."""
    if len(counts) < 2:
        return sizes, counts
    variants, which = np.unique(sizes, axis=1, return_inverse=True)
    summed = np.bincount(which.reshape(-1), weights=counts, minlength=variants.shape[1])
    return variants, summed.astype(np.float64)


def bits(labels: int) -> list[int]:
    """The labels of a set, ascending."""
    found = []
    while labels:
        lowest = labels & -labels
        found.append(lowest.bit_length() - 1)
        labels ^= lowest
    return found
