"""Compiled arithmetic modulo a prime, against exact rational arithmetic on the same numbers."""

from __future__ import annotations

import ast
from fractions import Fraction

import numpy as np
import pytest

from tests.expressivity.texts import GNN, SQUARED_TRAIN
from tncompile import load
from tncompile.codegen import Modular
from tncompile.expressivity.certificates.plain_arrays import COLUMN_POINTS, ROW_POINTS, Named
from tncompile.expressivity.certificates.plain_evaluation import evaluated
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.evaluation.evaluate import Probe, Unfolding
from tncompile.expressivity.evaluation.matrix import rank_modulo
from tncompile.expressivity.evaluation.residues import (
    HIGHEST,
    LOWEST,
    imaginary_unit,
    is_prime,
    random_prime,
    random_residues,
)
from tncompile.expressivity.rank import rank
from tncompile.expressivity.result import member_text
from tncompile.network.values.exact import Irrational, exact_numbers
from tncompile.runtime.model import loaded

RATIONAL = """
network rational
size d = 4
number c = 0.3
input x[1..d](3)
weight A[1..d](3, 2), b(2)
norm() = b(a) * b(a) + 2/3
f[k](a) = (A[k](i, a) * x[k](i) - c) ^ 3 for k in 1..d
output y() = sum(prod(f[k](a) for k in 1..d) * b(a) over a) / norm() - 5 * f[1](a) * f[2](a)
"""

SUMS_IN_LOOPS = """
network sums_in_loops
size d = 3
input x[k in 1..d](k + 1)
weight W[k in 1..d](k + 1)
output y() = prod(sum(1 - W[m](i) * x[m](i) over i) for m in 1..d) + sum(x[1](i) over i) * sum(x[2](i) over i)
"""


def helpers(prime):
    source = "import numpy as np\nDTYPE = np.float64\n"
    body = ast.Module(Modular("float64", prime=prime).helpers(), [])
    return loaded(source + ast.unparse(ast.fix_missing_locations(body)), "helpers")


