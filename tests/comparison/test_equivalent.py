"""Equivalent widths: the least width with given ranks, against a search that tries every width; and the theory's table."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.comparison.questions import CP, DEEP, HT, RING, SHALLOW, TT
from tncompile.comparison.equivalent import equivalent_widths
from tncompile.comparison.theory import Decomposition, decomposition, theory
from tncompile.expressivity.rank import rank
from tncompile.language import load

CUTS = ["odd_even", "start_end"]


def solve(net, width, target, cuts=CUTS, points=1024, known=None):
    options = {"width": width, "cuts": cuts, "points": points, "targets": [target], "known": known or {}}
    return equivalent_widths(net, options)["widths"][0]


def least_by_trying(path, sizes, width, target, most=40):
    for value in range(1, most):
        report = rank(load(path, **{**sizes, width: value}), CUTS)
        if all(result.lower >= target[result.cut.name] for result in report):
            return value
    return None


@settings(max_examples=8)
@given(
    family=st.sampled_from([(TT, "r"), (CP, "r"), (HT, "r")]),
    n=st.integers(2, 3),
    odd_even=st.integers(1, 9),
    start_end=st.integers(1, 4),
)
def test_the_width_is_the_least_with_the_ranks(family, n, odd_even, start_end):
    path, width = family
    target = {"odd_even": odd_even, "start_end": start_end}
    found = solve(load(path, d=4, n=n), width, target)
    if odd_even > n**2 or start_end > n**2:
        assert (found["width"], found["decided"]) == (None, "unreachable")
    else:
        assert found["width"] == least_by_trying(path, {"d": 4, "n": n}, width, target)
        assert found["decided"] == "proved"


def test_where_the_bound_is_above_the_rank_the_width_is_confirmed_by_ranks():
    # A ring with d=4, n=3, r=2 has a minimum cut of 9 at odd against even, and rank 8: two is not enough.
    ring = load(RING, d=4, n=3)
    found = solve(ring, "r", {"odd_even": 9}, ["odd_even"])
    assert rank(load(RING, d=4, n=3, r=2), "odd_even").upper == 9
    assert found == {"width": 3, "decided": "probable", "cut": "odd_even", "reason": None}


def test_a_wire_wide_enough_limits_nothing():
    found = solve(load(CP, d=8, n=4), "r", {"odd_even": 256})
    assert found == {"width": 256, "decided": "proved", "cut": "odd_even", "reason": None}


def test_ranks_that_are_known_are_not_found_again(monkeypatch):
    monkeypatch.setattr("tncompile.comparison.equivalent.rank_of", lambda *_: pytest.fail("found again"))
    known = {"2": {"odd_even": (6, "exact")}}
    assert solve(load(TT, d=4, n=3), "r", {"odd_even": 6}, ["odd_even"], known=known)["width"] == 2


def test_ranks_of_functions_that_are_no_polynomials_decide_nothing():
    text = "network r\nsize d = 2, n = 3, r = 2\ninput x[1..d](n)\nweight A[1..d](n, r), o(r)\nf[k](q) = relu(A[k](i, q) * x[k](i)) for k in 1..d\noutput y() = o(q) * relu(f[1](q) + f[2](q) - 1)\n"
    assert solve(load(text), "r", {"start_end": 2}, ["start_end"])["decided"] == "unknown"


HALF = """network half
size n = 6, r = 4
input x[1..2](n)
weight A(n, (r + 1) // 2), B((r + 1) // 2, n)
output score() = A(i, k) * B(k, j) * x[1](i) * x[2](j)
cut h = x[1]
"""


@pytest.mark.parametrize(("wanted", "width"), [(1, 1), (2, 3), (3, 5), (6, 11), (7, None)])
def test_a_wire_may_be_narrower_than_the_width(wanted, width):
    found = solve(load(HALF), "r", {"h": wanted}, ["h"])
    assert (found["width"], found["decided"]) == (width, "proved" if width else "unreachable")


def test_widths_that_the_file_refuses_are_passed_over():
    refusing = HALF.replace("(r + 1) // 2", "r").replace("input", "require r >= 3\ninput")
    assert solve(load(refusing), "r", {"h": 1}, ["h"])["width"] == 3
    assert solve(load(refusing), "r", {"h": 5}, ["h"])["width"] == 5
    assert solve(load(refusing), "r", {"h": 7}, ["h"])["decided"] == "unreachable"


# --- theory ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "sizes", "expected"),
    [
        (TT, {"d": 6, "n": 5, "r": 3}, Decomposition("TT", 6, 3, 5)),
        (CP, {"d": 5, "n": 2, "r": 7}, Decomposition("CP", 5, 7, 2)),
        (HT, {"d": 4, "n": 2, "r": 3}, Decomposition("HT", 4, 3, 2)),
        (HT, {"d": 8, "n": 4, "r": 2}, Decomposition("HT", 8, 2, 4)),
        (HT, {"d": 8, "r": [2, 3, 2]}, None),  # no one width
        (RING, {}, None),
        (SHALLOW, {}, None),  # its weights are shared
        (DEEP, {}, None),
    ],
)
def test_the_graph_tells_which_decomposition_a_network_is(path, sizes, expected):
    assert decomposition(load(path, **sizes)) == expected


def test_a_tree_that_is_not_balanced_is_no_hierarchical_tucker():
    text = """network comb
size n = 3, r = 2
input x[1..4](n)
weight U[1..4](n, r), B[1..2](r, r, r), top(r, r)
output y() = U[1](i[1], a[1]) * x[1](i[1]) * U[2](i[2], a[2]) * x[2](i[2]) * B[1](a[1], a[2], b[1])
           * U[3](i[3], a[3]) * x[3](i[3]) * B[2](b[1], a[3], b[2]) * U[4](i[4], a[4]) * x[4](i[4]) * top(b[2], a[4])
"""
    assert decomposition(load(text)) is None


@pytest.mark.parametrize("r", [2, 3, 4])
def test_table_2_of_khrulkov_et_al(r):
    kinds = {kind: Decomposition(kind, 8, r, r) for kind in ("TT", "HT", "CP")}
    table = {(a, b): theory(kinds[a], kinds[b]) for a in kinds for b in kinds}
    widths = {pair: (said.relation, said.width) for pair, said in table.items()}
    assert widths == {
        ("TT", "TT"): ("≤", r), ("TT", "HT"): ("≤", r**2), ("TT", "CP"): ("≥", r**4),
        ("HT", "TT"): ("≤", r**2), ("HT", "HT"): ("≤", r), ("HT", "CP"): ("≥", r**4),
        ("CP", "TT"): ("≤", r), ("CP", "HT"): ("≤", r), ("CP", "CP"): ("≤", r),
    }  # fmt: skip


def test_theory_is_silent_where_it_does_not_apply():
    assert theory(None, Decomposition("TT", 8, 2, 2)) is None
    assert theory(Decomposition("TT", 4, 2, 2), Decomposition("TT", 8, 2, 2)) is None
    assert theory(Decomposition("TT", 8, 5, 2), Decomposition("CP", 8, 5, 2)).width == 2**4
