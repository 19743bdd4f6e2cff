"""torch by hand: eager, mapped over samples, and compiled."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from benchmarks.case import SCORE, Array, Case, Parameters, Score
from benchmarks.rivals import NoWay, Ways
from benchmarks.timing import Run

COMPILED = (
    "BENCHMARKS_TORCH_COMPILE"  # torch.compile needs a C++ compiler and half a minute or more for each call
)
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))


def ways(case: Case, kind: str) -> Ways:
    """Each way of the workload, eager; the first of them for one sample under `vmap`, and, where asked for, compiled."""
    if not case.workload.by_hand:
        raise NoWay("not written by hand")
    found = {
        f"eager, {name}": partial(prepared, kind, function, case)
        for name, function in case.workload.by_hand.items()
    }
    name, function = next(iter(case.workload.by_hand.items()))
    found[f"vmap, {name}"] = partial(prepared, kind, over_samples(function), case)
    if os.environ.get(COMPILED):
        found[f"compiled, {name}"] = partial(prepared, kind, function, case, torch.compile)
    return found


def prepared(kind: str, function: Score, case: Case, compiler: Callable[[Any], Any] | None = None) -> Run:
    """A call that scores, or differentiates with `autograd.grad`."""
    parameters = [torch.from_numpy(array).clone().requires_grad_(kind != SCORE) for array in case.parameters]
    return call(kind, compiler(function) if compiler else function, parameters, torch.from_numpy(case.x))


def call(kind: str, function: Score, parameters: Parameters, x: Array) -> Run:
    """The call for parameters that want a gradient where that is asked for."""

    def scored() -> Array:
        with torch.inference_mode():
            return function(parameters, x)

    def differentiated() -> tuple[Array, list[Array]]:
        scores = function(parameters, x)
        return scores.detach(), list(torch.autograd.grad(scores.sum(), parameters))

    return scored if kind == SCORE else differentiated


def over_samples(function: Score) -> Score:
    """A batch as `vmap` over samples, each a batch of one."""

    def one(parameters: Parameters, sample: Array) -> Array:
        return function(parameters, sample[None])[0]

    return torch.func.vmap(one, in_dims=(None, 0))