@pytest.mark.parametrize("inner", [1, 7, 32, 33, 1000, 140_000])
def test_matrix_products_are_exact(inner):
    prime = 33554393
    rng = np.random.default_rng(inner)
    left, right = (
        rng.integers(-(prime // 2), prime // 2, (3, inner)),
        rng.integers(-(prime // 2), prime // 2, (inner, 2)),
    )
    # The largest residues there are, all of one sign.
    left[0], right[:, 0] = prime // 2, prime // 2
    found = helpers(prime).matmul(left.astype(np.float64), right.astype(np.float64))
    exact = left.astype(object) @ right.astype(object)
    assert (np.abs(found) <= prime // 2 + 2).all()
    assert ((found.astype(np.int64) - exact) % prime == 0).all()


def test_powers_and_products_are_exact():
    prime = 33554393
    module = helpers(prime)
    values = np.random.default_rng(0).integers(1, prime // 2, (3, 4))
    residues = values.astype(np.float64)
    for exponent in (0, 1, 2, 5, -1, -3):
        expected = [[pow(int(v), exponent, prime) for v in row] for row in values]
        assert (module.power(residues, exponent).astype(np.int64) % prime == expected).all()
    product = module.product(residues, axis=1).astype(np.int64) % prime
    assert (product == np.multiply.reduce(values.astype(object), axis=1) % prime).all()
    with pytest.raises(ZeroDivisionError):
        module.power(np.array([1.0, 0.0]), -1)


@pytest.mark.parametrize(
    ("text", "cut", "sizes"),
    [
        (RATIONAL, "x[1], x[3]", {}),
        (SUMS_IN_LOOPS, "x[1], x[3]", {}),
        (RATIONAL, "x[1] | x[2]", {}),
        (GNN, "x[1], x[3]", {}),
        (SQUARED_TRAIN.replace("FIELD", "complex"), "start_end", {}),
        ("examples/deep_rac.tn", "start_end", {"T": 6}),
        ("examples/born_machine.tn", "start_end", {}),
        ("examples/locally_purified.tn", "start_end", {"d": 4}),
        ("examples/exponential_machine.tn", None, {}),
        ("examples/shallow_rac.tn", None, {}),
        ("examples/tt_language_model.tn", None, {}),
        ("examples/mera.tn", None, {}),
        ("examples/circuit.tn", None, {}),
        ("examples/overlapping_conv_arithmetic_circuit.tn", None, {}),
        ("examples/cp.tn", None, {}),
        ("examples/tensor_ring.tn", None, {}),
        ("examples/hierarchical_tucker.tn", None, {}),
    ],
)
def test_compiled_probes_agree_with_plain_evaluation(text, cut, sizes):
    for study in list(studies(load(text, **sizes), cut))[:2]:
        prime = random_prime(3, 0, study.net.field == "complex")
        found = Probe(study.net, study.sides).matrix(5, 3, prime).astype(np.int64) % prime

        def given(member, shape, study=study, prime=prime):
            label = ROW_POINTS if member in study.sides.rows.members else COLUMN_POINTS
            free = member in (*study.sides.rows, *study.sides.columns)
            drawn = random_residues(3, member_text(member), (5, *shape) if free else shape, prime)
            return Named(drawn.astype(np.int64) % prime, (label,) if free else ())

        plain = evaluated(study.net, given, prime).aligned((ROW_POINTS, COLUMN_POINTS))
        assert (found == np.broadcast_to(plain, (5, 5))).all()
        assert found.any()


def test_blocks_of_columns_make_no_difference(monkeypatch):
    (study,) = studies(load("examples/deep_rac.tn", T=6), "start_end")
    prime = random_prime(0, 0)
    whole = Probe(study.net, study.sides).matrix(50, 0, prime)
    monkeypatch.setattr("tncompile.expressivity.evaluation.evaluate.BLOCK_BYTES", 2**17)
    probe = Probe(study.net, study.sides)
    assert (probe.matrix(50, 0, prime) == whole).all()
    assert probe.compiled(50)[1] < 50


def test_the_first_points_do_not_depend_on_how_many_there_are():
    few, many = (random_residues(5, "x[2]", (count, 3), 33554393) for count in (4, 9))
    assert (many[:4] == few).all()
    assert abs(few).max() <= 33554393 // 2
    assert (random_residues(6, "x[2]", (4, 3), 33554393) != few).any()


def test_primes_are_primes_of_their_range_and_have_a_root_of_minus_one_where_asked():
    primes = [
        random_prime(seed, number, split) for seed in (0, 1) for number in (0, 1) for split in (False, True)
    ]
    assert len(set(primes[::2])) == len(primes) // 2
    assert all(LOWEST <= prime < HIGHEST and is_prime(prime) for prime in primes)
    for prime in primes[1::2]:
        assert imaginary_unit(prime) ** 2 % prime == prime - 1
    assert [n for n in range(30) if is_prime(n)] == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]


def test_ranks_modulo_a_prime():
    prime = 33554393
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, 1000, (40, 7)), rng.integers(0, 1000, (7, 30))
    assert rank_modulo((left @ right).astype(np.float64), prime) == 7
    assert rank_modulo(np.zeros((3, 4)), prime) == 0
    assert rank_modulo(np.diag([1.0, prime, -1.0]), prime) == 2


def test_numbers_are_read_exactly():
    net = load(
        "network f\nsize n = 3\nnumber c = 0.1, e = 2.5e-3\ninput x(n)\noutput y() = (c / n - e * 1.5 + 2 ^ (-3)) * sum(x(i) over i)\n"
    )
    expr = net.definitions[0].body.factors[0]
    assert exact_numbers(net.scope, expr) == [(Fraction(1, 30) - Fraction(3, 800) + Fraction(1, 8), 0)]
    irrational = load("network f\ninput x(2)\noutput y() = sqrt(2) * sum(x(i) over i)\n")
    with pytest.raises(Irrational):
        exact_numbers(irrational.scope, irrational.definitions[0].body.factors[0])


@pytest.mark.parametrize(
    ("factor", "exact"),
    [
        ("k", True),
        ("0.1 * k", False),
        ("0.5 * k", True),
        ("k / 4", True),
        ("1 / k", False),
        ("pi * k", False),
        ("3", True),
        ("1 / 3", True),
        ("sqrt(2)", False),
    ],
)
def test_numbers_that_planning_would_round_make_a_rank_numerical(factor, exact):
    text = f"network f\ninput x[1..3](2)\nweight A[1..3](2)\ng[k]() = {factor} * A[k](i) * x[k](i) for k in 1..3\noutput y() = g[1]() * g[2]() * g[3]() + sum({factor} * g[k]() for k in 1..3)\n"
    if factor == "sqrt(2)":
        text = text.replace("sum(sqrt(2) * ", "sum(")
    (result,) = rank(load(text), "x[1]").results
    assert result.lower == 2
    assert (result.verdict != "numerical") == exact


def test_the_weight_tensor_and_the_grid_are_the_probe_at_other_points():
    (study,) = studies(load("examples/tensor_train.tn", d=4, n=3, r=2), "odd_even")
    prime = random_prime(0, 0)
    assert Unfolding(study.net, study.sides, None).size == (9, 9)
    assert rank_modulo(Unfolding(study.net, study.sides, None).matrix(0, prime), prime) == 6
    assert rank_modulo(Unfolding(study.net, study.sides, 2).matrix(0, prime), prime) == 4
    assert rank_modulo(Unfolding(study.net, study.sides, 5).matrix(0, prime), prime) == 6


@pytest.mark.parametrize("exponent", [16_000_000, 17_000_000, 20_000_000, 50_000_000])
def test_exponents_beyond_half_the_prime_are_no_residues(exponent):
    half = exponent // 2
    net = load(f"""
network powers
input x(2), y(2)
weight a(2), b(2)
u() = a(i) * x(i)
v() = b(i) * y(i)
output s() = (u()^{exponent} - u()^{half} * u()^{half}) * v()
""")
    assert rank(net, "x").lower == 0
    (study,) = studies(net, "x")
    prime = random_prime(0, 0)
    matrix = Probe(study.net, study.sides).matrix(3, 0, prime)
    assert not matrix.any()


@pytest.mark.parametrize(
    ("power", "value"),
    [("1.5^3", (Fraction(27, 8), 0)), ("2i^5", (0, 32)), ("0.5^-2", (4, 0)), ("1.0^20000000", (1, 0)), ("1i^20000001", (0, 1))],
)  # fmt: skip
def test_powers_of_numbers_are_exact(power, value):
    net = load(f"network n\nfield complex\nweight a()\noutput y() = {power} * a()\n")
    assert exact_numbers(net.scope, net.definitions[0].body.factors[0]) == [value]


@pytest.mark.parametrize("power", ["1.5^20000000", "(1 + 1i)^20000000"])
def test_a_power_that_is_too_long_is_no_exact_number(power):
    net = load(f"network n\nfield complex\nweight a()\noutput y() = {power} * a()\n")
    with pytest.raises(Irrational):
        exact_numbers(net.scope, net.definitions[0].body.factors[0])
