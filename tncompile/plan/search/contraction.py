"""One product as a problem of contraction: operands, labels, extents, and what a sequence of pairs costs.

A set of labels is an integer whose bits are the labels. A *path* is a sequence of pairs: operands are
numbered 0, 1, ..., and each pair makes one more. A label leaves when the last operand that carries it
is absorbed (so hyperindices are summed once), unless it is free.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Path = tuple[tuple[int, int], ...]
Numbers = npt.NDArray[np.float64]

FEW = 10  # operands among which the search is exact
WRITE_WEIGHT = 64.0  # an element written counts as many FLOPs: memory is what these networks wait for
# A product that sums nothing is one multiplication, but takes as long as one that sums: it is bound by memory.
# A little more, so that of two orders which are alike the one that multiplies matrices first is taken.
OUTER_FLOPS = 2.01


@dataclass(frozen=True)
class Objective:
    """What is made small: ``flops * FLOPs + writes * elements written``.

    Without ``thorough`` a good order found at once is enough, for what is computed only a few times.
    """

    flops: float = 1.0
    writes: float = WRITE_WEIGHT
    thorough: bool = True


DEFAULT = Objective()


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
        self._elements: dict[int, float] = {}

    @cached_property
    def mean(self) -> Numbers:
        """The extent of each label, averaged over the variants."""
        mean: Numbers = self.sizes @ self.counts / max(float(self.counts.sum()), 1.0)
        return mean

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """How many operands carry each label."""
        return tuple(
            sum(operand >> label & 1 for operand in self.operands) for label in range(len(self.sizes))
        )

    def elements(self, labels: int) -> float:
        """Elements of an array with these labels, over all variants."""
        found = self._elements.get(labels)
        if found is None:
            which = bits(labels)
            found = float(self.sizes[which].prod(axis=0) @ self.counts)
            self._elements[labels] = found
        return found

    def pair_cost(self, union: int, result: int) -> float:
        """What it costs to make an array with labels ``result`` from two that have ``union`` together."""
        flops = self.elements(union) * (OUTER_FLOPS if union == result else 2.0)
        return self.objective.flops * flops + self.objective.writes * self.elements(result)

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
    scale = counts.astype(np.float64)
    kept: dict[Hashable, int] = {}
    for label, extent in extents.items():
        if label in common and len(carried) > 1:
            scale = scale * extent
        elif (extent != 1).any() and any(label in operand for operand in carried):
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
