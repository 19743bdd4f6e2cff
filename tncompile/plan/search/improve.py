"""Making a given path cheaper: small parts of its tree are brought into their best order, again and again."""

from __future__ import annotations

from tncompile.plan.search.contraction import Contraction, Path
from tncompile.plan.search.exact import exact_path

PART = 7  # arrays that are reordered at once
ROUNDS = 4
MOST_PAIRS = 4000


def improved(problem: Contraction, path: Path) -> Path:
    """A path that costs at most as much; each part of `PART` arrays of its tree is in its best order."""
    cost = problem.path_cost(path)
    rounds = ROUNDS if len(path) <= MOST_PAIRS else 0
    for _ in range(rounds):
        candidate = _one_round(problem, path)
        new = problem.path_cost(candidate)
        if new >= cost * (1 - 1e-9):
            break
        path, cost = candidate, new
    return path


def _one_round(problem: Contraction, path: Path) -> Path:
    count = len(problem.operands)
    labels = list(problem.operands) + [result for _, _, _, result in problem.steps(path)]
    sons: dict[int, tuple[int, int]] = {count + i: pair for i, pair in enumerate(path)}
    settled: set[int] = set()
    for top in range(count + len(path) - 1, count - 1, -1):
        if top in settled or top not in sons:
            continue
        inner, leaves = _part(sons, labels, problem, top)
        settled.update(inner)
        if len(leaves) > 2:
            _reorder(problem, sons, labels, top, inner, leaves)
    return _as_path(sons, count, count + len(path) - 1)


def _part(
    sons: dict[int, tuple[int, int]], labels: list[int], problem: Contraction, top: int
) -> tuple[list[int], list[int]]:
    """The nodes of a part of the tree below ``top``: those that are opened, and the arrays it is made from."""
    inner, leaves = [top], list(sons[top])
    while len(leaves) < PART:
        open_leaves = [leaf for leaf in leaves if leaf in sons]
        if not open_leaves:
            break
        largest = max(open_leaves, key=lambda leaf: (problem.elements(labels[leaf]), leaf))
        leaves.remove(largest)
        leaves += sons[largest]
        inner.append(largest)
    return inner, sorted(leaves)


def _reorder(
    problem: Contraction,
    sons: dict[int, tuple[int, int]],
    labels: list[int],
    top: int,
    inner: list[int],
    leaves: list[int],
) -> None:
    part = Contraction(
        [labels[leaf] for leaf in leaves], labels[top], problem.sizes, problem.counts, problem.objective
    )
    # The free nodes are used again as names for what the new order makes.
    names = [*leaves, *sorted(set(inner) - {top}), top]
    path = exact_path(part)
    for (left, right), name, (_, _, _, result) in zip(
        path, names[len(leaves) :], part.steps(path), strict=True
    ):
        sons[name] = (names[left], names[right])
        labels[name] = result


def _as_path(sons: dict[int, tuple[int, int]], count: int, top: int) -> Path:
    path: list[tuple[int, int]] = []
    number = {leaf: leaf for leaf in range(count)}
    pending = [top]
    while pending:
        node = pending[-1]
        if node in number:
            pending.pop()
            continue
        missing = [son for son in sons[node] if son not in number]
        if missing:
            pending += missing
            continue
        left, right = sons[node]
        path.append((number[left], number[right]))
        number[node] = count + len(path) - 1
    return tuple(path)
