"""The members of a network that its outputs are linear in."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tncompile.network import Network
from tncompile.transform.dependence import Members
from tncompile.transform.readings import Algebra, read_members

# Members as bits: those that something is linear in, and those that it depends on in another way.
Kinds = tuple[int, int]


def linear_in(net: Network, wanted: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of the ``wanted`` members (a name and the position among its members) that all outputs are linear in.

    If such a member is a sum, the outputs are the sums of what they are for each term of it. They need not be
    linear in what the member is made from. A conjugate counts as linear: of a sum it is the sum of the conjugates.
    """
    members = Members(net)
    bits = {members.starts[name] + position: 1 << bit for bit, (name, position) in enumerate(wanted)}
    algebra = Algebra[Kinds]((0, 0), _sum, _product, _function, _power, conjugates=True)

    def said(node: int, kinds: Kinds | None) -> Kinds | None:
        bit = bits.get(node)
        linear, other = kinds or (0, 0)
        return kinds if bit is None else (linear | bit, other)

    found = read_members(net, members, algebra, said)
    outputs = [
        found[members.starts[name] + position]
        for name in net.outputs
        for position in range(len(net.tables.tensors[name].members))
    ]
    linear, _ = _sum(outputs) or (0, 0)
    return {member for bit, member in enumerate(wanted) if linear >> bit & 1}


def _sum(parts: Sequence[Kinds | None]) -> Kinds | None:
    """Linear is what all terms are linear in; the zero is linear in everything."""
    terms = [part for part in parts if part is not None]
    if not terms:
        return None
    linear, seen = -1, 0
    for one, other in terms:
        linear &= one
        seen |= one | other
    return linear, seen & ~linear


def _product(parts: Sequence[Kinds | None]) -> Kinds | None:
    """Linear is what one factor is linear in, and the others do not depend on."""
    linear = other = 0
    for part in parts:
        if part is None:
            return None
        other |= part[1] | (linear & part[0])
        linear |= part[0]
    return linear & ~other, other


def _function(parts: Sequence[Kinds | None]) -> Kinds:
    """Nothing is linear under a function."""
    seen = 0
    for part in parts:
        if part is not None:
            seen |= part[0] | part[1]
    return 0, seen


def _power(kinds: Kinds | None, _exponent: int) -> Kinds | None:
    return None if kinds is None else _function([kinds])
