"""A path as a tree: nodes below the number of operands are leaves, every other joins two nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tncompile.plan.search.contraction import Contraction, Path


class Tree:
    """The tree of one path. ``labels[node]`` is what its array carries, ``costs[node]`` what it costs to make.

    Nodes may change their places; the root stays the last of them.
    """

    def __init__(self, problem: Contraction, path: Path) -> None:
        self.problem = problem
        self.leaves = len(problem.operands)
        self.left = [-1] * self.leaves + [left for left, _ in path]
        self.right = [-1] * self.leaves + [right for _, right in path]
        self.labels, self.costs = list(problem.operands), [0.0] * self.leaves
        for _, _, union, result in problem.steps(path):
            self.labels.append(result)
            self.costs.append(problem.pair_cost(union, result))

    @property
    def root(self) -> int:
        """The node of the whole product."""
        return len(self.left) - 1

    def path(self) -> Path:
        """The path again, sons before their fathers."""
        return path_of(self.left, self.right, self.leaves)


def path_of(left: Sequence[int], right: Sequence[int], leaves: int) -> Path:
    """The path of a tree whose last node is the root."""
    return path_to(len(left) - 1, lambda node: (left[node], right[node]), {n: n for n in range(leaves)})


def path_to(root: int, sons: Callable[[int], tuple[int, int]], leaves: Mapping[int, int]) -> Path:
    """The pairs that make ``root``; ``leaves`` are the operands among the nodes, with their numbers."""
    number = dict(leaves)
    pairs: list[tuple[int, int]] = []
    pending = [root]
    while pending:
        node = pending[-1]
        missing = [] if node in number else [son for son in sons(node) if son not in number]
        if missing:
            pending += missing
            continue
        pending.pop()
        if node not in number:
            left, right = sons(node)
            number[node] = len(leaves) + len(pairs)
            pairs.append((number[left], number[right]))
    return tuple(pairs)


def restricted(path: Path, leaves: int, kept: Sequence[int]) -> Path:
    """The path among some of the operands, as a path of these alone; every other leaf is cut off."""
    stands: dict[int, int] = {leaf: number for number, leaf in enumerate(kept)}
    pairs: list[tuple[int, int]] = []
    for number, (left, right) in enumerate(path, leaves):
        present = [stands[son] for son in (left, right) if son in stands]
        if len(present) == 2:
            pairs.append((present[0], present[1]))
            present = [len(kept) + len(pairs) - 1]
        if present:
            stands[number] = present[0]
    return tuple(pairs)
