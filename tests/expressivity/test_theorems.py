"""The theorems of the papers at random sizes, and the examples at theirs."""

from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.expressivity.tables import multichoose
from tncompile.expressivity.rank import rank
from tncompile.language import load


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
    assert circuit("start_end", 2 * k, 2, M, R) >= multichoose(min(M, R), k)


@settings(max_examples=8, deadline=None)
@given(levels=st.integers(1, 3), n=st.integers(1, 4), r=st.integers(1, 4))
def test_odd_against_even_a_tree_has_exactly_an_exponential_rank(levels, n, r):
    """Cohen, Sharir, Shashua (2016), Theorem 1."""
    d = 2**levels
    assert rank_of("examples/hierarchical_tucker.tn", "odd_even", d=d, n=n, r=r, C=1) == min(n, r) ** (d // 2)


POOLING = """
network pooling_of_four
size L = 2, M = 2
size r[0..L-1] = 2
let d = 4^L
input x[1..d](M)
weight leaf(r[0], M), mix[l in 1..L-1](r[l], r[l-1]), top(r[L-1])
h[0, j](g) = leaf(g, i) * x[j](i) for j in 1..d
h[l, j](g) = mix[l](g, a) * prod(h[l-1, 4*j-w](a) for w in 0..3) for l in 1..L-1, j in 1..d/4^l
output score() = top(a) * prod(h[L-1, w](a) for w in 1..4)
"""


def limit(side, M, r):
    """What passes through each block of 4^l positions, from the positions up; ``side`` says which lie in the rows."""
    passing = [1] * len(side)
    for level, width in enumerate(r, 1):
        blocks = [side[first : first + 4**level] for first in range(0, len(side), 4**level)]
        through = [width * prod(passing[4 * k : 4 * k + 4]) for k in range(len(blocks))]
        passing = [min(M ** min(sum(b), len(b) - sum(b)), t) for b, t in zip(blocks, through, strict=True)]
    return passing[0]


@settings(max_examples=10, deadline=None)
@given(
    side=st.lists(st.booleans(), min_size=16, max_size=16).filter(lambda s: 0 < sum(s) < 16),
    M=st.integers(1, 2),
    r=st.lists(st.integers(1, 3), min_size=2, max_size=2),
)
def test_pooling_windows_that_the_cut_splits_make_its_rank(side, M, r):
    """Cohen, Shashua (2017), Inductive bias of deep convolutional networks through pooling geometry, Theorem 1."""
    split = sum(len(set(side[first : first + 4])) == 2 for first in range(0, 16, 4))
    cut = ", ".join(f"x[{k}]" for k, is_row in enumerate(side, 1) if is_row)
    assert min(r[0], M) ** split <= rank_of(POOLING, cut, M=M, r=r) <= limit(side, M, r)


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
