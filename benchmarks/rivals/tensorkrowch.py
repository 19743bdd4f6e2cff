"""TensorKrowch: `MPS` for the tensor train, `Tree` for hierarchical Tucker, traced beforehand."""

from __future__ import annotations

from functools import partial
from typing import Any

import tensorkrowch as tk
import torch

from benchmarks.case import SCORE, Array, Case
from benchmarks.rivals import NoWay, Ways
from benchmarks.rivals.torch import call
from benchmarks.timing import Run


def ways(case: Case, kind: str) -> Ways:
    """The model that TensorKrowch has for the network."""
    if case.workload.example not in MODELS or not case.workload.by_hand:
        raise NoWay("it has no such model")
    return {"as a model": partial(model, case, kind)}


def train(case: Case) -> Any:
    """`MPSLayer` with the classes as its last site: the core of an identity there changes nothing."""
    cores = [torch.from_numpy(core).clone() for core in case.parameters]
    cores[0] = cores[0][0]
    return tk.models.MPSLayer(tensors=[*cores, torch.eye(cores[-1].shape[2])], out_position=len(cores))


def tree(case: Case) -> Any:
    """`Tree`: the leaves are nodes with one child."""
    levels = case.parameters
    found = tk.models.Tree([len(level) for level in levels], [tuple(level.shape[1:]) for level in levels])
    for layer, level in zip(found.layers, levels, strict=True):
        for node, array in zip(layer, level, strict=True):
            node.tensor = torch.from_numpy(array).clone()
    return found


def train_parts(case: Case, stacks: list[Array]) -> list[Array]:
    """All cores lie in one stack, the first and the last padded."""
    (stack,) = stacks
    return [stack[0, :1], stack[1:-1], stack[-1, :, :, -case.parameters[-1].shape[2] :]]


def tree_parts(_: Case, stacks: list[Array]) -> list[Array]:
    """A stack for each level."""
    return stacks


MODELS = {"tensor_train": (train, train_parts), "hierarchical_tucker": (tree, tree_parts)}


def model(case: Case, kind: str) -> Run:
    """A traced model; its weights then lie in stacks."""
    maker, parts = MODELS[case.workload.example]
    network, x = maker(case), torch.from_numpy(case.x)
    network.trace(x[:1])
    stacks = [array for name, array in network.named_parameters() if "stack" in name]
    run = call(kind, lambda _, samples: network(samples), stacks, x)
    if kind == SCORE:
        return run

    def both() -> tuple[Array, list[Array]]:
        scores, gradient = run()
        return scores, parts(case, gradient)

    return both
