"""NumPy by hand: the natural loops, and their way back written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.case import SCORE, Array, Case, Parameters
from benchmarks.rivals import NoWay, Ways
from benchmarks.timing import Run
from benchmarks.workloads import hierarchical_tucker, tensor_train

Gradient = tuple[Array, list[Array]]


def ways(case: Case, kind: str) -> Ways:
    """What the workload has by hand, or the gradients below."""
    if not case.workload.by_hand:
        raise NoWay("not written by hand")
    known: Mapping[str, Callable[[Parameters, Array], Any]]
    known = case.workload.by_hand if kind == SCORE else GRADIENTS[case.workload.example]
    parameters, x = case.parameters, case.x

    def build(function: Callable[[Parameters, Array], Any]) -> Run:
        return partial(function, parameters, x)

    return {name: partial(build, function) for name, function in known.items()}


# --- tensor train -------------------------------------------------------------------------------------


def outer_gradient(cores: Parameters, x: Array) -> Gradient:
    """Outer products, kept for the way back."""
    h, kept, parts = tensor_train.start(cores, x), [], list(cores)
    for k in range(1, len(cores)):
        kept.append((h[:, :, None] * x[:, k, None]).reshape(len(x), -1))
        h = kept[-1] @ cores[k].reshape(-1, cores[k].shape[2])
    g = np.ones_like(h)
    for k in range(len(cores) - 1, 0, -1):
        matrix = cores[k].reshape(-1, cores[k].shape[2])
        parts[k] = kept[k - 1].T @ g
        back = (g @ matrix.T).reshape(len(x), *cores[k].shape[:2])
        g = (back @ x[:, k, :, None])[:, :, 0]
    parts[0] = x[:, 0].T @ g
    return h, parts


def weighted_gradient(cores: Parameters, x: Array) -> Gradient:
    """Weighted sums, the states kept for the way back."""
    kept, parts = [tensor_train.start(cores, x)], list(cores)
    for k in range(1, len(cores)):
        kept.append(tensor_train.weighted(cores[k], x[:, k], kept[-1]))
    g = np.ones_like(kept[-1])
    for k in range(len(cores) - 1, 0, -1):
        spread = (x[:, k, :, None] * g[:, None]).reshape(len(x), -1)
        parts[k] = kept[k - 1].T @ spread
        g = spread @ cores[k].reshape(len(cores[k]), -1).T
    parts[0] = x[:, 0].T @ g
    return kept[-1], parts


def feature_gradient(cores: Parameters, x: Array) -> Gradient:
    """Features one by one, the states kept for the way back."""
    kept, parts = [tensor_train.start(cores, x)], list(cores)
    for k in range(1, len(cores)):
        kept.append(tensor_train.by_feature(cores[k], x[:, k], kept[-1]))
    g = np.ones_like(kept[-1])
    for k in range(len(cores) - 1, 0, -1):
        parts[k], total = np.empty_like(cores[k]), 0
        for i in range(cores[k].shape[1]):
            scaled = x[:, k, i, None] * g
            parts[k][:, i] = kept[k - 1].T @ scaled
            total = total + scaled @ cores[k][:, i].T
        g = total
    parts[0] = x[:, 0].T @ g
    return kept[-1], parts


# --- hierarchical Tucker --------------------------------------------------------------------------------


def ht_outer_gradient(parameters: Parameters, x: Array) -> Gradient:
    """Outer products, kept for the way back."""
    states, kept = [hierarchical_tucker.leaves(parameters, x)], []
    for node in parameters[1:]:
        h = states[-1]
        kept.append((h[::2, :, :, None] * h[1::2, :, None]).reshape(len(node), len(x), -1))
        states.append(kept[-1] @ node.reshape(len(node), -1, node.shape[3]))
    g, parts = np.ones_like(states[-1]), []
    for node, pairs, h in zip(parameters[:0:-1], kept[::-1], states[-2::-1], strict=True):
        parts.append(pairs.swapaxes(1, 2) @ g)
        back = g @ node.reshape(len(node), -1, node.shape[3]).swapaxes(1, 2)
        back = back.reshape(len(node), len(x), *node.shape[1:3])
        g = np.empty_like(h)
        g[::2] = (back @ h[1::2, :, :, None])[..., 0]
        g[1::2] = (h[::2, :, None] @ back)[:, :, 0]
    return states[-1][0], [x.transpose(1, 2, 0) @ g, *parts[::-1]]


def ht_two_gradient(parameters: Parameters, x: Array) -> Gradient:
    """Two products a level, the first kept for the way back."""
    states, halves = [hierarchical_tucker.leaves(parameters, x)], []
    for node in parameters[1:]:
        h = states[-1]
        joined = h[::2] @ node.reshape(len(node), node.shape[1], -1)
        halves.append(joined.reshape(len(node), len(x), *node.shape[2:]))
        states.append((h[1::2, :, None] @ halves[-1])[:, :, 0])
    g, parts = np.ones_like(states[-1]), []
    for node, half, h in zip(parameters[:0:-1], halves[::-1], states[-2::-1], strict=True):
        back = (h[1::2, :, :, None] * g[:, :, None]).reshape(len(node), len(x), -1)
        parts.append(h[::2].swapaxes(1, 2) @ back)
        below = np.empty_like(h)
        below[::2] = back @ node.reshape(len(node), node.shape[1], -1).swapaxes(1, 2)
        below[1::2] = (half @ g[:, :, :, None])[..., 0]
        g = below
    return states[-1][0], [x.transpose(1, 2, 0) @ g, *parts[::-1]]


# --- CP, deep recurrent circuit ---------------------------------------------------------------------------


def cp_gradient(parameters: Parameters, x: Array) -> Gradient:
    """Products over halves, kept for the way back."""
    factor, top = parameters
    kept = [x.swapaxes(0, 1) @ factor]
    while len(kept[-1]) > 1:
        half = len(kept[-1]) // 2
        kept.append(kept[-1][:half] * kept[-1][half:])
    scores = kept[-1][0] @ top
    g = np.broadcast_to(top.sum(axis=1), kept[-1].shape)
    for f in kept[-2::-1]:
        half = len(f) // 2
        g = np.concatenate([g * f[half:], g * f[:half]])
    top_part = np.repeat(kept[-1][0].sum(axis=0)[:, None], top.shape[1], axis=1)
    return scores, [x.transpose(1, 2, 0) @ g, top_part]


def rac_gradient(parameters: Parameters, x: Array) -> Gradient:
    """Layer by layer, forwards and back; the two factors of every state are kept."""
    *layers, out = parameters
    depth, kept, h = len(layers) // 2, [], x.swapaxes(0, 1)
    for inner, hidden in zip(layers[:depth], layers[depth:], strict=True):
        first, second = h @ inner.T, np.ones((len(h), len(x), len(inner)), h.dtype)
        states = np.empty_like(first)
        states[0] = first[0]
        for t in range(1, len(h)):
            np.matmul(states[t - 1], hidden.T, out=second[t])
            np.multiply(first[t], second[t], out=states[t])
        kept.append((h, first, second, states))
        h = states
    scores = h[-1] @ out.T
    above, inner_parts, hidden_parts = np.zeros_like(h), [], []
    above[-1] = out.sum(axis=0)
    for layer in range(depth - 1, -1, -1):
        below, first, second, states = kept[layer]
        for t in range(len(above) - 1, 0, -1):
            above[t - 1] += (above[t] * first[t]) @ layers[depth + layer]
        to_first, to_second = above * second, (above * first)[1:]
        inner_parts.append(np.tensordot(to_first, below, ((0, 1), (0, 1))))
        hidden_parts.append(np.tensordot(to_second, states[:-1], ((0, 1), (0, 1))))
        above = to_first @ layers[layer]
    top_part = np.repeat(h[-1].sum(axis=0)[None], len(out), axis=0)
    return scores, [*inner_parts[::-1], *hidden_parts[::-1], top_part]


GRADIENTS: dict[str, dict[str, Callable[[Parameters, Array], Gradient]]] = {
    "tensor_train": {
        "outer product": outer_gradient,
        "weighted sum": weighted_gradient,
        "by feature": feature_gradient,
    },
    "hierarchical_tucker": {"outer product": ht_outer_gradient, "two products": ht_two_gradient},
    "cp": {"halves": cp_gradient},
    "deep_rac": {"by layer": rac_gradient},
}
