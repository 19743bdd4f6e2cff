"""The colouring theorem, on random colourings and networks; the flow against all colourings of small graphs."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from tests.expressivity.modular import bipartition, example, half, members_of, rank_at_points
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import ROWS, Leaf, Product
from tncompile.expressivity.polynomials.refine import inlined
from tncompile.expressivity.polynomials.split import split
from tncompile.expressivity.upper.bounds import refinements, upper_bound
from tncompile.expressivity.upper.capacities import Logarithms
from tncompile.expressivity.upper.coloring import POWER_LIMIT, Coloring, Count, plus, raised
from tncompile.expressivity.upper.flow import best_colorings, is_multilinear
from tncompile.language import load

RESIDUAL = """network residual_train
size d = 4, n = 2, r = 2
input x[1..d](n)
weight A[1..d](n, r), G[1..d](r, n, r)
h[0](b in 1..r) = 0
h[k](b) = A[k](i, b) * x[k](i) + G[k](a, i, b) * x[k](i) * h[k-1](a) + h[k-1](b) for k in 1..d
output score(b) = h[d](b)
"""

TWO_TRAINS = """network two_trains
size d = 4, n = 2, r = 2, s = 2
let v[k in 0..d] = r if 0 < k < d else 1
let w[k in 0..d] = s if 0 < k < d else 1
input x[1..d](n)
weight G[k in 1..d](v[k-1], n, v[k]), H[k in 1..d](w[k-1], n, w[k])
g[k](b) = G[k](a, i, b) * x[k](i) * (g[k-1](a) if k > 1 else one(a)) for k in 1..d
h[k](b) = H[k](a, i, b) * x[k](i) * (h[k-1](a) if k > 1 else one(a)) for k in 1..d
output score() = sum(g[d](a) over a) + sum(h[d](a) over a) + 1
"""

SQUARE = """network square_of_a_train
size d = 4, n = 2, r = 2
let v[k in 0..d] = r if 0 < k < d else 1
input x[1..d](n)
weight A[k in 1..d](v[k-1], n, v[k])
h[k](b) = A[k](a, i, b) * x[k](i) * (h[k-1](a) if k > 1 else one(a)) for k in 1..d
psi() = sum(h[d](a) over a)
output p() = psi() ^ 2 * (1 + psi())
"""

PATH, STAR = [[1, 2], [1, 2, 3], [2, 3, 4], [3, 4]], [[1, 2, 3, 4], [1, 2], [1, 3], [1, 4]]


def random_network(kind, random):
    """A network of a family with random sizes."""
    number = random.randint
    d, n, r = number(2, 4), number(1, 3), number(1, 3)
    match kind:
        case "tensor_train" | "recurrent_tensor_train" | "tucker" | "tensor_ring":
            return example(kind, d=d, n=n, r=r)
        case "cp":
            return example(kind, d=d, n=n, r=number(1, 8))
        case "hierarchical_tucker" | "conv_arithmetic_circuit":
            return example(kind, d=4, n=n, r=[number(1, 4), r])
        case "deep_rac":
            return example(kind, T=d, L=number(1, 3), M=number(1, 2), R=r)
        case "gnn":
            return example(
                kind, D=number(1, 2), H=number(1, 2), L=number(1, 2), neighbours=random.choice([PATH, STAR])
            )
        case "overlapping_conv_arithmetic_circuit":
            return example(kind, d=number(3, 4), n=number(1, 2), r=number(1, 2), L=2, K=2, C=2)
        case "exponential_machine":
            return example(kind, d=d, r=r)
        case "two_trains":
            return load(TWO_TRAINS, d=d, n=n, r=r, s=number(1, 3))
    return load(RESIDUAL if kind == "residual_train" else SQUARE, d=min(d, 3), n=min(n, 2), r=r)


KINDS = """tensor_train recurrent_tensor_train tucker tensor_ring cp hierarchical_tucker conv_arithmetic_circuit deep_rac
gnn overlapping_conv_arithmetic_circuit exponential_machine two_trains residual_train square_of_a_train""".split()


def random_cut(net, random):
    members = range(1, len(members_of(net)) + 1)
    rows = [number for number in members if random.random() < 0.5]
    return bipartition(net, rows if 0 < len(rows) < len(members) else [1])


def random_coloring(graph, random):
    """Colours drawn for everything but the inputs, products of any degree coloured factor by factor or not."""
    nodes = tuple(
        node.side == ROWS if isinstance(node, Leaf) else random.random() < 0.5 for node in graph.nodes
    )
    factors = {
        number: tuple(random.random() < 0.5 for _ in node.factors)
        for number, node in enumerate(graph.nodes)
        if isinstance(node, Product) and (graph.degrees[number] <= 1 or random.random() < 0.5)
    }
    return Coloring(nodes, factors)


@pytest.mark.parametrize("kind", KINDS)
def test_no_coloring_of_a_random_network_proves_less_than_its_rank(kind):
    random = Random(kind)
    colorings = 0
    while colorings < 750:
        net = random_network(kind, random)
        cut = random_cut(net, random)
        best = upper_bound(net, cut).value
        if best > 60:
            continue
        rank = rank_at_points(net, cut, best + 2, seed=random.randrange(10**6))
        assert rank <= best, (net.sizes, cut)
        for graph in refinements(expand(net, cut)):
            for _ in range(25):
                assert Count(graph, random_coloring(graph, random)).value >= rank, (net.sizes, cut)
                colorings += 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_bound_on_a_grid_is_below_the_rank_on_it(kind):
    random = Random(kind)
    for _ in range(6):
        net = random_network(kind, random)
        cut = random_cut(net, random)
        templates = random.randint(1, 3)
        rank = rank_at_points(net, cut, 1, seed=random.randrange(10**6), grid=templates)
        assert rank <= upper_bound(net, cut, grid=templates).value, (net.sizes, cut, templates)
        for graph in refinements(expand(net, cut)):
            for _ in range(10):
                assert Count(graph, random_coloring(graph, random), templates).value >= rank


def all_colorings(graph):
    """Every colouring of the nodes and of the factors of products of degree 1."""
    single = [number for number in range(len(graph.nodes)) if is_multilinear(graph, number)]
    places = [number for number, node in enumerate(graph.nodes) if not isinstance(node, Leaf)]
    sizes = [len(graph.nodes[number].factors) for number in single]
    for colors in product((False, True), repeat=len(places) + sum(sizes)):
        by_place = dict(zip(places, colors, strict=False))
        nodes = tuple(
            node.side == ROWS if isinstance(node, Leaf) else by_place[number]
            for number, node in enumerate(graph.nodes)
        )
        rest = iter(colors[len(places) :])
        factors = {
            number: tuple(next(rest) for _ in range(size)) for number, size in zip(single, sizes, strict=True)
        }
        yield Coloring(nodes, factors)


def free_colors(graph):
    return sum(
        0 if isinstance(node, Leaf) else 1 + (len(node.factors) if is_multilinear(graph, number) else 0)
        for number, node in enumerate(graph.nodes)
    )


@pytest.mark.parametrize("grid", [None, 2])
def test_the_flow_finds_the_best_of_all_colorings(grid):
    random, compared = Random(1), 0
    for kind in (
        "deep_rac",
        "gnn",
        "tensor_train",
        "square",
        "overlapping_conv_arithmetic_circuit",
        "cp",
        "tensor_ring",
    ):
        for _ in range(12):
            if kind == "square":
                text = SQUARE.replace(" * (1 + psi())", "")
                net = load(text, d=random.randint(2, 3), n=random.randint(1, 3), r=random.randint(1, 3))
            else:
                net = random_network(kind, random)
            cut = random_cut(net, random)
            for graph in (split(inlined(expand(net, cut))), split(expand(net, cut))):
                if graph.has_sums or free_colors(graph) > 11:
                    continue
                found = best_colorings(graph, Logarithms(), grid).colorings
                best = min(Count(graph, coloring, grid).value for coloring in all_colorings(graph))
                assert min(Count(graph, coloring, grid).value for coloring in found) == best, (
                    kind,
                    net.sizes,
                    cut,
                )
                compared += 1
    assert compared > 60


class Careless(Count):
    """A count that leaves crossings of extent 1 out, as if degrees 0 and 1 were one function."""

    def _new_block(self, node, inside, extent):
        number = super()._new_block(node, inside, extent)
        self.careless = getattr(self, "careless", set()) | ({number} if extent == 1 else set())
        return number

    @property
    def value(self):
        careless = getattr(self, "careless", set())
        terms = {tuple(pair for pair in term if pair[0] not in careless) for term in self.by_terms()}
        product = 0
        for term in terms:
            size = 1
            for block, degree in term:
                size *= self.monomials(block, degree)
            product += size
        return product


def test_a_count_without_crossings_of_extent_1_is_caught():
    net = load(TWO_TRAINS, d=2, n=2, r=1, s=1)
    cut = half(net)
    rank = rank_at_points(net, cut, 5)
    graph = expand(net, cut)
    colorings = best_colorings(graph, Logarithms(), plus=1).colorings
    assert min(Count(graph, coloring).value for coloring in colorings) >= rank == 3
    assert min(Careless(graph, coloring).value for coloring in colorings) < rank


def test_too_many_terms_are_counted_by_their_lowest_and_highest_degree():
    net = load(RESIDUAL, d=3, n=2, r=2)
    graph = expand(net, half(net))
    random = Random(2)
    for _ in range(50):
        count = Count(graph, random_coloring(graph, random))
        assert count.by_intervals() >= count.value


def test_many_terms_still_have_a_bound():
    text = RESIDUAL.replace(
        "output score(b) = h[d](b)", "output score() = prod(sum(h[k](b) over b) for k in 1..d)"
    )
    net = load(text, d=10, n=2, r=2)
    cut = half(net)
    assert upper_bound(net, cut).value >= rank_at_points(net, cut, 20) == 20


@pytest.mark.parametrize("seed", range(8))
def test_the_degrees_of_a_power_are_those_of_the_products(seed):
    random = Random(seed)
    terms = list(
        dict.fromkeys(
            tuple(
                (block, random.randint(1, 3))
                for block in sorted(random.sample(range(3), random.randint(0, 2)))
            )
            for _ in range(random.randint(1, 4))
        )
    )
    products = {()}
    for power in range(5):
        assert sorted(raised(terms, power)) == sorted(products)
        products = {plus(a, b) for a in products for b in terms}


def test_powers_with_too_many_ways_are_given_up():
    terms = [((block, 1),) for block in range(3)]
    assert len(raised(terms, 100)) == 5151
    assert raised(terms, POWER_LIMIT) is None
