"""From networks to graphs of polynomials: every form of the language, held against ranks at random points."""

from __future__ import annotations

from math import comb

import pytest

from tests.expressivity.modular import bipartition, example, half, rank_at_points
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import Leaf, NotPolynomial, Product, Sum
from tncompile.expressivity.polynomials.refine import inlined, sealed
from tncompile.expressivity.polynomials.split import split
from tncompile.expressivity.result import CutSides, Side
from tncompile.expressivity.upper.bounds import upper_bound
from tncompile.language import load

BOTH = CutSides("c", Side((("x", ()),)), Side((("y", ()),)))
HEAD = """network n
size n = 3, m = 2
input x(n), y(n)
weight A(n, m), B(n, m), C(m, m), v(n), c()
"""

# What stands behind HEAD, the bound, the rank.
FORMS = {
    "a product": ("output s() = A(i, a) * x(i) * B(j, a) * y(j)", 2, 2),
    "a diagonal": ("output s() = C(a, a) * A(i, a) * x(i) * v(j) * y(j)", 1, 1),
    "delta joins two indices": ("output s() = A(i, a) * x(i) * delta(a, b) * B(j, b) * y(j)", 2, 2),
    "delta on the left": ("D(i, j) = delta(i, j) * x(i)\noutput s() = D(i, j) * y(i) * v(j)", 3, 3),
    "one sums an index": ("output s() = A(i, a) * x(i) * one(a) * v(j) * y(j)", 1, 1),
    "a hyperindex": ("output s() = x(i) * y(i) * v(i)", 3, 3),
    "a square": ("output s() = (A(i, a) * x(i) * B(j, a) * y(j)) ^ 2", 3, 3),
    "a power of a definition": (
        "p(a) = A(i, a) * x(i)\noutput s() = sum(p(a) ^ 2 * (B(j, a) * y(j)) ^ 2 over a)",
        2,
        2,
    ),
    "a power of a sum": ("output s() = (v(i) * x(i) + v(j) * y(j) + 1) ^ 2", 3, 3),
    "a sum inside a product": ("output s() = (A(i, a) * x(i) + one(a)) * (B(j, a) * y(j) + one(a))", 2, 2),
    "a sum of one term that is not 0": ("output s() = (A(i, a) * x(i) + 0 * one(a)) * B(j, a) * y(j)", 2, 2),
    "a product with 0": ("output s() = 0 * x(i) * y(i) + v(i) * x(i)", 1, 1),
    "minus": ("output s() = -(A(i, a) * x(i) - one(a)) * B(j, a) * y(j)", 2, 2),
    "a sum over a family": ("output s() = sum(v(i) * x(i) * k * v(j) * y(j) for k in 1..3)", 1, 1),
    "a sum that is summed again": (
        "t(a) = A(i, a) * x(i) + B(j, a) * y(j)\noutput s() = sum(t(a) over a)",
        2,
        2,
    ),
    "terms constant along an index": ("t(i) = x(i) + c()\noutput s() = t(i) * y(i)", 3, 3),
    "functions of weights": (
        "output s() = exp(A(i, a)) * x(i) * B(j, a) * y(j) / sum(exp(v(k)) over k)",
        2,
        None,
    ),
    "a quotient of one side": ("output s() = A(i, a) * x(i) * B(j, a) * y(j) / (v(k) * y(k))", 2, None),
    "a maximum of one side": ("output s() = max(x(i), 0) * y(i)", 3, None),
    "a maximum over an index": ("output s() = max(A(i, a) * x(i) over a) * v(j) * y(j)", 1, None),
    "the maximum of a family": ("output s() = max(k * x(i) for k in 1..2) * y(i)", 3, None),
    "a definition used twice": (
        "p(a) = A(i, a) * x(i) * B(j, a) * y(j)\noutput s() = p(a) * C(a, b) * p(b)",
        3,
        3,
    ),
    "an inline definition": (
        "inline p(a) = A(i, a) * x(i)\noutput s() = p(a) * C(a, b) * p(b) * v(j) * y(j)",
        1,
        1,
    ),
    "a permuted copy": (
        "p(a, b) = C(b, a)\nq(b, a) = p(a, b)\noutput s() = A(i, a) * x(i) * q(b, a) * B(j, b) * y(j)",
        2,
        2,
    ),
    "an entry by entry product": (
        "p(a) = A(i, a) * x(i)\nq(a) = p(a) * B(j, a) * y(j)\noutput s() = sum(q(a) over a)",
        2,
        2,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_language_has_its_bound(form):
    text, bound, rank = FORMS[form]
    net = load(HEAD + text + "\n")
    found = upper_bound(net, BOTH).value
    assert found == bound
    if rank is not None:
        assert rank_at_points(net, BOTH, bound + 3) == rank


@pytest.mark.parametrize(
    "text",
    [
        "relu(x(i) * y(i))",
        "max(x(i), y(i)) * v(i)",
        "1 / (x(i) * y(i))",
        "(x(i) * y(i)) ^ (-1)",
        "max(x(i) * y(i) over i)",
    ],
)
def test_functions_of_both_sides_are_no_polynomials(text):
    with pytest.raises(NotPolynomial, match="joins both sides of the cut"):
        upper_bound(load(f"{HEAD}output s() = {text}\n"), BOTH)


def degrees_of_inputs(net):
    graph = expand(net, half(net))
    found = {
        node.name: graph.degrees[number] for number, node in enumerate(graph.nodes) if isinstance(node, Leaf)
    }
    return [found[f"x[{t}]"] for t in range(1, 6)]


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_the_degree_in_an_input_is_the_number_of_its_copies(depth):
    net = example("deep_rac", T=5, L=depth, M=2, R=2)
    assert degrees_of_inputs(net) == [comb(5 - t + depth - 1, depth - 1) for t in range(1, 6)]


def test_the_degree_of_a_sum_is_that_of_its_highest_term():
    net = load(
        """network n
size d = 40
input x[1..2](2)
weight A(2), B(2)
h[0]() = A(i) * x[1](i)
h[k]() = h[k-1]() + h[k-1]() * B(i) * x[2](i) for k in 1..d
output s() = h[d]()
"""
    )
    graph = expand(net, half(net))
    degrees = {node.name: graph.degrees[number] for number, node in enumerate(graph.nodes)}
    assert (degrees["x[1]"], degrees["h[1]"]) == (1, 1)
    assert degrees["x[2]"] == 40


def test_copies_of_definitions_are_no_nodes():
    graph = expand(net := example("deep_rac", T=4, L=1), half(net))
    assert not [
        node.name for node in graph.nodes if node.name.startswith("h[") and node.name.endswith(", 0]")
    ]


def test_a_conjugate_is_a_copy_with_weights_of_its_own():
    graph = expand(net := example("born_machine", d=3), half(net))
    names = [node.name for node in graph.nodes]
    assert {"h[2]", "h[2]*"} <= set(names)
    assert [name for name in names if name.startswith("x")] == ["x[3]", "x[2]", "x[1]"]
    second = next(node for node in graph.nodes if node.name == "h[2]*")
    assert [factor.name for factor in second.factors if factor.is_coefficient] == ["A[2]*"]


def test_equal_products_become_one_node():
    net = load(
        """network n
input x[1..4](2)
weight A(2, 2), top(2)
f[k](a) = A(i, a) * x[k](i) for k in 1..4
p(a) = f[1](a) * f[2](a)
q(a) = f[2](a) * f[1](a) * f[3](a)
r(a) = f[1](a) * f[4](a) * f[2](a)
output s() = top(a) * p(a) ^ 2 * q(a) ^ 2 * r(a) ^ 2
"""
    )
    divided = split(expand(net, half(net)))
    pairs = [
        n
        for n in divided.nodes
        if isinstance(n, Product) and {divided.nodes[f.node].name for f in n.uses()} == {"f[1]", "f[2]"}
    ]
    assert len(pairs) == 1


def test_definitions_used_once_are_put_in():
    flat = inlined(expand(net := example("tensor_train", d=5), half(net)))
    assert len(flat.nodes) == 6
    assert len(flat.nodes[-1].factors) == 11  # cores, inputs, the vector for the classes


def test_sums_of_one_side_become_inputs():
    graph = expand(net := example("exponential_machine", d=4), half(net))
    assert any(isinstance(node, Sum) for node in graph.nodes)
    assert not sealed(graph).has_sums
    assert sorted(node.name for node in sealed(graph).nodes if isinstance(node, Leaf)) == [
        f"f[{k}]" for k in range(1, 5)
    ]


def test_a_score_of_one_side_has_rank_one():
    net = load("network n\ninput x[1..3](2)\nweight A(2)\noutput s() = A(i) * x[1](i)\n")
    assert upper_bound(net, bipartition(net, [1])).value == 1
    assert upper_bound(net, bipartition(net, [2])).value == 1
