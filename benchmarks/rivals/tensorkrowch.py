"""TensorKrowch: `MPS` for the tensor train, `Tree` for hierarchical Tucker, traced beforehand."""

from __future__ import annotations

from functools import partial
from typing import Any

import tensorkrowch as tk
import torch

from benchmarks.case import Array, Case
from benchmarks.rivals import NoWay, Ways
from benchmarks.rivals.torch import call
from benchmarks.timing import Run


def ways(case: Case, kind: str) -> Ways:
    """The model that TensorKrowch has for the network."""
    makers = {"tensor_train": train, "hierarchical_tucker": tree}
    maker = makers.get(case.workload.example)
    if maker is None or not case.workload.by_hand:
        raise NoWay("it has no such model")
    return {"as a model": partial(model, case, kind, maker)}


def train(case: Case) -> tuple[Any, list[Any]]:
    """`MPSLayer` with the classes as its last site: the core of an identity there changes nothing."""
    cores = [torch.from_numpy(core).clone() for core in case.parameters]
    classes = torch.eye(cores[-1].shape[2])
    cores[0] = cores[0][0]
    layer = tk.models.MPSLayer(tensors=[*cores, classes], out_position=len(cores))
    nodes = [*layer.mats_env, layer.out_node]
    return layer, [node.tensor for node in nodes][: len(cores)]


def tree(case: Case) -> tuple[Any, list[Any]]:
    """`Tree`: the leaves are nodes with one child."""
    levels = case.parameters
    shapes = [tuple(level.shape[1:]) for level in levels]
    found = tk.models.Tree([len(level) for level in levels], shapes)
    for layer, level in zip(found.layers, levels, strict=True):
        for node, array in zip(layer, level, strict=True):
            node.tensor = torch.from_numpy(array).clone()
    return found, [node.tensor for layer in found.layers for node in layer]


def model(case: Case, kind: str, maker: Any) -> Run:
    """A traced model and its call."""
    network, parameters = maker(case)
    x = torch.from_numpy(case.x)
    network.trace(x[:1])

    def score(_: list[Array], samples: Array) -> Array:
        return network(samples)

    return call(kind, score, parameters, x)
