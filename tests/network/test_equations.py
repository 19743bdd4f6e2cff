"""The equations of the tables, held to the oracle: opening the sums changes no value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.corpus import AWKWARD, LANGUAGE_PAGE
from tests.network.explicit import evaluate_tables
from tests.networks import networks
from tests.reference import evaluate, random_arrays
from tncompile.language import load
from tncompile.network import Network

TEXTS = {**AWKWARD, **LANGUAGE_PAGE}


def assert_tables_mean_the_same(net: Network) -> None:
    """Every output is the same by the tables and by the oracle."""
    arrays = random_arrays(net, 0, 0.5)
    by_tables = evaluate_tables(net, arrays)
    for name, members in evaluate(net, arrays).items():
        for member, wanted in members.items():
            assert np.allclose(by_tables[name][member], wanted, rtol=1e-9, atol=1e-9, equal_nan=True), (
                name,
                member,
            )


@pytest.mark.parametrize("name", TEXTS)
def test_equations_of_chosen_networks_mean_what_the_rules_mean(name):
    assert_tables_mean_the_same(load(TEXTS[name].lstrip()))


@given(networks())
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_equations_of_random_networks_mean_what_the_rules_mean(text):
    net = load(text)
    found = evaluate_tables(
        net, random_arrays(net, 0, 0.5)
    )  # the oracle returns nothing of what lies between
    # A cosine of more has few digits that are sure.
    assume(all(np.all(np.abs(value) < 1e6) for members in found.values() for value in members.values()))
    assert_tables_mean_the_same(net)


# Loops whose rows differ: in the branch they take, in their indices, in what they sum.
LOOPS = {
    "rows_choose_differently": """
network rows_choose_differently
size d = 5, n = 3
input x[1..d](n)
weight A[1..d](n), B[1..d](n)
output score() = prod(sum(A[k](i) * x[k](i) over i) if k % 2 == 1 else sum(B[k](i) * x[k](i) over i) + k
                      for k in 1..d) - sum((A[k](i) if k < 3 else B[k](i)) * x[k](i) for k in 1..d if k != 2)
""",
    "choices_inside_choices": """
network choices_inside_choices
size d = 6, n = 2
input x[1..d](n)
weight A[1..d](n)
h[t]() = sum((A[k](i) if k == t else (A[t](i) if k == 1 else A[1](i)) * 2) * x[k](i) for k in 1..t)  for t in 1..d
output score(t in 1..2) = h[d]() + h[2]()
""",
    "indices_of_a_graph": """
network indices_of_a_graph
size n = 2
size incident = [[1, 3], [1, 2], [2, 3, 4], [4]]
let V = len(incident)
input x[1..V](n)
weight T[v in 1..V](n, 2 for e in incident[v])
output score() = prod(T[v](s[v], b[e] for e in incident[v]) * x[v](s[v]) for v in 1..V)
""",
    "free_indices_by_a_loop": """
network free_indices_by_a_loop
size d = 4, n = 2, r = 3
weight G[1..d](r, n, r)
output amplitude(s[k] for k in 1..d) = prod(G[k](b[k], s[k], b[k+1]) for k in 1..d) * delta(b[1], b[d+1])
""",
    "some_rows_sum_inside_a_function": """
network some_rows_sum_inside_a_function
size d = 4, n = 2
input x[1..d](n)
weight A[1..d](n, n)
output score() = sum(tanh(A[k](v[k // 3], u[k]) * x[k](u[k]) * x[1](v[k // 3])) for k in 1..2)
               + sum(A[k](w[k // 2], w[2]) * x[k](w[k // 2]) * x[1](w[2]) for k in 2..d)
""",
    "indices_of_members": """
network indices_of_members
size d = 3, n = 2
input x[1..d](n)
weight A[1..d](n, n)
f[k](q[k+1]) = A[k](q[k], q[k+1]) * x[k](q[k])            for k in 1..d
g[k](q[2]) = A[k](q[k], q[2]) * (x[k](q[k]) if k != 2 else one(q[1]) * x[1](q[1])) for k in 1..d
output score(a) = sum(f[k](a) * g[k](a) for k in 1..d)
""",
    "names_inside_parentheses": """
network names_inside_parentheses
size n = 3, m = 2
input x(n)
weight A(n, n), B(m, n), c(n)
output score(i) = x(i) * sum(A(i, j) * x(i) over i) * c(j) + sum(B(e, k) over k) * sum(B(e, k) * B(e, j) * x(k) over j, k)
output other(i) = max(A(i, j) * x(j) over i) + sum(max(B(e, j) over e) over j) * c(i) * min(c(j) over j)
""",
    "loops_in_loops": """
network loops_in_loops
size d = 3, n = 2
input x[1..d](n)
weight A[1..d, 1..d](n, n)
output score() = prod(sum(A[k, j](i[k], e) * x[j](e) for j in 1..k) * x[k](i[k]) for k in 1..d)
output trace() = prod(A[k, k](p[k], p[k % d + 1]) for k in 1..d) + sum(prod(A[k, j](q, s[j]) * x[j](s[j]) for j in k..k) * x[k](q) for k in 1..d)
""",
    "empty_loops": """
network empty_loops
size d = 3, n = 2
input x(n)
weight A[1..d](n)
h[k](i) = prod(A[j](i) for j in 1..k-1) * x(i)   for k in 1..d
output score() = h[1](i) * h[d](i) + prod(A[j](i) for j in 2..1) * sum(A[1](i) * x(i) for j in 2..1)
               + sum(sum(A[j](i) * x(i) over i) * max(A[j](k) over k) for j in 2..1)
""",
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops_whose_rows_differ_are_opened_rightly(name):
    assert_tables_mean_the_same(load(LOOPS[name].lstrip()))
