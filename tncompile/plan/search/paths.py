"""The order in which a product of many factors is contracted: several searches, the cheapest result kept.

All are deterministic: seeds are fixed and effort is counted in trials, not in seconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from tncompile.plan.search.contraction import FEW, Contraction, Path, bits
from tncompile.plan.search.exact import exact_path
from tncompile.plan.search.improve import improved

MOST_RANDOM = 120  # factors up to which random searches are worth their time
MOST_ELIMINATED = 1500
TRIALS = 32


def best_path(problem: Contraction) -> Path:
    """A cheap path: the cheapest there is up to `FEW` factors, beyond that the best of several searches."""
    count = len(problem.operands)
    if count <= 2:
        return ((0, 1),) if count == 2 else ()
    if count <= FEW:
        return exact_path(problem)
    if not problem.objective.thorough:
        return min((eliminated(problem, fill=True), in_order(problem)), key=problem.path_cost)
    # Of equally cheap paths the first stays, so that the result does not hang on rounding.
    best, cost = improved(problem, in_order(problem)), float("inf")
    cost = problem.path_cost(best)
    for path in _candidates(problem):
        better = improved(problem, path)
        if problem.path_cost(better) < cost * (1 - 1e-9):
            best, cost = better, problem.path_cost(better)
    if count <= MOST_RANDOM:
        path = improved(problem, _annealed(problem, best))
        if problem.path_cost(path) < cost * (1 - 1e-9):
            best = path
    return best


def in_order(problem: Contraction) -> Path:
    """The factors one after another, as the file has them."""
    count = len(problem.operands)
    return tuple((0 if i == 1 else count + i - 2, i) for i in range(1, count))


def _candidates(problem: Contraction) -> Iterator[Path]:
    count = len(problem.operands)
    if count <= MOST_ELIMINATED:
        yield eliminated(problem, fill=True)
        yield eliminated(problem, fill=False)
    yield _greedy(problem)
    if count <= MOST_RANDOM:
        yield _random_greedy(problem)


def eliminated(problem: Contraction, fill: bool) -> Path:
    """Labels summed one by one: next the one whose removal joins fewest new pairs (or costs least)."""
    arrays = dict(enumerate(problem.operands))
    path: list[tuple[int, int]] = []
    number = len(problem.operands)
    open_labels = [label for label in range(len(problem.sizes)) if not problem.output >> label & 1]
    while open_labels:
        carriers = _carriers(arrays, open_labels)
        label = min(
            open_labels, key=lambda one: (*_elimination_cost(problem, carriers[one], arrays, fill), one)
        )
        open_labels.remove(label)
        number = _join(problem, arrays, carriers[label], path, number)
    _join(problem, arrays, list(arrays), path, number)
    return tuple(path)


def _carriers(arrays: dict[int, int], labels: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {label: [] for label in labels}
    for key, mask in arrays.items():
        for label in bits(mask):
            if label in found:
                found[label].append(key)
    return found


def _elimination_cost(
    problem: Contraction, carriers: Sequence[int], arrays: dict[int, int], fill: bool
) -> tuple[float, float]:
    union = 0
    for key in carriers:
        union |= arrays[key]
    size = float(problem.mean[bits(union)].prod())
    if not fill:
        return (size, 0.0)
    joined = {(a, b) for key in carriers for a in bits(arrays[key]) for b in bits(arrays[key]) if a < b}
    degree = len(bits(union))
    return (degree * (degree - 1) / 2 - len(joined), size)


def _join(
    problem: Contraction,
    arrays: dict[int, int],
    keys: Sequence[int],
    path: list[tuple[int, int]],
    number: int,
) -> int:
    """Contracts some arrays in pairs, the smallest first; returns the next number."""
    waiting = sorted(keys, key=lambda key: (float(problem.mean[bits(arrays[key])].prod()), key))
    while len(waiting) > 1:
        left, right = waiting.pop(0), waiting.pop(0)
        union = arrays.pop(left) | arrays.pop(right)
        needed = problem.output
        for mask in arrays.values():
            needed |= mask
        arrays[number] = union & needed
        path.append((left, right))
        waiting.insert(0, number)
        number += 1
    return number


# --- searches of others ------------------------------------------------------------------------


def _inputs(problem: Contraction) -> tuple[list[frozenset[str]], frozenset[str], dict[str, int]]:
    """The problem as opt_einsum and cotengra take it."""
    names = [f"i{label}" for label in range(len(problem.sizes))]
    inputs = [frozenset(names[label] for label in bits(mask)) for mask in problem.operands]
    output = frozenset(names[label] for label in bits(problem.output))
    return (
        inputs,
        output,
        {name: max(2, round(float(mean))) for name, mean in zip(names, problem.mean, strict=True)},
    )


def _greedy(problem: Contraction) -> Path:
    inputs, output, sizes = _inputs(problem)
    return _numbered(import_module("opt_einsum").paths.greedy(inputs, output, sizes), len(inputs))


def _random_greedy(problem: Contraction) -> Path:
    # opt_einsum seeds the global generator; it is put back as it was.
    state = random.getstate()
    try:
        inputs, output, sizes = _inputs(problem)
        search = import_module("opt_einsum").path_random.RandomGreedy(max_repeats=TRIALS, parallel=False)
        return _numbered(search(inputs, output, sizes, None), len(inputs))
    finally:
        random.setstate(state)


def _annealed(problem: Contraction, path: Path) -> Path:
    """cotengra's reconfiguration and annealing of a path."""
    cotengra = import_module("cotengra")  # loaded late: it takes a second
    inputs, output, sizes = _inputs(problem)
    ordered = [tuple(sorted(labels)) for labels in inputs]
    tree: Any = cotengra.ContractionTree.from_path(ordered, tuple(sorted(output)), sizes, ssa_path=path)
    tree.subtree_reconfigure_(minimize="flops", subtree_size=8)
    tree.simulated_anneal_(minimize="flops", numiter=20, tsteps=20, seed=1)
    return tuple((min(a, b), max(a, b)) for a, b in tree.get_ssa_path())


def _numbered(path: Sequence[Sequence[int]], count: int) -> Path:
    """From positions in a shrinking list to numbers; larger groups become pairs."""
    alive = list(range(count))
    pairs: list[tuple[int, int]] = []
    number = count
    for group in path:
        chosen = [alive[position] for position in sorted(group)]
        for key in chosen:
            alive.remove(key)
        while len(chosen) > 1:
            pairs.append((chosen.pop(0), chosen.pop(0)))
            chosen.insert(0, number)
            number += 1
        alive.append(chosen[0])
    while len(alive) > 1:
        pairs.append((alive.pop(0), alive.pop(0)))
        alive.insert(0, number)
        number += 1
    return tuple(pairs)
