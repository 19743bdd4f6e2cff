"""Deep recurrent arithmetic circuit, written by hand: for each layer the inputs of all steps at once, then a loop.

Parameters are WI (R, M or R) of each layer, WH (R, R) of each layer and WO (C, R).
"""

from __future__ import annotations

from benchmarks.case import Array, Parameters, Workload
from tncompile import Weights

NOISE = 0.05  # a score is a product of T^2 / 2 factors: with more it leaves the range of float32


def by_layer(parameters: Parameters, x: Array) -> Array:
    """Layer by layer; inside a layer step by step."""
    *layers, out = parameters
    depth = len(layers) // 2
    steps = list(x.swapaxes(0, 1))
    for inner, hidden in zip(layers[:depth], layers[depth:], strict=True):
        h = steps[0] @ inner.T
        states = [h]
        for features in steps[1:]:
            h = (features @ inner.T) * (h @ hidden.T)
            states.append(h)
        steps = states
    return steps[-1] @ out.T


def by_step(parameters: Parameters, x: Array) -> Array:
    """Step by step; inside a step layer by layer, the first layer's inputs at once beforehand."""
    *layers, out = parameters
    depth = len(layers) // 2
    first = x.swapaxes(0, 1) @ layers[0].T
    states: list[Array] = []
    for t in range(len(first)):
        features, before = first[t], states
        states = []
        for layer in range(depth):
            inner = features if layer == 0 else features @ layers[layer].T
            features = inner * (before[layer] @ layers[depth + layer].T) if before else inner
            states.append(features)
    return states[-1] @ out.T


def parameters(weights: Weights) -> Parameters:
    """Inner, hidden and output weights."""
    return [*weights["WI"], *weights["WH"], weights["WO"]]


def workload(name: str, batch: int, **sizes: int) -> Workload:
    """A deep recurrent arithmetic circuit at some sizes."""
    ways = {"by layer": by_layer, "by step": by_step}
    return Workload(name, "deep_rac", sizes, batch, parameters, ways, NOISE)
