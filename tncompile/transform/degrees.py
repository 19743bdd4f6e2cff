"""The degree of each member of a network in each of some inputs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tncompile.network import Network
from tncompile.transform.dependence import Members
from tncompile.transform.readings import Algebra, read_members

# The degree in each input that occurs, by member number; -1 where it is no one degree.
Degrees = dict[int, int]
MIXED = -1


def output_degrees(
    net: Network, inputs: Collection[int], *, highest: bool = False
) -> dict[tuple[str, int], dict[int, int]]:
    """The degrees of every output member in the input members given by number (see `Members`).

    A sum of terms of different degree has none (`MIXED`), or the ``highest``.
    """
    members = Members(net)
    add = _highest if highest else _sum
    algebra = Algebra[Degrees]({}, add, _product, _mixed, _raised, conjugates=net.field == "real")
    found = read_members(
        net, members, algebra, lambda node, degrees: {node: 1} if node in inputs else degrees
    )
    return {
        (name, position): found[members.starts[name] + position] or {}
        for name in net.outputs
        for position in range(len(net.tables.tensors[name].members))
    }


def _product(parts: Sequence[Degrees | None]) -> Degrees | None:
    total: dict[int, int] = {}
    for part in parts:
        if part is None:
            return None
        for number, degree in part.items():
            before = total.get(number, 0)
            total[number] = MIXED if MIXED in (before, degree) else before + degree
    return total


def _raised(degrees: Degrees | None, exponent: int) -> Degrees | None:
    """The degrees of a power with an exponent above 0."""
    if degrees is None:
        return None
    return {number: MIXED if degree == MIXED else exponent * degree for number, degree in degrees.items()}


def _sum(parts: Sequence[Degrees | None]) -> Degrees | None:
    """Terms of different degree make it none; the zero goes with every degree."""
    terms = [part for part in parts if part is not None]
    if not terms:
        return None
    numbers = dict.fromkeys(number for term in terms for number in term)
    return {n: terms[0].get(n, 0) if len({term.get(n, 0) for term in terms}) == 1 else MIXED for n in numbers}


def _highest(parts: Sequence[Degrees | None]) -> Degrees:
    """The degree of a sum of terms that do not cancel."""
    total: dict[int, int] = {}
    for part in parts:
        for number, degree in (part or {}).items():
            before = total.get(number, 0)
            total[number] = MIXED if MIXED in (before, degree) else max(before, degree)
    return total


def _mixed(parts: Sequence[Degrees | None]) -> Degrees:
    """Under a function there is no degree."""
    return {number: MIXED for part in parts if part is not None for number in part}
