"""The bound as a formula in the sizes."""

from __future__ import annotations

from math import comb

import pytest

from tests.expressivity.modular import example, half, odd, rank_at_points
from tncompile.expressivity.result import CutSides, Side
from tncompile.expressivity.upper.bound_formula import bound_formula
from tncompile.expressivity.upper.bounds import upper_bound
from tncompile.language import load


@pytest.mark.parametrize(
    ("name", "sizes", "cut", "formula"),
    [
        ("tensor_train", {"d": 6}, odd, "min(n^3, n^2*r, r^5)"),
        ("tensor_train", {"d": 8}, odd, "min(n^4, n^3*r, r^7)"),
        ("tensor_train", {"d": 8}, half, "min(r, n^4)"),
        ("cp", {"d": 6}, half, "min(r, n^3)"),
        ("tucker", {"d": 4}, half, "min(n^2, r^2)"),
        ("hierarchical_tucker", {"d": 8}, half, "min(r[2], r[1]^2, n^4, r[0]^4)"),
        ("conv_arithmetic_circuit", {"d": 4}, half, "min(r[0], r[1], n^2)"),
        ("shallow_rac", {"T": 8}, half, "min(R, M^4)"),
        (
            "deep_rac",
            {"T": 6, "L": 2},
            half,
            "min(R*multichoose(R, 3), M*multichoose(M, 2)*multichoose(M, 3))",
        ),
        (
            "deep_rac",
            {"T": 6, "L": 3},
            half,
            "min(M*multichoose(M, 3)*multichoose(M, 6), R*multichoose(R, 3)*multichoose(R, 6))",
        ),
    ],
)
def test_known_formulas_come_out(name, sizes, cut, formula):
    net = example(name, **sizes)
    assert bound_formula(net, cut(net)) == formula


def value_of(formula, sizes):
    """The value of a formula as Python reads it."""
    names = {"min": min, "multichoose": lambda kinds, count: comb(kinds + count - 1, count), **sizes}
    return eval(formula.replace("^", "**"), {"__builtins__": {}}, names)


def test_the_formula_is_the_bound_at_other_sizes():
    formula = bound_formula(example("tensor_train", d=6), odd(example("tensor_train", d=6)))
    gnn = bound_formula(example("gnn", L=1), half(example("gnn", L=1)))
    for first in (1, 2, 3, 7, 20):
        for second in (1, 2, 3, 7, 20):
            net = example("tensor_train", d=6, n=first, r=second)
            assert upper_bound(net, odd(net)).value == value_of(formula, {"n": first, "r": second})
            net = example("gnn", L=1, D=first, H=second)
            assert upper_bound(net, half(net)).value == value_of(gnn, {"D": first, "H": second})


def test_equal_sizes_stay_apart():
    net = example("tensor_train", d=6, n=3, r=3)
    assert bound_formula(net, odd(net)) == "min(n^3, n^2*r, r^5)"


def test_there_is_none_where_there_is_no_bound():
    assert bound_formula(example("lstm"), half(example("lstm"))) is None
    zero = load("network zero\ninput x[1..2](3)\noutput s() = 0 * x[1](i) * x[2](i)\n")
    assert bound_formula(zero, half(zero)) is None


def test_degrees_of_sums_are_added_up():
    net = load(
        """network two_ways
size n = 3, m = 3, r = 2
input x(n), y(m)
weight A(n), B(m), C(n, r), D(r, m)
output s() = A(i) * x(i) + B(j) * y(j) + C(i, a) * D(a, j) * x(i) * y(j)
"""
    )
    cut = CutSides("c", Side((("x", ()),)), Side((("y", ()),)))
    assert bound_formula(net, cut) == "min(m + 1, n + 1, r + 2)"
    assert rank_at_points(net, cut, 6) == upper_bound(net, cut).value == 4
