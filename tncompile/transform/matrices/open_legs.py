"""The weight tensor itself: the score with its inputs taken away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import (
    Choice,
    Compare,
    CutItem,
    Expr,
    Index,
    Logic,
    Multiply,
    Name,
    Network,
    Statement,
    Tensor,
    Use,
)
from tncompile.network.verify import verify
from tncompile.source import TnError
from tncompile.transform.build import ONE, use
from tncompile.transform.context import Context, loop_variables
from tncompile.transform.degrees import MIXED, output_degrees
from tncompile.transform.dependence import Legs, Members, carried_legs
from tncompile.transform.matrices.cuts import cut_members, find_cut
from tncompile.transform.matrices.features import as_inputs
from tncompile.transform.matrices.legs import Wiring, rewired
from tncompile.transform.members import named_family


def open_legs(net: Network, legs: str | Sequence[CutItem] | None = None) -> Network:
    """The network without some inputs: their indices become free indices of the outputs.

    ``legs`` is the name of a cut (both its sides are opened), or items as they stand in a cut;
    without it, all inputs are. Items may be definitions, which then count as the inputs. An output
    has the legs of the inputs that it depends on, in the order of the inputs in the file and of
    their members, before its own indices. Cuts are left out.

    Raises TnError where an output is not of degree 1 in one of the inputs: then there is no such tensor.
    """
    net, chosen = _chosen(net, legs)
    _check_degrees(net, chosen)
    own, axes = _legs(net, chosen)
    context = Context(net)
    wiring = Wiring(context, "leg", carried_legs(net, own), axes)
    opening = _Opening(wiring)

    def is_open(name: str, subscripts: Sequence[Expr]) -> bool | Expr:
        # As sizes are at least 1: 1 for open, 2 for closed.
        flags = np.array([1 if lists else 2 for lists in own[name]])
        if (flags == flags[0]).all():
            return bool(flags[0] == 1)
        return Compare((wiring.value(name, subscripts, flags, "open"), ONE), ("==",))

    def declare(tensor: Tensor) -> list[Statement]:
        family = named_family(context, tensor.family, set())[0]
        opened = is_open(tensor.name, [Name(variable) for variable in loop_variables(family)])
        if isinstance(opened, bool):
            return [] if opened else [tensor]
        assert isinstance(opened, Compare)
        closed: Expr = Compare(opened.operands, ("!=",))
        last = family[-1]
        condition = closed if last.condition is None else Logic("and", (last.condition, closed))
        return [replace(tensor, family=(*family[:-1], replace(last, condition=condition)))]

    def read(node: Use, said: Collection[Index]) -> Expr:
        opened = is_open(node.name, node.subscripts)
        if opened is False:
            return node
        wires = opening.wires(node, said)
        return wires if opened is True else Choice(wires, opened, node)

    return verify(rewired(wiring, declare, read), after="open_legs")


def _chosen(net: Network, legs: str | Sequence[CutItem] | None) -> tuple[Network, dict[str, list[int]]]:
    """The network with features as inputs, and the input members to be opened."""
    if legs is None:
        return net, {
            n: list(range(len(net.tables.tensors[n].members)))
            for n, t in net.tensors.items()
            if t.role == "input"
        }
    rows, columns = find_cut(net, legs)
    items = (*rows, *(columns or ()))
    net = as_inputs(net, [item.name for item in items])
    if isinstance(legs, str) and columns is None:
        # The other side of the cut is all other inputs.
        return _chosen(net, None)
    return net, cut_members(net, items)


def _check_degrees(net: Network, chosen: dict[str, list[int]]) -> None:
    members = Members(net)
    names = {
        members.starts[name] + position: _member_text(net, name, position)
        for name, positions in chosen.items()
        for position in positions
    }
    for (output, position), degrees in output_degrees(net, names).items():
        for number, degree in sorted(degrees.items()):
            if degree != 1:
                what = "is not a polynomial of one degree" if degree == MIXED else f"is of degree {degree}"
                raise TnError(
                    f"`{_member_text(net, output, position)}` {what} in `{names[number]}`: "
                    "it has no weight tensor, which needs degree 1 in each input",
                    net.source,
                )


def _member_text(net: Network, name: str, position: int) -> str:
    member = net.tables.tensors[name].members[position].tolist()
    return f"{name}[{', '.join(map(str, member))}]" if member else name


def _legs(net: Network, chosen: dict[str, list[int]]) -> tuple[dict[str, list[Legs]], list[int]]:
    """A leg for each chosen member in the order of the inputs, and how many axes each has."""
    own: dict[str, list[Legs]] = {}
    axes: list[int] = []
    for name, tensor in net.tensors.items():
        if tensor.role != "input":
            continue
        table = net.tables.tensors[name]
        own[name] = [()] * len(table.members)
        for position in chosen.get(name, ()):
            axes.append(len(table.blocks[int(table.block_of[position])].shape))
            own[name][position] = (len(axes),)
    return own, axes


class _Opening:
    """What stands in the place of inputs; constants of ones say the extents that only the inputs said."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.ones: dict[str, str] = {}  # input -> the constant of its shape

    def wires(self, node: Use, said: Collection[Index]) -> Expr:
        """Each index of an input joined with its leg; ``said`` are those whose extent something else says."""
        if any(index.loops for index in node.indices):
            raise TnError(
                f"the indices of `{node.name}` stand in a loop: write them out to open its legs",
                self.wiring.context.network.source,
            )
        legs = [self.wiring.leg(node.name, node.subscripts, axis) for axis in range(len(node.indices))]
        factors: list[Expr] = [
            use("delta", (), (leg, index)) for leg, index in zip(legs, node.indices, strict=True)
        ]
        if not set(node.indices) <= set(said):
            factors.append(use(self._ones(node.name), node.subscripts, legs))
        if len(factors) < 2:
            return factors[0] if factors else ONE
        return Multiply(tuple(factors), (False,) * len(factors))

    def _ones(self, name: str) -> str:
        if name not in self.ones:
            context = self.wiring.context
            tensor, self.ones[name] = context.network.tensors[name], context.names.fresh(f"{name}_ones")
            context.constants.append(replace(tensor, role="constant", name=self.ones[name], value=ONE))
        return self.ones[name]
