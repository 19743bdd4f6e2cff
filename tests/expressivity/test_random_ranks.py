"""Random networks: no colouring proves less than the rank, a careless count does and is caught, minimum cuts are reached.

The colouring theorem on more families than `test_coloring` has; Levine, Yakira, Cohen, Shashua (2018), Deep learning and quantum
entanglement: extents that are powers of one number.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.expressivity.modular import example, half, rank_at_points
from tests.expressivity.test_coloring import (
    RESIDUAL,
    STAR,
    TWO_TRAINS,
    random_coloring,
    random_cut,
    random_network,
)
from tests.expressivity.test_density_tables import PURIFIED
from tests.expressivity.test_dimension import GENERAL_TRAIN
from tests.expressivity.texts import GNN, SQUARED_TRAIN
from tncompile.expressivity.evaluation.witness import witness
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.rank import rank
from tncompile.expressivity.upper.bounds import refinements, upper_bound
from tncompile.expressivity.upper.coloring import Count
from tncompile.language import load
from tncompile.source import InternalError

GENERAL_RING = """
network general_ring
size d = 4
size n[1..d] = [2, 2, 2, 2], r[0..d-1] = [2, 2, 2, 2]
input x[k in 1..d](n[k])
weight G[k in 1..d](r[k-1], n[k], r[k % d])
output score() = prod(G[k](a[k-1], i[k], a[k % d]) * x[k](i[k]) for k in 1..d)
"""
VERTEX = GNN[: GNN.index("output graph")] + "output vertex() = top(g) * h[L, 1](g)\n"
LARGEST = 30  # ranks that the oracle is asked for


# --- random networks -------------------------------------------------------------------------------


def random_train(random):
    d = random.randint(3, 5)
    extents = [random.randint(2, 4) for _ in range(d)]
    return load(GENERAL_TRAIN, d=d, n=extents, r=[1, *(random.randint(1, 5) for _ in range(d - 1)), 1])


def random_ring(random, extents=(1, 2, 3)):
    d = random.randint(3, 5)
    n, r = ([random.choice(extents) for _ in range(d)] for _ in "nr")
    return load(GENERAL_RING, d=d, n=n, r=r)


def random_graph(random, has_sums):
    """Products (or sums of products) of linear maps of whatever there is, used again and again."""
    d, n = random.randint(2, 3), random.randint(1, 3)
    here = [(f"x[{k}]", n) for k in range(1, d + 1)]
    lines = [f"network graph\ninput x[1..{d}]({n})"]
    for number in range(random.randint(1, 3)):
        width = random.randint(1, 2)
        uses = random.choices(here, k=random.randint(2, 3))
        weights = [f"W{number}_{place}" for place in range(len(uses))]
        maps = [
            f"{w}(i, a{p}) * {name}(a{p})" for p, (w, (name, _)) in enumerate(zip(weights, uses, strict=True))
        ]
        lines += [f"weight {w}({width}, {extent})" for w, (_, extent) in zip(weights, uses, strict=True)]
        joint = " + " if has_sums and random.random() < 0.6 else " * "
        lines.append(f"h{number}(i) = {joint.join(maps)}")
        here.append((f"h{number}", width))
    last, width = here[-1]
    lines += [f"weight top({width})"] + [f"weight v{k}({n})" for k in range(1, d + 1)]
    parts = [f"top(i) * {last}(i)"] + [f"v{k}(b{k}) * x[{k}](b{k})" for k in range(1, d + 1)]
    if has_sums:
        lines.append(f"output score() = {parts[0]} + {' * '.join(parts[1:])} + 1")
    else:
        lines.append(f"output score() = {' * '.join(parts)}")
    return load("\n".join(lines) + "\n")


def random_of(kind, random):
    """A network of a family with random sizes."""
    draw = random.randint
    match kind:
        case "unequal_train":
            return random_train(random)
        case "unequal_ring":
            return random_ring(random)
        case "lattice":
            return example("peps", m=2, n=draw(1, 3), r=draw(1, 3))
        case "classes":
            return example("tensor_train", d=draw(2, 4), n=draw(1, 3), r=draw(1, 3), C=draw(2, 3))
        case "square" | "modulus":
            text = SQUARED_TRAIN.replace("FIELD", "complex")
            text = text.replace("conj(psi())", "psi()") if kind == "square" else text
            return load(text, d=draw(2, 3), n=draw(1, 3), r=draw(1, 2))
        case "purified":
            return load(
                PURIFIED.replace("FIELD", "complex"), d=draw(2, 3), n=draw(1, 2), r=draw(1, 2), P=draw(1, 2)
            )
        case "vertex":
            return load(VERTEX, D=draw(1, 2), H=draw(1, 2), L=draw(1, 3), neighbours=STAR)
        case "graph" | "graph_with_sums":
            return random_graph(random, kind == "graph_with_sums")
    return random_network(kind, random)


KINDS = (
    "unequal_train unequal_ring lattice classes square modulus purified vertex graph graph_with_sums".split()
)


# --- colourings ------------------------------------------------------------------------------------


class Careless(Count):
    """A count that drops crossings of extent 1, as if degrees 0 and 1 were one function."""

    def _cut_extent(self, number, product):
        extent = super()._cut_extent(number, product)
        return None if extent == 1 else extent

    def _colored_below(self, number):
        below = super()._colored_below(number)
        return [(node, power, crosses and self.graph.components[node] > 1) for node, power, crosses in below]


def colored(kind, least):
    """Random colourings of random networks of a family, each with the graph and the rank: at least so many."""
    random = Random(kind)
    count = 0
    while count < least:
        net = random_of(kind, random)
        cut = random_cut(net, random)
        best = upper_bound(net, cut).value
        if best > LARGEST:
            continue
        found = rank_at_points(net, cut, best + 2, seed=random.randrange(10**6))
        assert found <= best, (net, cut)
        for graph in refinements(expand(net, cut)):
            for _ in range(30):
                yield graph, random_coloring(graph, random), found
                count += 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_coloring_proves_less_than_the_rank(kind):
    assert all(Count(graph, coloring).value >= found for graph, coloring, found in colored(kind, 600))


@pytest.mark.parametrize("kind", ["two_trains", "residual_train", "graph_with_sums"])
def test_the_same_colourings_catch_a_count_without_crossings_of_extent_1(kind):
    violated = [Careless(graph, coloring).value < found for graph, coloring, found in colored(kind, 600)]
    assert any(violated)


@pytest.mark.parametrize("kind", ["unequal_train", "deep_rac", "gnn", "graph"])
def test_without_sums_crossings_of_extent_1_are_one_function(kind):
    for graph, coloring, _ in colored(kind, 60):
        assert Careless(graph, coloring).value == Count(graph, coloring).value


@pytest.mark.parametrize(("text", "sizes"), [(TWO_TRAINS, {"r": 1, "s": 1}), (RESIDUAL, {"d": 3, "r": 1})])
def test_a_careless_bound_in_the_package_would_stop_the_search_for_a_rank(monkeypatch, text, sizes):
    net = load(text, **sizes)
    report = rank(net, "start_end")
    assert report.lower == upper_bound(net, half(net)).value
    monkeypatch.setattr("tncompile.expressivity.upper.bounds.Count", Careless)
    with pytest.raises(InternalError, match="is above its bound"):
        rank(net, "start_end")


# --- minimum cuts ----------------------------------------------------------------------------------


def test_random_trains_reach_the_minimum_cut():
    random = Random(0)
    for _ in range(100):
        net = random_train(random)
        cut = random_cut(net, random)
        bound = upper_bound(net, cut).value
        if witness(net, cut)[0] < bound:
            assert rank_at_points(net, cut, bound + 2) == bound


def test_rings_of_powers_of_two_reach_the_minimum_cut():
    random = Random(0)
    for _ in range(100):
        net = random_ring(random, (1, 2, 4))
        cut = random_cut(net, random)
        assert witness(net, cut)[0] == upper_bound(net, cut).value


def test_other_rings_are_never_above_it_and_seldom_below():
    random, below, compared = Random(0), 0, 0
    while compared < 25:
        net = random_ring(random, (2, 3, 4, 5))
        cut = random_cut(net, random)
        bound = upper_bound(net, cut).value
        value, *_ = witness(net, cut)
        if value < bound <= LARGEST:
            found = rank_at_points(net, cut, bound + 2)
            assert value <= found <= bound
            below += found < bound
            compared += 1
    assert below <= 2
