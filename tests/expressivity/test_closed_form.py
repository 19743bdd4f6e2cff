"""Closed forms: found where there is one among the candidates, and only there."""

import itertools
import math

import pytest

from tncompile.expressivity.closed_form import Form, propose
from tncompile.expressivity.polynomials.terms import Base, Exponent, Term, exponents_of


def mc(n, k):
    return math.comb(n + k - 1, k)


def table(value, **axes):
    points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    return [(point, value(**point)) for point in points]


def tt_odd_even(d, n, r):
    return min(r ** (d - 1), n ** (d // 2), n ** (d // 2 - 1) * r)


def rac_grid(T, M, R):
    k = T // 2
    return min(M**k, M ** (k - 1) * R, R * mc(R, k))


def rac_separation(T, M, R):
    k, q = T // 2, min(M, R)
    through_states = R * (mc(R, k) - (mc(R - q, k) if q < R else 0))
    return min(through_states, math.prod(mc(q, j + 1) for j in range(k)))


def ring(d, n, r):
    """Ranks of rings where the minimum cut is not reached: 8 and not 9."""
    cut = min(n ** (d // 2), r**d, n ** (d // 2 - 1) * r**2)
    return cut - 1 if (n, r) == (3, 2) else cut


EVEN, SMALL = range(2, 8, 2), range(1, 6)


@pytest.mark.parametrize(("value", "axes", "wanted"), [
    (tt_odd_even, {"d": EVEN, "n": range(1, 7), "r": SMALL}, {"r^(d-1)", "n^(d/2)", "n^(d/2-1)*r"}),
    (lambda d, n, r: min(r, n ** (d // 2)), {"d": EVEN, "n": SMALL, "r": range(1, 9)}, {"r", "n^(d/2)"}),
    (lambda d, n, r: min(r, n) ** (d // 2), {"d": (2, 4, 8), "n": SMALL, "r": SMALL}, {"r^(d/2)", "n^(d/2)"}),
    (lambda d, n, r: min(r, mc(n, d // 2)), {"d": EVEN, "n": range(1, 4), "r": (1, 2, 3, 5, 8)}, {"r", "multichoose(n, d/2)"}),
    (rac_grid, {"T": range(2, 10, 2), "M": range(1, 8), "R": SMALL}, {"M^(T/2)", "M^(T/2-1)*R", "R*multichoose(R, T/2)"}),
    (lambda T, R: R * mc(R, T // 2), {"T": range(4, 12, 2), "R": SMALL}, {"R*multichoose(R, T/2)"}),
    (lambda r, **_: mc(r, 2), {"d": EVEN, "r": SMALL}, {"multichoose(r, 2)"}),
], ids=["train odd/even", "train start-end", "tree odd/even", "cp shared", "circuit L2 on a grid", "circuit L2 M>=R", "born machine"])  # fmt: skip
def test_the_forms_of_the_theory_are_found(value, axes, wanted):
    lengths = [name for name in axes if name in "dT"]
    found = propose(table(value, **axes), [name for name in axes if name not in "dT"], lengths)
    assert {str(term) for term in found.form.terms} == wanted
    assert found.held_out > 0


def test_the_form_of_tensor_trains_is_the_only_one_of_a_large_table():
    found = propose(table(tt_odd_even, d=EVEN, n=range(1, 7), r=SMALL), "nr", "d")
    assert found.rivals == ()


def test_a_form_that_fits_what_it_was_made_from_and_fails_elsewhere_is_rejected():
    """Half of a tree: with these sizes the features never limit the rank, until a held-out value where they do."""
    found = propose(
        table(lambda d, n, r: min(r, n ** (d // 2)), d=(4, 8), n=(2, 3), r=(2, 3, 4, 5)), "nr", "d"
    )
    assert found.form is None
    assert str(found.near) == "r"
    assert [(dict(miss.point), miss.predicted, miss.found) for miss in found.misses] == [
        ({"d": 4, "n": 2, "r": 5}, 5, 4)
    ]


@pytest.mark.parametrize(("value", "axes"), [
    (rac_separation, {"T": range(2, 10, 2), "M": SMALL, "R": SMALL}),
    (lambda d, n, r: min(mc(r, 2) ** (d - 1), mc(n, 2) ** (d // 2), mc(n, 2) ** (d // 2 - 1) * mc(r, 2)), {"d": (4, 6, 8), "n": range(1, 5), "r": range(1, 5)}),
    (ring, {"d": (4, 6, 8), "n": range(1, 5), "r": range(1, 5)}),
], ids=["circuit L2", "born machine odd/even", "ring"])  # fmt: skip
def test_what_is_no_minimum_of_candidates_has_no_closed_form(value, axes):
    lengths = [name for name in axes if name in "dT"]
    assert propose(table(value, **axes), [name for name in axes if name not in "dT"], lengths).form is None


def test_few_values_have_rivals_and_the_simplest_is_proposed():
    found = propose(table(lambda d, r: min(r, 3 ** (d // 2)), d=(2, 4, 6), r=range(1, 6)), "r", "d", [3])
    assert {str(term) for term in found.form.terms} == {"r", "3^(d/2)"}
    assert found.rivals
    assert all(
        rival.value({"d": d, "r": r}) == min(r, 3 ** (d // 2))
        for rival in found.rivals
        for d in (2, 4, 6)
        for r in range(1, 6)
    )


def test_a_whole_value_of_each_size_is_held_out():
    found = propose(table(tt_odd_even, d=EVEN, n=range(1, 7), r=SMALL), "nr", "d")
    assert (found.training, found.held_out) == (2 * 5 * 4, 3 * 6 * 5 - 2 * 5 * 4)


def test_a_zero_is_no_closed_form():
    assert propose([({"r": 1}, 0), ({"r": 2}, 3)], "r", "").form is None


def test_huge_values_are_compared_exactly():
    """2^1000 and 2^1000 + 1 have the same logarithm."""
    right = table(lambda d, r: r ** (d // 2), d=(1996, 1998, 2000), r=(2, 3, 4))
    wrong = [(point, value + (point["d"] == 2000)) for point, value in right]
    assert str(propose(right, "r", "d").form) == "r^(d/2)"
    assert propose(wrong, "r", "d").form is None


def test_lengths_that_are_odd_are_halved_and_rounded_down():
    found = propose(table(lambda d, r: r ** (d // 2), d=range(2, 8), r=range(1, 4)), "r", "d")
    assert str(found.form) == "r^(d//2)"


def test_exponents_are_never_negative():
    points = [{"d": 1}, {"d": 2}]
    assert all(e.value(point) >= 0 for e in exponents_of(["d"], points) for point in points)


def test_terms_print_as_the_language_says_them():
    d = Exponent("d", 1, 2, -1)
    term = Term(((Base("n"), d), (Base("r"), Exponent("", 0, 1, 1))), (Base("R"), Exponent("T", 1, 2, 0)))
    assert str(term) == "n^(d/2-1)*r*multichoose(R, T/2)"
    assert term.value({"d": 6, "n": 3, "r": 2, "R": 2, "T": 4}) == 9 * 2 * 3
    assert str(Form((term, Term(())))) == f"min({term}, 1)"
