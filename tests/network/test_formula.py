"""Formulas behave as the polynomials they print."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tncompile.network import Formula

ATOMS = ("d", "n", "r[2]")


@st.composite
def formulas(draw: st.DrawFn) -> Formula:
    total = Formula.constant(draw(st.integers(-3, 3)))
    for _ in range(draw(st.integers(0, 3))):
        term = Formula.constant(Fraction(draw(st.integers(-3, 3)), draw(st.integers(1, 4))))
        for name in draw(st.lists(st.sampled_from(ATOMS), max_size=3)):
            term = term * Formula.atom(name)
        total = total + term
    return total


VALUES = st.fixed_dictionaries({name: st.integers(1, 9) for name in ATOMS})


@given(formulas(), formulas(), VALUES)
def test_arithmetic_agrees_with_the_values(left: Formula, right: Formula, values: dict[str, int]) -> None:
    assert (left + right).value(values) == left.value(values) + right.value(values)
    assert (left - right).value(values) == left.value(values) - right.value(values)
    assert (left * right).value(values) == left.value(values) * right.value(values)


@given(formulas(), formulas())
def test_equal_polynomials_are_equal_and_hash_alike(left: Formula, right: Formula) -> None:
    assert left * right == right * left
    assert hash(left + right) == hash(right + left)
    assert left - left == Formula.constant(0)


def test_formulas_print_as_one_would_write_them() -> None:
    d, r = Formula.atom("d"), Formula.atom("r")
    assert str(2 * r * r * (d - 2)) == "2*d*r^2 - 4*r^2"
    assert str((d + 1).divided(2)) == "d/2 + 1/2"
    assert str(Formula.constant(0)) == "0"
