"""The order in which a product of many factors is contracted: several searches, the cheapest result kept."""

from __future__ import annotations

from functools import lru_cache

from tncompile.plan.search.contraction import FEW, Contraction, Path
from tncompile.plan.search.elimination import eliminated
from tncompile.plan.search.exact import exact_path
from tncompile.plan.search.greedy import greedy
from tncompile.plan.search.portfolio import Portfolio

MOST_RANDOM = 120


def best_path(problem: Contraction) -> Path:
    count = len(problem.operands)
    if count <= 2:
        return ((0, 1),) if count == 2 else ()
    if count <= FEW:
        return exact_path(problem)
    written = in_order(problem)
    if not problem.objective.thorough:
        return min((written, eliminated(problem), greedy(problem)), key=problem.path_cost)
    return Portfolio(problem).run(written)


def in_order(problem: Contraction) -> Path:
    """The factors one after another, as the file has them."""
    count = len(problem.operands)
    return tuple((0 if i == 1 else count + i - 2, i) for i in range(1, count))
