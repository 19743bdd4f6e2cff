"""Logarithms as integers, as precise as the comparison of two cuts demands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import log2

import flint

MOST_PRIMES = 16
FLOAT_BITS = 40  # of the fraction, up to which math.log2 is precise enough


class Logarithms:
    """``2^bits * log2(n)``, rounded. Products of many n then compare as sums do, up to 1 for each summand."""

    def __init__(self, bits: int = FLOAT_BITS) -> None:
        self.bits = bits
        self.known: dict[int, int] = {1: 0}

    def __call__(self, number: int) -> int:
        """The logarithm of a number from 1."""
        if number not in self.known:
            self.known[number] = self._logarithm(number)
        return self.known[number]

    def _logarithm(self, number: int) -> int:
        if number & (number - 1) == 0:
            return (number.bit_length() - 1) << self.bits
        if self.bits <= FLOAT_BITS:
            return round(Fraction(log2(number)) * (1 << self.bits))
        with flint.ctx.workprec(self.bits + number.bit_length() + 64):
            scaled = flint.arb(number).log() / flint.arb.const_log2() * (flint.arb(2) ** self.bits)
            whole = scaled.mid().floor().unique_fmpz()
        assert whole is not None, "the middle of an interval is a number"
        return int(whole)


def bits_between_products(numbers: Iterable[int], edges: int) -> int | None:
    """How many bits tell all products of at most ``edges`` of these numbers apart; None where that is not found.

    Two products differ in the exponents d of primes p, none larger than some m, so their logarithms differ by
    sum d log2 p. In the lattice of the vectors (d, sum d round(2^c log2 p)) none is shorter than
    the first of a reduced basis (Lenstra, Lenstra, Lovasz) divided by 2^((s-1)/2), s the number of primes; if that is
    longer than any vector whose last entry is small, the last entry is large for all of them (de Weger).
    """
    exponents = [dict(flint.fmpz(number).factor()) for number in set(numbers) if number > 1]
    primes = sorted({int(prime) for factors in exponents for prime in factors})
    if not primes:
        return 0
    if len(primes) > MOST_PRIMES:
        return None
    most = edges * max(max(factors.values()) for factors in exponents)
    error = len(primes) * most  # of the last entry, from rounding
    bound = 2 ** (len(primes) - 1) * (error * most + 4 * error * error)
    bits = len(primes) * most.bit_length()
    while _first_length([Logarithms(bits)(prime) for prime in primes]) <= bound:
        bits += 8
    return max(0, bits + (2 * edges).bit_length() - error.bit_length() + 1)


def _first_length(last: Sequence[int]) -> int:
    """The square of the length of the first vector of a reduced basis."""
    rows = [[int(row == column) for column in range(len(last))] + [entry] for row, entry in enumerate(last)]
    return sum(int(entry) ** 2 for entry in flint.fmpz_mat(rows).lll().tolist()[0])


def bits_needed(product: int, edges: int) -> int:
    """How many bits tell a cut of this product from all others with that many edges.

    Products P < Q differ by at least 1/P in their logarithm, and rounding adds less than 1 for each
    edge of either cut: 2^bits > 2 * edges * P suffices.
    """
    return product.bit_length() + edges.bit_length() + 2
