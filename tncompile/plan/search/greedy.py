"""Orders made pair by pair, always the pair that looks best, maybe with some chance in it."""

from __future__ import annotations

import heapq
import math
import random

from tncompile.plan.search.contraction import Contraction, Path
from tncompile.plan.search.pool import Pool

INPUTS_WEIGHTS = (0.0, 2.0)  # how much the arrays that go may count against the one that comes
TEMPERATURES = (1e-3, 1.0)


def greedy(problem: Contraction, weight: float = 1.0, chance: random.Random | None = None) -> Path:
    """Next always the pair whose product is smallest, less ``weight`` times the two arrays that go.

    With ``chance`` the logarithms of these scores are shaken, by a temperature of its choice, so that each call
    gives another order (Gray, Kourtis 2021).
    """
    pool = Pool(problem)
    temperature = _spread(chance, TEMPERATURES) if chance is not None else 0.0
    heap: list[tuple[float, int, int]] = []

    def push(left: int, right: int) -> None:
        gain = problem.elements(pool.result(left, right)) - weight * (pool.size(left) + pool.size(right))
        if chance is not None:
            noise = -math.log(-math.log(chance.uniform(1e-12, 1.0 - 1e-12)))
            gain = math.copysign(math.log1p(abs(gain)), gain) - temperature * noise
        heapq.heappush(heap, (gain, left, right))

    for left in range(len(problem.operands)):
        for right in sorted(pool.neighbours(problem.operands[left])):
            if left < right:
                push(left, right)
    while heap:
        _, left, right = heapq.heappop(heap)
        if left in pool.arrays and right in pool.arrays:
            new = pool.join(left, right)
            for other in sorted(pool.neighbours(pool.arrays[new]) - {new}):
                push(other, new)
    pool.join_all(pool.arrays)
    return pool.path


def random_greedy(problem: Contraction, chance: random.Random) -> Path:
    """One order of many: weight and temperature are drawn too."""
    return greedy(problem, chance.uniform(*INPUTS_WEIGHTS), chance)


def _spread(chance: random.Random, ends: tuple[float, float]) -> float:
    """A number whose logarithm is uniform."""
    return math.exp(chance.uniform(math.log(ends[0]), math.log(ends[1])))
