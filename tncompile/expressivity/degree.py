"""The total degree of a score in all its variables, and whether it is a polynomial in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from tncompile.expressivity.polynomials.reading import (
    Applied,
    Conjugate,
    Plus,
    Power,
    Reader,
    Reading,
    Summed,
    Tie,
    Times,
    Tree,
    UseAt,
    Zero,
)
from tncompile.network import Network
from tncompile.transform.dependence import Members


class Kind(IntEnum):
    """What a score is as a function of its variables; a division by weights alone leaves a polynomial one."""

    POLYNOMIAL = 0
    RATIONAL = 1
    OTHER = 2


@dataclass(frozen=True, slots=True)
class Degree:
    """The highest total degree of numerator plus denominators, what depends on inputs, and the kind."""

    value: int = 0
    data: bool = False
    kind: Kind = Kind.POLYNOMIAL


def score_degree(net: Network, variables: Collection[str] = ("input", "weight")) -> Degree:
    """The degree of the only output of a network in its ``variables``, the tensors of some roles: exact, of any size."""
    members = Members(net)
    reader = Reader(net)
    rules: dict[int, tuple[Reading, int]] = {}
    for rule in net.tables.classes:
        reading = reader.reading(rule.equation, rule.rows)
        start = members.starts[rule.definition.name]
        for row, target in enumerate(rule.target.tolist()):
            rules[start + target] = reading, row
    found: list[Degree | None] = [None] * members.count
    for name, tensor in net.tensors.items():
        start, count = members.starts[name], len(net.tables.tensors[name].members)
        degree = Degree(int(tensor.role in variables), tensor.role == "input")
        found[start : start + count] = [degree] * count
    for node, _ in members.in_order():
        if node in rules:
            reading, row = rules[node]
            found[node] = _degree(reading(row), found, members.starts)
    return found[members.starts[net.outputs[0]]] or Degree()


def _degree(tree: Tree, found: list[Degree | None], starts: dict[str, int]) -> Degree | None:
    """The degree of an expression; None is the zero."""
    match tree:
        case UseAt(name=name, position=position):
            return found[starts[name] + position]
        case Tie():
            return Degree()
        case Zero():
            return None
        case Times(factors=factors):
            parts = [_degree(factor, found, starts) for factor in factors]
            known = [part for part in parts if part is not None]
            return _joined(known, sum(part.value for part in known)) if len(known) == len(parts) else None
        case Plus(terms=terms):
            known = [p for p in (_degree(term, found, starts) for term in terms) if p is not None]
            return _joined(known, max(part.value for part in known)) if known else None
        case Summed(body=body) | Conjugate(body=body):
            return _degree(body, found, starts)
        case Power(base=base, exponent=exponent):
            part = _degree(base, found, starts)
            return None if part is None else Degree(part.value * exponent, part.data, part.kind)
        case Applied():
            return _applied(tree, found, starts)


def _joined(parts: list[Degree], value: int) -> Degree:
    kind = max((part.kind for part in parts), default=Kind.POLYNOMIAL)
    return Degree(value, any(part.data for part in parts), kind)


def _applied(tree: Applied, found: list[Degree | None], starts: dict[str, int]) -> Degree:
    parts = [part for part in (_degree(a, found, starts) for a in tree.arguments) if part is not None]
    joined = _joined(parts, sum(part.value for part in parts))
    kind = Kind.OTHER if tree.text != "/" else Kind.RATIONAL if joined.data else Kind.POLYNOMIAL
    return Degree(joined.value, joined.data, max(kind, joined.kind))
