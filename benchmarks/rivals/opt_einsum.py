"""opt_einsum, `auto-hq`, on NumPy; gradients through torch. The path is found beforehand."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import Any

import opt_einsum

from benchmarks.case import SCORE, Case
from benchmarks.rivals import NoWay, Ways
from benchmarks.rivals.einsum import Contraction, check_largest, contraction
from benchmarks.timing import Run


def ways(case: Case, kind: str) -> Ways:
    """One way."""
    problem = contraction(case)
    if kind == SCORE:
        return {"auto-hq, NumPy": partial(scoring, problem)}
    if find_spec("torch") is None or not problem.weights:
        raise NoWay("a weight stands in it several times, or torch is not installed")
    return {"auto-hq, torch": partial(differentiating, problem)}


def path_of(problem: Contraction) -> tuple[list[Any], Any]:
    """Labels between operands as opt_einsum wants them, and the path."""
    numbers = {label: number for number, label in enumerate(problem.sizes)}
    labels = [tuple(numbers[label] for label in one) for one in (*problem.inputs, problem.output)]
    operands = [part for pair in zip(problem.arrays, labels, strict=False) for part in pair]
    path, found = opt_einsum.contract_path(*operands, labels[-1], optimize="auto-hq")
    check_largest(float(found.largest_intermediate))
    return labels, path


def scoring(problem: Contraction) -> Run:
    """`contract` with the path."""
    labels, path = path_of(problem)
    operands = [part for pair in zip(problem.arrays, labels, strict=False) for part in pair]
    return lambda: opt_einsum.contract(*operands, labels[-1], optimize=path)


def differentiating(problem: Contraction) -> Run:
    """The same on arrays of torch."""
    from benchmarks.rivals.torch_operands import differentiated

    labels, path = path_of(problem)

    def contract(arrays: list[Any]) -> Any:
        operands = [part for pair in zip(arrays, labels, strict=False) for part in pair]
        return opt_einsum.contract(*operands, labels[-1], optimize=path)

    return differentiated(problem, contract)
