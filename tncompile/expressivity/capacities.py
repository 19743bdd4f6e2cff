"""Logarithms as integers, as precise as the comparison of two cuts demands."""

from __future__ import annotations

from fractions import Fraction
from math import log2

import flint

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


def bits_needed(product: int, edges: int) -> int:
    """How many bits tell a cut of this product from all others with that many edges.

    Products P < Q differ by at least 1/P in their logarithm, and rounding adds less than 1 for each
    edge of either cut: 2^bits > 2 * edges * P suffices.
    """
    return product.bit_length() + edges.bit_length() + 2
