"""The grid tensor: scores of all combinations of templates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tncompile.network import Axis, Index, Name, Network, Size, Statement, Tensor, Use
from tncompile.network.syntax.substitute import integer
from tncompile.network.verify import verify
from tncompile.source import UsageError
from tncompile.transform.context import Context
from tncompile.transform.dependence import Legs, carried_legs
from tncompile.transform.matrices.legs import Wiring, rewired


def grid(net: Network, count: int) -> Network:
    """The network with ``count`` templates for each input in the place of one sample.

    Every input gets a first axis of a new size `grid`. An output gets a free index for each input
    member that it depends on, in the order of the inputs in the file and of their members, before
    its own: so ``score()`` of inputs x[1] to x[3] becomes the tensor f(u[1], v[2], w[3]) of shape
    (count, count, count). Cuts are left out. Raises UsageError for a count below 1.
    """
    if count < 1:
        raise UsageError(f"a grid has at least 1 template, not {count}")
    context = Context(net)
    size = Size(context.names.fresh("grid"), default=integer(count))
    context.lists.append(size)
    wiring = Wiring(context, "g", carried_legs(net, one_leg_each(net)))

    def declare(tensor: Tensor) -> list[Statement]:
        return [replace(tensor, axes=(Axis(Name(size.name)), *tensor.axes))]

    def read(use: Use, _said: Collection[Index]) -> Use:
        return replace(use, indices=(*wiring.indices(use.name, use.subscripts), *use.indices))

    return verify(rewired(wiring, declare, read), after="grid")


def one_leg_each(net: Network) -> dict[str, list[Legs]]:
    """A leg for each input member, numbered from 1."""
    own: dict[str, list[Legs]] = {}
    number = 0
    for name, tensor in net.tensors.items():
        if tensor.role == "input":
            members = len(net.tables.tensors[name].members)
            own[name] = [(number + i + 1,) for i in range(members)]
            number += members
    return own
