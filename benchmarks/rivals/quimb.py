"""quimb: a `TensorNetwork` with the batch as a hyperindex, contracted with `auto-hq`; jitted by JAX where that is installed."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import Any

import quimb.tensor as qtn

from benchmarks.case import SCORE, Case
from benchmarks.rivals import NoWay, Ways
from benchmarks.rivals.einsum import Contraction, check_largest, contraction
from benchmarks.timing import Run


def ways(case: Case, kind: str) -> Ways:
    """On NumPy as it stands, and traced by JAX."""
    problem = contraction(case)
    found = {"NumPy": partial(scoring, problem)} if kind == SCORE else {}
    if find_spec("jax") is not None and problem.weights:
        found["JAX"] = partial(traced, problem, kind)
    if not found:
        raise NoWay("a weight stands in it several times, or JAX is not installed")
    return found


def network(problem: Contraction, arrays: list[Any]) -> Any:
    """The network of these arrays."""
    pairs = zip(arrays, problem.inputs, strict=True)
    return qtn.TensorNetwork([qtn.Tensor(array, labels) for array, labels in pairs], virtual=True)


def tree_of(problem: Contraction) -> Any:
    """The order, found once."""
    tree = network(problem, problem.arrays).contraction_tree(output_inds=problem.output, optimize="auto-hq")
    check_largest(float(tree.max_size()))
    return tree


def contracted(problem: Contraction, tree: Any, arrays: list[Any]) -> Any:
    """The scores."""
    return network(problem, arrays).contract(output_inds=problem.output, optimize=tree).data


def scoring(problem: Contraction) -> Run:
    """Contracted as it stands."""
    tree = tree_of(problem)
    return lambda: contracted(problem, tree, problem.arrays)


def traced(problem: Contraction, kind: str) -> Run:
    """The contraction under `jit`."""
    from benchmarks.rivals.jax import jitted

    tree = tree_of(problem)
    weights = [problem.arrays[place] for place in problem.weights]
    others = {i: array for i, array in enumerate(problem.arrays) if i not in set(problem.weights)}

    def score(parameters: list[Any], rest: dict[int, Any]) -> Any:
        arrays = rest | dict(zip(problem.weights, parameters, strict=True))
        return contracted(problem, tree, [arrays[i] for i in range(len(arrays))])

    return jitted(kind, score, weights, others)
