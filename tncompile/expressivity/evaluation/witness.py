"""Lower bounds without evaluation: a flow that carries digits from the rows to the columns.

Where the score is multilinear and each weight stands in it once, set the weights to tensors that pass p-ary
digits along paths from inputs of the rows to inputs of the columns, and all other digits to ones. With F
paths the matricization holds an identity of size p^F, so p^F is a lower bound of the generic rank.
"""

from __future__ import annotations

from functools import partial

from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import Graph, Leaf, Product
from tncompile.expressivity.polynomials.refine import inlined
from tncompile.expressivity.result import CutSides, Member
from tncompile.expressivity.upper.flow import wire_flow
from tncompile.network import Network

BASES = (2, 3, 5, 7)


def witness(net: Network, cut: CutSides, output: Member | None = None) -> tuple[int, int, int] | None:
    """A proved lower bound of the generic rank: (value, base, exponent), value = base^exponent.

    None where the argument does not apply: a state, an input or a weight that stands in the score
    more than once, constants, sums, functions. For ``output`` see `upper_bound`.
    """
    graph = expand(net, cut, output)
    return None if graph is None else witness_of(graph)


def witness_of(graph: Graph) -> tuple[int, int, int] | None:
    """The lower bound that the graph of a score proves, if it does."""
    body = single_product(graph)
    if body is None or not is_free(body):
        return None
    found = [(base ** (flow := wire_flow(body, partial(digits, base))), base, flow) for base in BASES]
    return max(found, key=lambda one: one[0])


def single_product(graph: Graph) -> Graph | None:
    """The score as one product of inputs, each used once, and coefficients; None if it is not one."""
    if graph.has_sums or any(degree > 1 for degree in graph.degrees):
        return None
    flat = inlined(graph)
    inputs = [node for node in flat.nodes if isinstance(node, Leaf) and node.is_input]
    whole = flat.nodes[flat.root]
    return flat if len(inputs) + 1 == len(flat.nodes) and isinstance(whole, Product) else None


def is_free(graph: Graph) -> bool:
    """Whether all coefficients of a single product are weights, each standing there once."""
    whole = graph.nodes[graph.root]
    assert isinstance(whole, Product)
    coefficients = [factor for factor in whole.factors if factor.is_coefficient]
    names = {factor.name for factor in coefficients}
    return all(f.generic and f.power == 1 for f in coefficients) and len(names) == len(coefficients)


def digits(base: int, extent: int) -> int:
    """How many digits to a base an index of some extent holds."""
    count = 0
    while extent >= base:
        extent //= base
        count += 1
    return count
