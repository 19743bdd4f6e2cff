"""A case as one einsum over all samples: what the libraries that search for orders are given."""

from __future__ import annotations

from dataclasses import dataclass

import tncompile as tn
from benchmarks.case import Array, Case
from benchmarks.rivals import NoWay
from tncompile.exchange.einsums_of import einsums_of
from tncompile.source import TnError

MOST_OPERANDS = 400  # searches take minutes beyond
MOST_ELEMENTS = 2.0**28  # of an intermediate array: 1 GiB


@dataclass(frozen=True)
class Contraction:
    """Operands with their labels; ``weights`` are the positions of those that are weights, in the order of the weights."""

    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]
    sizes: dict[str, int]
    arrays: list[Array]
    weights: list[int]


def contraction(case: Case) -> Contraction:
    """The einsum of the batched network; raises NoWay where it is none, or one that nobody contracts."""
    try:
        found = einsums_of(tn.batch(case.net))
    except TnError as error:
        raise NoWay("no single einsum") from error
    if len(found) > 1:
        raise NoWay("several outputs")
    (einsum,) = found.values()
    if len(einsum.inputs) > MOST_OPERANDS:
        raise NoWay(f"as one einsum {len(einsum.inputs):,} operands: states are used again")
    if any(len(set(labels)) < len(labels) for labels in einsum.inputs):
        raise NoWay("it holds a diagonal")
    arrays = [operand(case, name) for name in einsum.names]
    place = {name: number for number, name in enumerate(einsum.names)}
    weights = [place[name] for name in case.weights] if len(place) == len(einsum.names) else []
    return Contraction(einsum.inputs, einsum.output, dict(einsum.sizes), arrays, weights)


def operand(case: Case, name: str) -> Array:
    """A member of the weights, or of an input for all samples."""
    if name in case.weights:
        return case.weights[name]
    tensor, _, subscripts = name.rstrip("]").partition("[")
    if tensor not in case.inputs:
        raise NoWay("it holds a constant")
    values = case.inputs[tensor]
    if not subscripts:
        return values
    members = case.net.tables.tensors[tensor].members
    member = [int(text) for text in subscripts.split(",")]
    if isinstance(values, list):
        return values[members.tolist().index(member)]
    return values[(slice(None), *(m - low for m, low in zip(member, members.min(axis=0), strict=True)))]


def check_largest(elements: float) -> None:
    """Raises NoWay for an order with an intermediate array that does not fit."""
    if elements > MOST_ELEMENTS:
        raise NoWay(f"its order has an intermediate array of {elements:.0e} numbers")
