"""Ranks in floating-point numbers, for functions that are no polynomials."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tncompile.expressivity.evaluation.evaluate import Probe, Unfolding
from tncompile.expressivity.evaluation.matrix import numerical_rank
from tncompile.expressivity.result import CutSides, Member
from tncompile.network import Network
from tncompile.source.records import record

FIRST_POINTS = 64
Numbers = npt.NDArray[np.float64]


@record
class Numerical:
    """The ranks at random weights, one for each seed, and the singular values of the first."""

    ranks: tuple[int, ...]
    seeds: tuple[int, ...]
    points: int
    singular_values: tuple[float, ...]


def numerical_ranks(
    net: Network, sides: CutSides, upper: int | None, grid: int | None, points: int, seed: int, samples: int
) -> Numerical:
    """The rank of the grid or of a probe in float64, for some random weights.

    Weights and points are normal; a grid of as many templates as an input has entries uses unit vectors.
    """
    seeds = tuple(range(seed, seed + samples))
    if grid is not None:
        unfolding = Unfolding(net, sides, grid)
        found = [numerical_rank(unfolding.value(0, _Normal(net, s, grid))) for s in seeds]
        return Numerical(tuple(r for r, _ in found), seeds, grid, found[0][1])
    probe = Probe(net, sides)
    count = min(points, FIRST_POINTS if upper is None else upper + 2)
    while True:
        found = [numerical_rank(probe.value(count, 0, _Normal(net, s, None))) for s in seeds]
        if max(rank for rank, _ in found) < count or count == points:
            return Numerical(tuple(r for r, _ in found), seeds, count, found[0][1])
        count = min(points, 2 * count)


class _Normal:
    """Normal numbers for every member, the same for the same seed; templates are shared by the members of an input."""

    def __init__(self, net: Network, seed: int, grid: int | None) -> None:
        self._inputs = {name for name, tensor in net.tensors.items() if tensor.role == "input"}
        self._rng = np.random.default_rng(seed)
        self._grid = grid
        self._templates: dict[tuple[str, tuple[int, ...]], Numbers] = {}

    def __call__(self, member: Member, shape: tuple[int, ...]) -> Numbers:
        if self._grid is None or member[0] not in self._inputs:
            return self._rng.standard_normal(shape)
        key = member[0], shape
        if key not in self._templates:
            square = len(shape) == 2 and shape[1] == self._grid
            self._templates[key] = np.eye(self._grid) if square else self._rng.standard_normal(shape)
        return self._templates[key]
