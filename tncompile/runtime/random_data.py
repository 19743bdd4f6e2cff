"""Random data in the form in which a model takes its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.codegen import is_array
from tncompile.network import Network
from tncompile.network.values.sets import unique

Array = npt.NDArray[Any]


def random_data(net: Network, rng: np.random.Generator, samples: int) -> dict[str, Any] | None:
    """Standard normal numbers for every input of a network, by name; None for a network without inputs."""
    found: dict[str, Any] = {}
    for name, tensor in net.tensors.items():
        if tensor.role == "input":
            table = net.tables.tensors[name]
            shapes = [
                tuple(extent.value for extent in table.blocks[b].shape) for b in table.block_of.tolist()
            ]
            found[name] = arranged(net, name, [normal(net, rng, (samples, *shape)) for shape in shapes])
    return found or None


def arranged(net: Network, name: str, arrays: Sequence[Array]) -> Any:
    """Members of an input, ``(samples, *axes)`` each, as a model takes them: one array for a box, else a list."""
    if not is_array(net, name):
        return list(arrays)
    members = net.tables.tensors[name].members
    box = tuple(len(unique(column)) for column in members.T)
    stacked = np.stack(arrays, axis=1)
    return stacked.reshape(stacked.shape[0], *box, *stacked.shape[2:])


def normal(net: Network, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal numbers, complex (in both parts) for a complex network."""
    real = rng.normal(size=shape)
    return real + 1j * rng.normal(size=shape) if net.field == "complex" else real
