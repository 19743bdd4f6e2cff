"""Simulated annealing of a tree by rotations: (A B) C becomes (A C) B or (B C) A."""

from __future__ import annotations

import random
from collections.abc import Iterable

from tncompile.plan.search.contraction import OUTER_FLOPS, Path
from tncompile.plan.search.tree import Tree, path_of


def annealed(tree: Tree, coldness: Iterable[float], chance: random.Random) -> Path:
    """The cheapest order met; ``tree`` itself is changed.

    Each number of ``coldness`` is one round over all nodes. A rotation that makes its two products ``f`` times as
    dear is taken with probability ``f ** -coldness``.
    """
    best, left, right = sum(tree.costs), tree.left[:], tree.right[:]
    for exponent in coldness:
        _rotate_all(tree, exponent, chance)
        cost = sum(tree.costs)
        if cost < best:
            best, left, right = cost, tree.left[:], tree.right[:]
    return path_of(left, right, tree.leaves)


def _rotate_all(tree: Tree, coldness: float, chance: random.Random) -> None:
    """One round: at each node one rotation is tried. The inner loop of the search."""
    left, right, labels, costs, leaves = tree.left, tree.right, tree.labels, tree.costs, tree.leaves
    problem = tree.problem
    flops, writes = problem.objective.flops, problem.objective.writes
    elements, written, draw = problem.elements, problem.written, chance.random
    known = problem.known.get
    for node in range(leaves, len(left)):
        inner, outer = left[node], right[node]
        drawn = draw()
        if inner < leaves or (outer >= leaves and drawn < 0.5):
            inner, outer = outer, inner
        if inner < leaves:
            continue
        moved, stays = left[inner], right[inner]
        if 0.25 <= drawn < 0.75:
            moved, stays = stays, moved
        # What the new inner product keeps: only labels that the third array or the world around carries.
        beside = labels[stays]
        union = labels[moved] | labels[outer]
        result = union & (beside | labels[node])
        whole = result | beside
        first = flops * (known(union) or elements(union)) * (2.0 if union != result else OUTER_FLOPS)
        second = flops * (known(whole) or elements(whole)) * (2.0 if whole != labels[node] else OUTER_FLOPS)
        if writes:
            first += writes * written(result)
            second += writes * written(labels[node])
        old, new = costs[inner] + costs[node], first + second
        if new <= old or draw() < (old / new) ** coldness:
            left[inner], right[inner], labels[inner], costs[inner] = moved, outer, result, first
            left[node], right[node], costs[node] = inner, stays, second
