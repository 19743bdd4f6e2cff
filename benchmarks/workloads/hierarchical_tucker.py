"""Hierarchical Tucker, written by hand: batched products, a level at a time.

Parameters are the leaves (d, n, r), the nodes of each level (d/2^l, r, r, r) and the top as a level of one node.
"""

from __future__ import annotations

import numpy as np

from benchmarks.case import Array, Parameters, Workload
from tncompile import Weights


def leaves(parameters: Parameters, x: Array) -> Array:
    """The states of the leaves, (d, batch, r)."""
    return x.swapaxes(0, 1) @ parameters[0]


def outer_product(parameters: Parameters, x: Array) -> Array:
    """At each level the outer product of neighbouring states, then one matrix product."""
    h = leaves(parameters, x)
    for node in parameters[1:]:
        pairs = (h[::2, :, :, None] * h[1::2, :, None]).reshape(len(node), len(x), -1)
        h = pairs @ node.reshape(len(node), -1, node.shape[3])
    return h[0]


def two_products(parameters: Parameters, x: Array) -> Array:
    """At each level a matrix product with one state, then for each sample a vector times a matrix."""
    h = leaves(parameters, x)
    for node in parameters[1:]:
        joined = h[::2] @ node.reshape(len(node), node.shape[1], -1)
        h = (h[1::2, :, None] @ joined.reshape(len(node), len(x), *node.shape[2:]))[:, :, 0]
    return h[0]


def parameters(weights: Weights) -> Parameters:
    """Leaves, then the nodes level by level, then the top."""
    d = len(weights["leaf"])
    levels = [
        np.stack([weights[f"node[{level}, {j}]"] for j in range(1, (d >> level) + 1)])
        for level in range(1, d.bit_length() - 1)
    ]
    return [weights["leaf"], *levels, weights["top"][None]]


def workload(name: str, batch: int, **sizes: int) -> Workload:
    """A hierarchical Tucker network at some sizes."""
    ways = {"outer product": outer_product, "two products": two_products}
    return Workload(name, "hierarchical_tucker", sizes, batch, parameters, ways)
