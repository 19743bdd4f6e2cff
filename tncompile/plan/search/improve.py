"""Making a given path cheaper: small parts of its tree are brought into their best order, again and again."""

from __future__ import annotations

from tncompile.plan.search.contraction import Contraction, Path
from tncompile.plan.search.exact import exact_path
from tncompile.plan.search.tree import Tree

PART = 7  # arrays that are reordered at once; the time grows as 3^PART
ROUNDS = 4
MOST_PAIRS = 4000


def improved(problem: Contraction, path: Path, part: int = PART) -> Path:
    """A path that costs at most as much; each ``part`` arrays of its tree are in their best order."""
    cost = problem.path_cost(path)
    rounds = ROUNDS if len(path) <= MOST_PAIRS else 0
    for _ in range(rounds):
        candidate = _one_round(problem, path, part)
        new = problem.path_cost(candidate)
        if new >= cost * (1 - 1e-9):
            break
        path, cost = candidate, new
    return path


def _one_round(problem: Contraction, path: Path, part: int) -> Path:
    tree = Tree(problem, path)
    settled: set[int] = set()
    for top in range(tree.root, tree.leaves - 1, -1):
        if top not in settled:
            inner, leaves = _part(tree, top, part)
            settled.update(inner)
            if len(leaves) > 2:
                _reorder(tree, top, inner, leaves)
    return tree.path()


def _part(tree: Tree, top: int, size: int) -> tuple[list[int], list[int]]:
    """The nodes of a part of the tree below ``top``: those that are opened, and the arrays it is made from."""
    inner, leaves = [top], [tree.left[top], tree.right[top]]
    while len(leaves) < size:
        open_leaves = [leaf for leaf in leaves if leaf >= tree.leaves]
        if not open_leaves:
            break
        largest = max(open_leaves, key=lambda leaf: (tree.problem.elements(tree.labels[leaf]), leaf))
        leaves.remove(largest)
        leaves += (tree.left[largest], tree.right[largest])
        inner.append(largest)
    return inner, sorted(leaves)


def _reorder(tree: Tree, top: int, inner: list[int], leaves: list[int]) -> None:
    part = tree.problem.part([tree.labels[leaf] for leaf in leaves], tree.labels[top])
    # The free nodes are used again as names for what the new order makes.
    names = [*leaves, *sorted(set(inner) - {top}), top]
    path = exact_path(part)
    for (left, right), name, (_, _, _, result) in zip(
        path, names[len(leaves) :], part.steps(path), strict=True
    ):
        tree.left[name], tree.right[name], tree.labels[name] = names[left], names[right], result
