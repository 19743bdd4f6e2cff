"""Networks of fixed numbers: the tensors that proofs are made from, and functions of bits.

Khrulkov, Novikov, Oseledets (2018), equation 9; Cohen, Sharir, Shashua (2016), the witness of their Theorem 1; Novikov, Trofimov,
Oseledets (2016), Theorem 2; Khrulkov, Hrinchuk, Oseledets (2019), Theorem 5.2; Onaka, Nakamura, Nishino, Yasuda (2025), tensor trains
and binary decision diagrams.
"""

from __future__ import annotations

from itertools import product

import pytest

from tests.expressivity.tables import ranks, rows
from tncompile import load
from tncompile.expressivity.rank import rank

BOTH = ["odd_even", "start_end"]

PROOF = """
network tensor_of_the_proof
size d = 4, n = 3, r = 2
input x[1..d](n)
constant open(i in 1..n, a in 1..r) = 1 if i == a else 0
pair[k]() = open(i, a) * x[2*k-1](i) * open(j, a) * x[2*k](j) for k in 1..d/2
output score() = prod(pair[k]() for k in 1..d/2)
"""


@pytest.mark.parametrize(
    ("d", "n", "r", "odd_even", "start_end"),
    rows("4 3 2 4 1   4 2 3 4 1   6 3 2 8 2   6 2 2 8 2   6 3 3 27 3", 5),
)
def test_the_tensor_of_the_proof_reaches_the_theorem_exactly(d, n, r, odd_even, start_end):
    q = min(n, r)
    found = ranks(PROOF, [*BOTH, "contiguous"], d=d, n=n, r=r)
    assert found == [odd_even, start_end, *(q if k % 2 else 1 for k in range(1, d))]
    assert odd_even == q ** (d // 2)


WITNESS = """
network witness_of_the_circuit
size d = 4, n = 2
let L = log2(d)
size r[0..L-1] = 4
input x[1..d](n)
constant leaf(g in 1..r[0], i in 1..n) = 1 if g == i else 0
constant mix[l in 1..L-1](g in 1..r[l], a in 1..r[l-1]) = 1 if g == 1 and (l == 1 or a == 1) else 0
constant top(a in 1..r[L-1]) = 1 if a == 1 else 0
h[0, j](g) = leaf(g, i) * x[j](i) for j in 1..d
h[l, j](g) = mix[l](g, a) * h[l-1, 2*j-1](a) * h[l-1, 2*j](a) for l in 1..L-1, j in 1..d/2^l
output score() = top(a) * h[L-1, 1](a) * h[L-1, 2](a)
"""


@pytest.mark.parametrize(
    ("d", "n", "r", "odd_even"),
    [(4, 2, [2, 1], 4), (4, 3, [5, 2], 9), (8, 2, [3, 2, 2], 16), (8, 3, [3, 1, 1], 81)],
)
def test_the_witness_of_deep_circuits_is_the_identity(d, n, r, odd_even):
    assert ranks(WITNESS, BOTH, d=d, n=n, r=r) == [odd_even, 1]


LINEAR = """
network linear_model_as_a_train
size d = 5
input x[1..d]()
weight w[1..d](), b()
constant absent(i in 1..2) = 1 if i == 1 else 0
constant present(i in 1..2) = 1 if i == 2 else 0
constant up(a in 1..2, c in 1..2) = 1 if a == 1 and c == 2 else 0
constant one_of_two(a in 1..2) = 1 if a == 1 else 0
constant two_of_two(a in 1..2) = 1 if a == 2 else 0
f[k](i) = absent(i) + present(i) * x[k]() for k in 1..d
G[k](a, i, c) = absent(i) * delta(a, c) + present(i) * w[k]() * up(a, c) for k in 2..d-1
h[1](c) = f[1](i) * (absent(i) * one_of_two(c) + absent(i) * b() * two_of_two(c) + present(i) * w[1]() * two_of_two(c))
h[k](c) = h[k-1](a) * f[k](i) * G[k](a, i, c) for k in 2..d-1
output score() = h[d-1](a) * f[d](i) * (absent(i) * two_of_two(a) + present(i) * w[d]() * one_of_two(a))
output difference() = score() - b() - sum(w[k]() * x[k]() for k in 1..d)
"""


@pytest.mark.parametrize("d", [3, 5])
def test_a_linear_model_is_a_train_of_rank_2(d):
    cuts = [f"f[1..{k}]" for k in range(1, d)]
    assert ranks(LINEAR, cuts, d=d) == [2] * (d - 1)
    assert ranks(LINEAR, "x[1]", options={"output": "difference"}, d=d) == [0]


ALL_PAIRS_EQUAL = """
network all_pairs_equal
size M = 3, T = 4
input x[1..T](M)
differ[k]() = M - sum(max(1 - x[2*k](i), x[2*k-1](i), 0) over i) for k in 1..T/2
output score() = max(differ[k]() for k in 1..T/2)
"""


@pytest.mark.parametrize(("M", "T", "expected"), rows("2 4 4   3 4 9   3 6 27   4 6 64", 3))
def test_a_rectified_network_tells_whether_all_pairs_are_equal(M, T, expected):
    """On unit vectors each pair gives 1 less a delta: ones less the identity, of full rank."""
    (result,) = rank(load(ALL_PAIRS_EQUAL, M=M, T=T), "odd_even", grid=M).results
    assert (result.verdict, result.lower) == ("numerical", expected)
    assert result.singular_values[0] == pytest.approx(M ** (T // 2) - 1)
    assert result.singular_values[1:] == pytest.approx([1] * (expected - 1))


POWER = """
network power_of_a_bilinear_form
size e = 5
input u(3), v(3)
weight A(3, 3)
output score() = (u(i) * A(i, j) * v(j)) ^ e
"""


@pytest.mark.parametrize(("e", "expected"), [(1, 3), (2, 6), (5, 21)])
def test_powers_of_a_bilinear_form(e, expected):
    assert ranks(POWER, "u", e=e) == [expected]


# --- functions of bits -----------------------------------------------------------------------------

FUNCTIONS = {
    "parity": lambda bits: sum(bits) % 2,
    "or": max,
    "and": min,
    "majority": lambda bits: int(2 * sum(bits) > len(bits)),
    "hidden weighted bit": lambda bits: bits[sum(bits) - 1] if sum(bits) else 0,
}
BITS = [
    ("parity", 4, (2, 2, 2)),
    ("or", 4, (2, 2, 2)),
    ("and", 4, (1, 1, 1)),
    ("majority", 4, (2, 2, 2)),
    ("hidden weighted bit", 4, (2, 3, 2)),
    ("parity", 6, (2, 2, 2, 2, 2)),
    ("or", 6, (2, 2, 2, 2, 2)),
    ("and", 6, (1, 1, 1, 1, 1)),
    ("majority", 6, (2, 3, 3, 3, 2)),
    ("hidden weighted bit", 6, (2, 4, 6, 4, 2)),
]


def truth_table(function, d, first=()):
    """The values of a function of d bits as nested lists."""
    if len(first) == d:
        return FUNCTIONS[function](first)
    return [truth_table(function, d, (*first, bit)) for bit in (0, 1)]


def subfunctions(function, d, count):
    """How many functions are left when so many first bits are known: the width of a decision diagram."""
    values = product((0, 1), repeat=count)
    return len({repr(truth_table(function, d, first)) for first in values})


@pytest.mark.parametrize(("function", "d", "expected"), BITS)
def test_functions_of_bits_as_trains(function, d, expected):
    axes = ", ".join(f"i[{k}]" for k in range(1, d + 1))
    text = f"""network bits
size d = {d}
input x[1..d](2)
constant F({", ".join(["2"] * d)}) = {truth_table(function, d)}
output score() = F({axes}) * prod(x[k](i[k]) for k in 1..d)
"""
    assert tuple(ranks(text, "contiguous")) == expected
    assert all(found <= subfunctions(function, d, p) for p, found in enumerate(expected, 1))
    if function == "majority":
        assert all(found <= min(p, d - p) + 1 for p, found in enumerate(expected, 1))
