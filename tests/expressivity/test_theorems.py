"""The theorems of the papers at random sizes, closed forms over boxes of sizes, and the examples at theirs."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tncompile.expressivity.rank import rank
from tncompile.language import load

SHARED_CP = """
network shared_cp
size d = 4, n = 2, r = 3
input x[1..d](n)
weight A(n, r)
output score() = prod(A(i[k], q) * x[k](i[k]) for k in 1..d)
"""


def mc(n, k):
    return math.comb(n + k - 1, k)


def rank_of(path, cut, grid=None, **sizes):
    (result,) = rank(load(path, **sizes), cut, grid=grid).results
    assert result.upper is None or result.lower <= result.upper
    return result.lower


def circuit(cut, T, L, M, R, grid=None):
    return rank_of("examples/deep_rac.tn", cut, grid, T=T, L=L, M=M, R=R, C=1)


# --- the theorems ---------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(k=st.integers(1, 4), n=st.integers(1, 4), r=st.integers(1, 4), shared=st.booleans())
def test_odd_against_even_a_train_needs_an_exponential_shallow_network(k, n, r, shared):
    """Khrulkov, Novikov, Oseledets (2018), Theorem 1; with equal cores, what was their hypothesis."""
    file = "recurrent_tensor_train" if shared else "tensor_train"
    found = rank_of(f"examples/{file}.tn", "odd_even", d=2 * k, n=n, r=r, C=1)
    assert found >= min(n, r) ** k
    assert found == (min(n, r) if k == 1 else min(n**k, r ** (2 * k - 1), n ** (k - 1) * r))


@settings(max_examples=12, deadline=None)
@given(k=st.integers(1, 3), M=st.integers(1, 5), R=st.integers(1, 5))
def test_start_against_end_a_shallow_circuit_remembers_its_width(k, M, R):
    """Levine, Sharir, Ziv, Shashua (2017), Theorem 1, one layer."""
    assert circuit("start_end", 2 * k, 1, M, R) == min(R, M**k)


@settings(max_examples=8, deadline=None)
@given(k=st.integers(2, 4), M=st.integers(1, 3), R=st.integers(1, 3))
def test_start_against_end_a_deep_circuit_remembers_more(k, M, R):
    """The same theorem, two layers: at least the number of multisets."""
    assert circuit("start_end", 2 * k, 2, M, R) >= mc(min(M, R), k)


@settings(max_examples=8, deadline=None)
@given(levels=st.integers(1, 3), n=st.integers(1, 4), r=st.integers(1, 4))
def test_odd_against_even_a_tree_has_exactly_an_exponential_rank(levels, n, r):
    """Cohen, Sharir, Shashua (2016), Theorem 1."""
    d = 2**levels
    assert rank_of("examples/hierarchical_tucker.tn", "odd_even", d=d, n=n, r=r, C=1) == min(n, r) ** (d // 2)


# --- closed forms over boxes of sizes ------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("M", [1, 2, 3, 4])
@pytest.mark.parametrize("R", [1, 2, 3, 4])
def test_two_layers_start_against_end(k, M, R):
    q = min(M, R)
    through_states = R * (mc(R, k) - (mc(R - q, k) if q < R else 0))
    assert circuit("start_end", 2 * k, 2, M, R) == min(
        through_states, math.prod(mc(q, j + 1) for j in range(k))
    )


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("M", [1, 2, 3])
@pytest.mark.parametrize("R", [1, 2, 3])
def test_two_layers_on_a_grid(k, M, R):
    assert circuit("start_end", 2 * k, 2, M, R, grid=M) == min(M**k, R * M ** (k - 1), R * mc(R, k))


@pytest.mark.parametrize(("T", "L", "M", "R"), [
    (4, 1, 3, 2), (4, 2, 2, 2), (4, 2, 3, 2), (4, 2, 2, 3), (6, 2, 2, 2), (4, 3, 2, 2), (4, 3, 2, 3), (4, 4, 2, 2), (6, 1, 2, 3),
])  # fmt: skip
def test_odd_against_even_steps_of_deep_circuits(T, L, M, R):
    q = min(M, R)
    assert circuit("odd_even", T, L, M, R) == math.prod(
        mc(q, mc(T - t + 1, L - 1)) for t in range(2, T + 1, 2)
    )


@pytest.mark.parametrize(("d", "n", "r", "free", "shared"), [
    (4, 2, 3, 3, 3), (4, 2, 5, 4, 3), (4, 3, 5, 5, 5), (4, 3, 10, 9, 6), (6, 2, 5, 5, 4), (6, 2, 9, 8, 4), (6, 3, 20, 20, 10), (6, 3, 30, 27, 10),
])  # fmt: skip
def test_shared_factors_of_a_canonical_decomposition_are_symmetric(d, n, r, free, shared):
    assert rank_of("examples/cp.tn", "odd_even", d=d, n=n, r=r, C=1) == free
    assert (
        rank_of(SHARED_CP, "odd_even", d=d, n=n, r=r)
        == rank_of(SHARED_CP, "start_end", d=d, n=n, r=r)
        == shared
    )


@pytest.mark.parametrize(("T", "M", "R", "expected"), [
    (4, 2, 2, (2, 4, 2)), (4, 3, 2, (3, 6, 2)), (6, 2, 2, (2, 4, 8, 4, 2)), (6, 3, 2, (3, 9, 8, 6, 2)), (6, 3, 3, (3, 9, 27, 9, 3)),
])  # fmt: skip
def test_two_layers_on_a_grid_at_every_prefix(T, M, R, expected):
    report = rank(load("examples/deep_rac.tn", T=T, L=2, M=M, R=R, C=1), "contiguous", grid=M)
    assert tuple(result.lower for result in report) == expected


@pytest.mark.parametrize(("r", "expected"), [
    (2, {1: (2, 3, 3, 3, 3, 3, 3, 2), 2: (2, 4, 4, 2), 4: (2, 2)}),
    (3, {2: (3, 9, 9, 3)}),
])  # fmt: skip
def test_dyadic_blocks_of_a_train_have_the_ranks_that_a_tree_needs(r, expected):
    net = load("examples/tensor_train.tn", d=8, n=3, r=r, C=1)
    for size, ranks in expected.items():
        cuts = [f"x[{first}..{first + size - 1}]" for first in range(1, 9, size)]
        assert tuple(result.lower for result in rank(net, cuts)) == ranks


# --- the examples at their sizes -----------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "circuit", "conv_arithmetic_circuit", "cp", "exponential_machine", "hierarchical_tucker", "mera", "peps",
    "recurrent_tensor_train", "shallow_rac", "tensor_ring", "tensor_train", "tucker",
])  # fmt: skip
def test_the_ranks_of_multilinear_examples_are_exact(name):
    report = rank(load(f"examples/{name}.tn"), ["odd_even", "start_end"])
    assert [result.verdict for result in report] == ["exact", "exact"]


@pytest.mark.parametrize(("T", "L", "M", "R"), [(8, 1, 3, 4), (8, 1, 4, 3), (6, 2, 3, 3), (8, 2, 4, 2), (4, 3, 2, 2), (4, 3, 3, 3), (4, 4, 3, 2)])  # fmt: skip
def test_the_ranks_of_circuits_with_wide_inputs_are_exact(T, L, M, R):
    (result,) = rank(load("examples/deep_rac.tn", T=T, L=L, M=M, R=R), "start_end").results
    assert result.verdict == "exact"
