"""The matrix f(u_i, v_j): what the separation rank of a score is measured on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tncompile.network import (
    Axis,
    CutItem,
    Index,
    Item,
    ListExpr,
    Loop,
    Name,
    Network,
    Range,
    Size,
    Statement,
    Tensor,
    Use,
)
from tncompile.network.syntax.substitute import integer
from tncompile.network.verify import verify
from tncompile.source import TnError
from tncompile.transform.context import Context, loop_variables
from tncompile.transform.dependence import Legs, carried_legs
from tncompile.transform.matrices.cuts import Members, cut_members, find_cut
from tncompile.transform.matrices.features import as_inputs
from tncompile.transform.matrices.legs import Wiring, rewired
from tncompile.transform.members import named_family

ROWS, COLUMNS = 1, 2


def probe(
    net: Network,
    rows: str | Sequence[CutItem],
    columns: Sequence[CutItem] | None = None,
    counts: tuple[int, int] = (1, 1),
) -> Network:
    """The network on ``counts[0]`` samples of the inputs of the rows times ``counts[1]`` of those of the columns.

    ``rows`` is the name of a cut, or items of one; without columns these are all other inputs. Inputs
    of the rows get a first axis `samples[1]`, those of the columns `samples[2]`, and outputs the
    same axes first: the matrix f(u_i, v_j). Inputs in neither have none: they are held fixed.
    Items may be definitions, which then count as inputs. Cuts are left out. Raises TnError for a
    cut that is not there, or whose rows and columns share a member.
    """
    if isinstance(rows, str):
        rows, columns = find_cut(net, rows)
    names = [item.name for item in (*rows, *(columns or ()))]
    net, row_members = as_inputs(net, names), cut_members(net, rows)
    column_members = _others(net, row_members) if columns is None else cut_members(net, columns)
    own = _sides(net, row_members, column_members)
    context = Context(net)
    family = (Loop((), Range(integer(1), integer(2))),)
    samples = Size(context.names.fresh("samples"), family, ListExpr(tuple(integer(c) for c in counts)))
    context.lists.append(samples)
    wiring = Wiring(context, "w", carried_legs(net, own))

    def declare(tensor: Tensor) -> list[Statement]:
        family = named_family(context, tensor.family, set())[0]
        indices = wiring.indices(tensor.name, [Name(variable) for variable in loop_variables(family)])
        axes = tuple(Axis(Item(samples.name, (i.subscripts[0],)), loops=i.loops) for i in indices)
        return [replace(tensor, family=family, axes=(*axes, *tensor.axes))]

    def read(use: Use, _said: Collection[Index]) -> Use:
        return replace(use, indices=(*wiring.indices(use.name, use.subscripts), *use.indices))

    return verify(rewired(wiring, declare, read), after="probe")


def _others(net: Network, members: Members) -> dict[str, list[int]]:
    """All input members but some."""
    found: dict[str, list[int]] = {}
    for name, tensor in net.tensors.items():
        if tensor.role == "input":
            taken = set(members.get(name, ()))
            found[name] = [i for i in range(len(net.tables.tensors[name].members)) if i not in taken]
    return found


def _sides(net: Network, rows: Members, columns: Members) -> dict[str, list[Legs]]:
    """The side of each input member."""
    own: dict[str, list[Legs]] = {}
    for name, tensor in net.tensors.items():
        if tensor.role != "input":
            continue
        sides: list[Legs] = [()] * len(net.tables.tensors[name].members)
        for side, members in ((ROWS, rows), (COLUMNS, columns)):
            for position in members.get(name, ()):
                if sides[position]:
                    raise TnError(
                        f"a member of `{name}` is in the rows and in the columns of the cut", net.source
                    )
                sides[position] = (side,)
        own[name] = sides
    return own
