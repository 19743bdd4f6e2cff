"""Tensor train, written by hand.

Three ways come to mind for the step h(b) = G(a, i, b) x(i) h(a): the outer product of h and x, then one
matrix product; one matrix product with the core, then the sum weighted by x; a matrix product for each
feature, scaled and added.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.case import Array, Parameters, Workload
from tncompile import Weights


def start(cores: Parameters, x: Array) -> Array:
    """The state after the first site, (batch, r)."""
    return x[:, 0] @ cores[0][0]


def outer(core: Array, features: Array, h: Array) -> Array:
    """One step: the outer product of state and data, then one matrix product."""
    pairs = (h[:, :, None] * features[:, None]).reshape(len(h), -1)
    return pairs @ core.reshape(-1, core.shape[2])


def weighted(core: Array, features: Array, h: Array) -> Array:
    """One step: one matrix product with the core, then the sum weighted by the data."""
    parts = (h @ core.reshape(core.shape[0], -1)).reshape(len(h), *core.shape[1:])
    return (parts * features[:, :, None]).sum(axis=1)


def by_feature(core: Array, features: Array, h: Array) -> Array:
    """One step: a matrix product for each feature, the state scaled before."""
    total = (features[:, :1] * h) @ core[:, 0]
    for i in range(1, core.shape[1]):
        total = total + (features[:, i : i + 1] * h) @ core[:, i]
    return total


STEPS = {"outer product": outer, "weighted sum": weighted, "by feature": by_feature}


def loop(step: Callable[[Array, Array, Array], Array], cores: Parameters, x: Array) -> Array:
    """Site by site."""
    h = start(cores, x)
    for k in range(1, len(cores)):
        h = step(cores[k], x[:, k], h)
    return h


def parameters(weights: Weights) -> Parameters:
    """A core (a, n, b) for each site."""
    return list(weights["G"])


def workload(name: str, batch: int = 256, **sizes: int) -> Workload:
    """A tensor train at some sizes."""
    by_hand = {way: partial(loop, step) for way, step in STEPS.items()}
    return Workload(name, "tensor_train", sizes, batch, parameters, by_hand)
