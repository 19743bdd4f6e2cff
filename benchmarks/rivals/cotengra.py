"""cotengra as it comes (`optimize="auto"`), on NumPy; gradients through torch. The tree is found beforehand."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import Any

import cotengra

from benchmarks.case import SCORE, Case
from benchmarks.rivals import NoWay, Ways
from benchmarks.rivals.einsum import Contraction, check_largest, contraction
from benchmarks.timing import Run


def ways(case: Case, kind: str) -> Ways:
    """One way."""
    problem = contraction(case)
    if kind == SCORE:
        return {"auto, NumPy": partial(scoring, problem)}
    if find_spec("torch") is None or not problem.weights:
        raise NoWay("a weight stands in it several times, or torch is not installed")
    return {"auto, torch": partial(differentiating, problem)}


def tree_of(problem: Contraction) -> Any:
    """The tree of the default."""
    tree = cotengra.array_contract_tree(problem.inputs, problem.output, size_dict=problem.sizes)
    check_largest(float(tree.max_size()))
    return tree


def scoring(problem: Contraction) -> Run:
    """A contraction along the tree."""
    tree = tree_of(problem)
    return lambda: tree.contract(problem.arrays)


def differentiating(problem: Contraction) -> Run:
    """The same on arrays of torch."""
    from benchmarks.rivals.torch_operands import differentiated

    return differentiated(problem, tree_of(problem).contract)
