"""A gradient checker: compiled rules against central differences of the reference evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tests.reference import evaluate
from tests.reference.written import Arrays
from tncompile.network import Network
from tncompile.transform.adjoint.gradient import gradient

WIDTH = 2e-3


def random_arrays(net: Network, names: Iterable[str], seed: int = 0) -> Arrays:
    """Normal numbers of half a unit (complex ones in a complex network) for every member of some tensors or definitions."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {}
    for name in names:
        table = net.tables.tensors[name]
        arrays[name] = {}
        for member, block in zip(table.members.tolist(), table.block_of.tolist(), strict=True):
            shape = [extent.value for extent in table.blocks[block].shape]
            value = 0.5 * rng.normal(size=shape)
            if net.field == "complex":
                value = value + 0.5j * rng.normal(size=shape)
            arrays[name][tuple(member)] = value
    return arrays


def inner(left: dict[tuple[int, ...], np.ndarray], right: dict[tuple[int, ...], np.ndarray]) -> float:
    """``Re(sum of conj(left) * right)`` over all members."""
    return float(sum(np.real(np.vdot(left[member], right[member])) for member in left))


def loss(net: Network, arrays: Arrays, cotangents: Arrays) -> float:
    """The scalar that cotangents make of the outputs."""
    results = evaluate(net, arrays)
    return sum(inner(cotangents[name], results[name]) for name in cotangents)


def assert_slopes(
    flat: Network,
    wrt: Iterable[str] | None = None,
    outputs: Iterable[str] | None = None,
    seed: int = 0,
    scale: float = 1.0,
) -> Network:
    """Holds the gradient of a flat network to central differences, tensor by tensor; returns the gradient."""
    declared = [name for name, tensor in flat.tensors.items() if tensor.role != "constant"]
    results = list(flat.outputs if outputs is None else outputs)
    arrays = random_arrays(flat, declared, seed)
    cotangents = random_arrays(flat, results, seed + 1)
    derived = gradient(flat, wrt, outputs)
    bars = [n for n, tensor in derived.tensors.items() if tensor.role == "input" and n not in flat.tensors]
    found = evaluate(derived, {**arrays, **dict(zip(bars, cotangents.values(), strict=True))})
    for name in results:
        for member, value in evaluate(flat, arrays)[name].items():
            np.testing.assert_allclose(found[name][member], value, rtol=1e-12, atol=1e-12)
    new = [name for name in derived.outputs if name not in flat.outputs]
    asked = [name.removesuffix("_bar") for name in new] if wrt is None else list(wrt)
    for name, bar in zip(asked, new, strict=True):
        direction = random_arrays(flat, [name], seed + 2)[name]
        slope = central_difference(flat, arrays, cotangents, name, direction)
        claimed = scale * inner(found[bar], direction)
        assert abs(slope - claimed) <= 1e-9 * max(1.0, abs(slope)), (name, slope, claimed)
    return derived


def central_difference(
    net: Network,
    arrays: Arrays,
    cotangents: Arrays,
    name: str,
    direction: dict[tuple[int, ...], np.ndarray],
    width: float = WIDTH,
) -> float:
    """The slope of the loss along a direction, by differences of sixth order."""
    slope = 0.0
    for step, weight in ((1, 45), (2, -9), (3, 1)):
        for sign in (1, -1):
            moved = {m: value + sign * step * width * direction[m] for m, value in arrays[name].items()}
            slope += sign * weight * loss(net, {**arrays, name: moved}, cotangents)
    return slope / (60 * width)


def jax_gradient(net: Network, arrays: Arrays, cotangents: Arrays, names: Iterable[str]) -> Arrays:
    """The gradient of the loss by JAX, through the reference evaluation; conjugated to the convention here."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def scalar(asked: Arrays) -> Any:
        results = evaluate(net, {**arrays, **asked}, jax.numpy)
        return sum(
            jax.numpy.real(jax.numpy.vdot(value, results[name][member]))
            for name, members in cotangents.items()
            for member, value in members.items()
        )

    found = jax.grad(scalar)({name: arrays[name] for name in names})
    return {name: {member: np.conj(value) for member, value in found[name].items()} for name in names}
