"""JAX by hand, jitted: scans and batched levels, the same unrolled, and for the rest of the zoo the definitions written out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.case import SCORE, Array, Case, Parameters
from benchmarks.rivals import Ways
from benchmarks.timing import Run
from benchmarks.workloads import tensor_train
from tests.reference import evaluate

Function = Callable[[Any, Any], Array]  # of parameters and data
UNROLLED = "unrolled"


def ways(case: Case, kind: str) -> Ways:
    """Loops as scans, and each way of the workload traced as it stands."""
    if not case.workload.by_hand:
        return {"written out": partial(written_out, case, kind)}
    parameters, x = case.parameters, case.x
    found = {
        f"{UNROLLED}, {name}": partial(jitted, kind, function, parameters, x)
        for name, function in case.workload.by_hand.items()
    }
    if case.workload.example == "tensor_train":
        stacked = [parameters[0], jnp.stack(parameters[1:-1]), parameters[-1]]
        found |= {
            f"scan, {name}": partial(jitted, kind, partial(train_scan, step), stacked, x)
            for name, step in tensor_train.STEPS.items()
        }
    if case.workload.example == "deep_rac":
        found["scan"] = partial(jitted, kind, circuit_scan, parameters, x)
    return found


def jitted(kind: str, function: Function, parameters: Any, x: Any) -> Run:
    """A traced and compiled function, parameters and data on the device beforehand."""
    arguments = jax.device_put((parameters, x))
    if kind == SCORE:
        scoring = jax.jit(function)
        return lambda: jax.block_until_ready(scoring(*arguments))

    def total(parameters: Any, x: Any) -> tuple[Array, Array]:
        scores = function(parameters, x)
        leaves = jax.tree.leaves(scores)
        return sum(jnp.sum(leaf) for leaf in leaves).real, scores

    @jax.jit
    def both(parameters: Any, x: Any) -> tuple[Any, list[Array]]:
        (_, scores), gradient = jax.value_and_grad(total, has_aux=True)(parameters, x)
        return scores, [part.conj() for part in gradient]  # the other convention; nothing for real numbers

    return lambda: jax.block_until_ready(both(*arguments))


def train_scan(step: Callable[..., Array], parameters: Parameters, x: Array) -> Array:
    """A tensor train: first and last core by themselves, a scan over the stacked cores between."""
    first, middle, last = parameters
    sites = x.swapaxes(0, 1)

    def body(h: Array, site: tuple[Array, Array]) -> tuple[Array, None]:
        return step(*site, h), None

    h, _ = jax.lax.scan(body, sites[0] @ first[0], (middle, sites[1:-1]))
    return step(last, sites[-1], h)


def circuit_scan(parameters: Parameters, x: Array) -> Array:
    """A deep recurrent circuit: for each layer the inputs of all steps at once, then a scan."""
    *layers, out = parameters
    depth, steps = len(layers) // 2, x.swapaxes(0, 1)
    for inner, hidden in zip(layers[:depth], layers[depth:], strict=True):
        inputs = steps @ inner.T

        def body(h: Array, features: Array, hidden: Array = hidden) -> tuple[Array, Array]:
            h = features * (h @ hidden.T)
            return h, h

        _, states = jax.lax.scan(body, inputs[0], inputs[1:])
        steps = jnp.concatenate([inputs[:1], states])
    return steps[-1] @ out.T


def written_out(case: Case, kind: str) -> Run:
    """The definitions instance by instance, each an einsum, over samples by `vmap`."""
    names = list(case.weights)
    places = [place(name) for name in names]
    batched = {name: by_member(case, name, values) for name, values in case.inputs.items()}

    def sample(parameters: Parameters, x: Any) -> Any:
        arrays: dict[str, Any] = dict(x)
        for (tensor, member), array in zip(places, parameters, strict=True):
            arrays.setdefault(tensor, {})[member] = array
        return evaluate(case.net, arrays, jnp)

    function = jax.vmap(sample, (None, 0)) if batched else sample
    return jitted(kind, function, [case.weights[name] for name in names], batched)


def place(name: str) -> tuple[str, tuple[int, ...]]:
    """A weight's name as tensor and member: ``node[1, 2]``, ``top``."""
    tensor, _, member = name.rstrip("]").partition("[")
    return tensor, tuple(map(int, member.split(","))) if member else ()


def by_member(case: Case, name: str, values: Any) -> dict[tuple[int, ...], Array]:
    """An input as its members, ``(batch, *axes)`` each."""
    members = [tuple(row) for row in case.net.tables.tensors[name].members.tolist()]
    if not isinstance(values, list):
        family = len(members[0])
        values = jnp.moveaxis(values.reshape(len(values), -1, *values.shape[1 + family :]), 1, 0)
    return dict(zip(members, values, strict=True))
