"""The degree of the outputs in each input."""

from __future__ import annotations

from itertools import groupby

from tncompile.network import Network
from tncompile.transform.degrees import output_degrees
from tncompile.transform.dependence import Members

LIMIT = 4_000_000  # pairs of members and input members that are looked at


def degrees_of(net: Network) -> dict[str, object]:
    """For each input the degree of the outputs in it: a number, or one for each member ("x[1]": 8).

    None where there is no degree (under a function), and for networks beyond the limit.
    """
    members = Members(net)
    inputs = {
        name: len(net.tables.tensors[name].members)
        for name, tensor in net.tensors.items()
        if tensor.role == "input"
    }
    numbers = {members.starts[name] + p: (name, p) for name, count in inputs.items() for p in range(count)}
    if len(numbers) * members.count > LIMIT:
        return dict.fromkeys(inputs)
    highest = dict.fromkeys(numbers, 0)
    for degrees in output_degrees(net, numbers, highest=True).values():
        for number, degree in degrees.items():
            before = highest[number]
            highest[number] = -1 if -1 in (before, degree) else max(before, degree)
    return {
        name: _by_member(net, name, [highest[members.starts[name] + p] for p in range(count)])
        for name, count in inputs.items()
    }


def _by_member(net: Network, name: str, degrees: list[int]) -> object:
    """One number if all members agree."""
    known = [None if degree < 0 else degree for degree in degrees]
    if len(set(known)) == 1:
        return known[0]
    subscripts = net.tables.tensors[name].members.tolist()
    return {f"{name}[{', '.join(map(str, s))}]": degree for s, degree in zip(subscripts, known, strict=True)}


def degree_text(name: str, degree: object) -> str:
    """A degree as a person reads it: ``8 in x[1], 7 in x[2]``, stretches of equal degree together."""
    if not isinstance(degree, dict):
        return f"{_value_text(degree)} in {name}"
    parts = []
    for value, group in groupby(degree.items(), key=lambda item: item[1]):
        members = [member for member, _ in group]
        which = members[0] if len(members) == 1 else f"{members[0]} to {members[-1]}"
        parts.append(f"{_value_text(value)} in {which}")
    return ", ".join(parts)


def _value_text(degree: object) -> str:
    return "not a polynomial" if degree is None else str(degree)
