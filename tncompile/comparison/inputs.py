"""Networks are compared over the same inputs: what those are, how sizes follow from them, whether they match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tncompile.expressivity.result import member_text
from tncompile.network import Expr, Loop, Name, Network, Range, Tensor
from tncompile.source.records import record

Shape = tuple[int, ...]


@record
class Inputs:
    """The inputs of a network: for each tensor the subscripts of its members, and the extents of each."""

    members: Mapping[str, tuple[tuple[Shape, Shape], ...]]

    def __str__(self) -> str:
        if not self.members:
            return "no inputs"
        return ", ".join(_family_text(name, members) for name, members in self.members.items())

    def single(self) -> str | None:
        """The name of the only input tensor."""
        return next(iter(self.members)) if len(self.members) == 1 else None

    def matched(self, other: Inputs) -> Iterator[tuple[str, str]]:
        """Pairs of names that mean the same input: equal names, or the only input of either."""
        if self.single() and other.single():
            yield next(iter(self.members)), next(iter(other.members))
        else:
            yield from ((name, name) for name in self.members if name in other.members)

    def matches(self, other: Inputs) -> bool:
        """Whether the inputs are the same, with equal families and extents."""
        pairs = list(self.matched(other))
        return len(pairs) == len(self.members) == len(other.members) and all(
            self.members[mine] == other.members[theirs] for mine, theirs in pairs
        )


def inputs_of(net: Network) -> Inputs:
    """The inputs of a network, in the order of the file."""
    found = {}
    for name, tensor in net.tensors.items():
        if tensor.role == "input":
            table = net.tables.tensors[name]
            shapes = [tuple(extent.value for extent in block.shape) for block in table.blocks]
            members = zip(table.members.tolist(), table.block_of.tolist(), strict=True)
            found[name] = tuple((tuple(member), shapes[block]) for member, block in members)
    return Inputs(found)


def implied_sizes(tensors: Sequence[Tensor], reference: Inputs) -> dict[str, int]:
    """The sizes that the inputs of a file must have to be those of another network.

    Read where a range of the family ends at a size (`x[1..T]`), and where an axis is one (`(M)`).
    """
    own = {tensor.name: tensor for tensor in tensors if tensor.role == "input"}
    names = {name: name for name in own if name in reference.members}
    single = reference.single()
    if single is not None and len(own) == 1:
        names = {next(iter(own)): single}
    found: dict[str, int] = {}
    for name, counterpart in names.items():
        members = reference.members[counterpart]
        if members:
            found.update(_implied(own[name], members))
    return found


def _implied(tensor: Tensor, members: Sequence[tuple[Shape, Shape]]) -> Iterator[tuple[str, int]]:
    subscripts, shape = members[-1]
    if len(subscripts) == len(tensor.family):
        for loop, last in zip(tensor.family, subscripts, strict=True):
            yield from _named(_end(loop), last)
    if len(shape) == len(tensor.axes) and all(extents == shape for _, extents in members):
        for axis, extent in zip(tensor.axes, shape, strict=True):
            yield from _named(axis.extent, extent)


def _end(loop: Loop) -> Expr | None:
    return loop.domain.last if isinstance(loop.domain, Range) else None


def _named(expr: Expr | None, value: int) -> Iterator[tuple[str, int]]:
    if isinstance(expr, Name):
        yield expr.name, value


def _family_text(name: str, members: Sequence[tuple[Shape, Shape]]) -> str:
    """``x[1]..x[8] (8 of extents 3)``; where extents differ, all that there are."""
    extents = dict.fromkeys(extents for _, extents in members)
    shapes = " or ".join("×".join(map(str, shape)) or "none" for shape in extents)
    if not members:
        return f"{name} without a member"
    first, last = (member_text((name, members[place][0])) for place in (0, -1))
    counted = first if len(members) == 1 else f"{first}..{last} ({len(members)} members)"
    return f"{counted} of extent {shapes}"
