"""Marks in a row, as near as can be to where each would like to be, and no two in the same place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def spread(
    wanted: Sequence[float], widths: Sequence[float], weights: Sequence[float] | None = None
) -> list[float]:
    """Places for marks, given in order, with at least half of both widths between neighbours.

    The (weighted) squares of the distances from the wanted places are least: marks that get in each
    other's way move as one block (pool adjacent violators).
    """
    shifts = [0.0]
    for left, right in pairwise(widths):
        shifts.append(shifts[-1] + (left + right) / 2)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for place, shift, weight in zip(wanted, shifts, weights or [1.0] * len(wanted), strict=False):
        mean, mass, count = place - shift, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, other_mass, other_count = blocks.pop()
            mean = (mean * mass + other * other_mass) / (mass + other_mass)
            mass, count = mass + other_mass, count + other_count
        blocks.append((mean, mass, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + shift for mean, shift in zip(means, shifts, strict=False)]
