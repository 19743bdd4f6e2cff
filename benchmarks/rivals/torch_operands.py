"""Gradients of a contraction through torch, for the libraries that leave arrays to others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.case import GRADIENT
from benchmarks.rivals.einsum import Contraction
from benchmarks.rivals.torch import call
from benchmarks.timing import Run


def differentiated(problem: Contraction, contract: Callable[[list[Any]], Any]) -> Run:
    """A call for the scores and the gradient of their sum."""
    arrays = [torch.from_numpy(array).clone() for array in problem.arrays]
    parameters = [arrays[place].requires_grad_() for place in problem.weights]
    return call(GRADIENT, lambda _, all_arrays: contract(all_arrays), parameters, arrays)
