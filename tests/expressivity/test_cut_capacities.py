"""Integer capacities: cuts that floating point cannot tell apart."""

from __future__ import annotations

from itertools import pairwise
from math import log2, prod
from random import Random

import networkx
import pytest

from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.result import CutSides, Side
from tncompile.expressivity.upper.bounds import upper_bound
from tncompile.expressivity.upper.capacities import FLOAT_BITS, Logarithms, bits_between_products, bits_needed
from tncompile.expressivity.upper.coloring import Count
from tncompile.expressivity.upper.flow import best_colorings, concave_pieces
from tncompile.expressivity.upper.maximum_flow import FlowNetwork
from tncompile.language import load

NEAR_TIE = """network near_tie
size low = 134217727, even = 134217728, high = 134217729
input x(low, high), y(even, even)
weight W(low, high, even, even)
output score() = x(a, b) * W(a, b, c, d) * y(c, d)
"""


def test_two_cuts_of_nearly_equal_products_are_told_apart():
    net = load(NEAR_TIE)
    for rows, columns in (("x", "y"), ("y", "x")):
        cut = CutSides("c", Side(((rows, ()),)), Side(((columns, ()),)))
        assert upper_bound(net, cut).value == 2**54 - 1
        graph = expand(net, cut)
        coarse = best_colorings(graph, Logarithms()).colorings
        assert max(Count(graph, coloring).value for coloring in coarse) == 2**54
    assert log2(2**27 - 1) + log2(2**27 + 1) == 54.0


@pytest.mark.parametrize("bits", [FLOAT_BITS, 70, 900])
def test_logarithms_are_rounded_to_the_unit(bits):
    logarithm = Logarithms(bits)
    assert logarithm(1) == 0
    assert logarithm(2**31) == 31 << bits
    for number in (3, 1000003, 3**40):
        assert abs(logarithm(number) / 2**bits - log2(number)) < 1e-9
    assert abs(logarithm(3) + logarithm(5) - logarithm(15)) <= 4 if bits > FLOAT_BITS else 64


def test_the_bits_tell_neighbouring_products_apart():
    product, edges = 3**50, 200
    logarithm = Logarithms(bits_needed(product, edges))
    assert logarithm(product + 1) - logarithm(product) > 2 * edges


def test_concave_costs_are_sums_of_pieces():
    costs = {0: 0, 2: 10, 3: 14, 5: 16}
    pieces = concave_pieces([2, 3, 5], costs.__getitem__)
    for point, cost in costs.items():
        assert sum(slope * min(point, most) for most, slope in pieces) == cost


def test_the_maximum_flow_is_that_of_networkx():
    random = Random(0)
    for _ in range(60):
        count = random.randint(2, 12)
        ours, theirs = FlowNetwork(), networkx.DiGraph()
        vertices = [ours.new_vertex() for _ in range(count)]
        theirs.add_nodes_from(vertices)
        for _ in range(random.randint(1, 40)):
            first, second = random.choice(vertices), random.choice(vertices)
            there, back = random.randrange(10**20), random.choice([0, random.randrange(10**20)])
            if first == second:
                continue
            ours.add(first, second, there, back)
            for start, end, capacity in ((first, second, there), (second, first, back)):
                before = theirs.get_edge_data(start, end, {"capacity": 0})["capacity"]
                theirs.add_edge(start, end, capacity=before + capacity)
        assert ours.maximize(0, count - 1) == networkx.maximum_flow_value(theirs, 0, count - 1)
        reached = ours.reached(0)
        assert reached[0]
        assert not reached[count - 1]


@pytest.mark.parametrize(
    ("numbers", "most"), [((2, 3, 5), 6), ((4, 6, 9), 5), ((2, 3), 40), ((127, 128, 129), 4)]
)
def test_the_bits_for_some_numbers_tell_all_their_products_apart(numbers, most):
    products = {1}
    for _ in range(most):
        products |= {p * number for p in products for number in numbers}
    logarithm = Logarithms(bits_between_products(numbers, most))
    found = sorted((product, logarithm(product)) for product in products)
    assert all(after - before > 2 * most for (_, before), (_, after) in pairwise(found))


def test_the_bits_for_few_numbers_do_not_grow_with_their_products():
    assert bits_between_products([2, 3], 60_000) < 64 < bits_needed(3**10_000, 60_000)
    assert bits_between_products([1], 5) == 0
    assert bits_between_products([prod(range(1, 80))], 5) is None
