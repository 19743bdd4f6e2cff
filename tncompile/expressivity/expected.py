"""The dimension that counting suggests: weights minus the gauge freedom of the wires, for plain tensor networks."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from tncompile.expressivity.evaluation.evaluate import input_members
from tncompile.expressivity.evaluation.witness import is_free, single_product
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import COEFFICIENT, NotPolynomial, Product
from tncompile.expressivity.result import CutSides, Side
from tncompile.network import Network


@dataclass
class _Edge:
    """A wire between weights: its extent, the weights, and whether anything else touches it."""

    extent: int
    weights: tuple[int, ...]
    only_weights: bool


@dataclass
class _Plain:
    """A score that is one product of inputs and weights, each standing in it once."""

    edges: list[_Edge]
    open_legs: list[int]  # for each weight the product of the extents that no other weight touches
    ambient: int


def expected_dimension(net: Network) -> int | None:
    """An upper bound of the dimension of what a network with one score represents; None where it is no plain one.

    It is the smaller of the number of entries of the weight tensor and the number of weights less the
    dimension of the group that changes weights and no scores, after every bond was trimmed to the product of
    the other legs of either end: for a wire of extent r between two weights r^2, between m weights r (m - 1), and
    of all these together what multiplies weights by numbers and changes none is counted once.
    """
    plain = _plain(net)
    if plain is None or not _is_connected(plain):
        return None
    _trim(plain)
    count = 0
    for number, legs in enumerate(plain.open_legs):
        count += legs * prod(edge.extent for edge in plain.edges if number in edge.weights)
    gauge = sum(_gauge(edge) for edge in plain.edges)
    idle = sum(len(edge.weights) - 1 for edge in plain.edges) - len(plain.open_legs) + 1
    return min(plain.ambient, count - gauge + idle)


def _gauge(edge: _Edge) -> int:
    is_bond = len(edge.weights) == 2 and edge.only_weights
    return edge.extent**2 if is_bond else edge.extent * (len(edge.weights) - 1)


def _plain(net: Network) -> _Plain | None:
    whole = single_free_product(net)
    return None if whole is None else _read(whole)


def single_free_product(net: Network) -> Product | None:
    """The score as one product of inputs and weights, each standing in it once; None where it is none."""
    members = input_members(net)
    if len(members) < 2:
        return None
    sides = CutSides("", Side(tuple(members[:1])), Side(tuple(members[1:])))
    try:
        graph = expand(net, sides)
    except NotPolynomial:
        return None
    body = None if graph is None else single_product(graph)
    if body is None or not is_free(body):
        return None
    whole = body.nodes[body.root]
    assert isinstance(whole, Product)
    return whole


def _read(whole: Product) -> _Plain | None:
    weights = [factor.wires for factor in whole.factors if factor.node == COEFFICIENT]
    inputs = [factor.wires for factor in whole.factors if factor.node != COEFFICIENT]
    extents = [wire.extent.value for wire in whole.wires]
    if any(len(set(wires)) < len(wires) for wires in (*weights, *inputs)):
        return None
    open_legs = [1] * len(weights)
    pairs: dict[tuple[int, ...], _Edge] = {}
    edges: list[_Edge] = []
    for wire, extent in enumerate(extents):
        touching = tuple(number for number, wires in enumerate(weights) if wire in wires)
        data = sum(wire in wires for wires in inputs)
        if extent == 1 and data + len(touching) == 1:
            continue
        if data + len(touching) < 2 or not touching:
            return None
        if len(touching) == 1:
            open_legs[touching[0]] *= extent
        elif len(touching) == 2 and not data and touching in pairs:
            pairs[touching].extent *= extent
        else:
            edges.append(_Edge(extent, touching, not data))
            if len(touching) == 2 and not data:
                pairs[touching] = edges[-1]
    ambient = prod(extents[wire] for wires in inputs for wire in wires)
    return _Plain(edges, open_legs, ambient)


def _is_connected(plain: _Plain) -> bool:
    if not plain.open_legs:
        return False
    found, pending = {0}, [0]
    while pending:
        number = pending.pop()
        for edge in plain.edges:
            if number in edge.weights:
                new = [other for other in edge.weights if other not in found]
                found.update(new)
                pending += new
    return len(found) == len(plain.open_legs)


def _trim(plain: _Plain) -> None:
    """No bond is wider than what the other legs of either of its ends can carry."""
    changed = True
    while changed:
        changed = False
        for edge in plain.edges:
            if len(edge.weights) != 2 or not edge.only_weights:
                continue
            for number in edge.weights:
                others = prod(e.extent for e in plain.edges if e is not edge and number in e.weights)
                if edge.extent > others * plain.open_legs[number]:
                    edge.extent, changed = others * plain.open_legs[number], True
