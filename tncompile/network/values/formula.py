"""Polynomials in the sizes: what an extent, a count or a cost is, not only how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

Monomial = tuple[tuple[str, int], ...]  # (atom, exponent > 0), sorted by atom


@dataclass(frozen=True, slots=True)
class Formula:
    """A sparse polynomial with rational coefficients. Atoms are texts: `r`, `r[2]`, `d // 2`.

    >>> r, d = Formula.atom("r"), Formula.atom("d")
    >>> print(2 * r * r * (d - 2))
    2*d*r^2 - 4*r^2
    """

    terms: tuple[tuple[Monomial, Fraction], ...]

    @staticmethod
    def constant(value: int | Fraction) -> Formula:
        """A number."""
        return Formula(((((), Fraction(value))),) if value else ())

    @staticmethod
    def atom(name: str) -> Formula:
        """A symbol."""
        return Formula(((((name, 1),), Fraction(1)),))

    @property
    def number(self) -> Fraction | None:
        """The value, if no atom occurs."""
        if not self.terms:
            return Fraction(0)
        if len(self.terms) == 1 and not self.terms[0][0]:
            return self.terms[0][1]
        return None

    def __add__(self, other: Formula | int) -> Formula:
        return _collect([*self.terms, *_formula(other).terms])

    def __neg__(self) -> Formula:
        return Formula(tuple((monomial, -factor) for monomial, factor in self.terms))

    def __sub__(self, other: Formula | int) -> Formula:
        return self + -_formula(other)

    def __mul__(self, other: Formula | int) -> Formula:
        right = _formula(other)
        return _collect((_times(m, n), a * b) for m, a in self.terms for n, b in right.terms)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int) -> Formula:
        return _formula(other) - self

    def divided(self, divisor: Fraction | int) -> Formula:
        """The formula divided by a number other than zero."""
        return Formula(tuple((monomial, factor / divisor) for monomial, factor in self.terms))

    def value(self, atoms: Mapping[str, int]) -> Fraction:
        """The value where every atom has one; raises KeyError for an atom without."""
        total = Fraction(0)
        for monomial, factor in self.terms:
            for name, exponent in monomial:
                factor *= atoms[name] ** exponent
            total += factor
        return total

    def atoms(self) -> tuple[str, ...]:
        """The atoms that occur, sorted."""
        return tuple(sorted({name for monomial, _ in self.terms for name, _ in monomial}))

    def __pow__(self, exponent: int) -> Formula:
        result = Formula.constant(1)
        for _ in range(exponent):
            result = result * self
        return result

    def __str__(self) -> str:
        if not self.terms:
            return "0"
        text = ""
        for monomial, factor in sorted(self.terms, key=_reading_order):
            names = [name if exponent == 1 else f"{name}^{exponent}" for name, exponent in monomial]
            numerator = abs(factor.numerator)
            parts = ([str(numerator)] if numerator != 1 or not names else []) + names
            body = "*".join(parts) + (f"/{factor.denominator}" if factor.denominator != 1 else "")
            sign = "-" if factor < 0 else "+"
            text += f" {sign} {body}" if text else body if sign == "+" else f"-{body}"
        return text


def _formula(value: Formula | int) -> Formula:
    return value if isinstance(value, Formula) else Formula.constant(value)


def _collect(terms: Iterable[tuple[Monomial, Fraction]]) -> Formula:
    sums: dict[Monomial, Fraction] = {}
    for monomial, factor in terms:
        sums[monomial] = sums.get(monomial, Fraction(0)) + factor
    return Formula(tuple(sorted((m, f) for m, f in sums.items() if f)))


def _times(left: Monomial, right: Monomial) -> Monomial:
    powers = dict(left)
    for name, exponent in right:
        powers[name] = powers.get(name, 0) + exponent
    return tuple(sorted(powers.items()))


def _reading_order(term: tuple[Monomial, Fraction]) -> tuple[int, Monomial]:
    monomial, _ = term
    return -sum(exponent for _, exponent in monomial), monomial
