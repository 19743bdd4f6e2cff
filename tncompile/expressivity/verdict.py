"""From ranks found at random points to a verdict with its probability of failure."""

from __future__ import annotations

from fractions import Fraction

from tncompile.expressivity.degree import Degree, Kind
from tncompile.expressivity.result import Verdict
from tncompile.source.records import record


@record
class Found:
    """What evaluations have found: a rank, whether a matrix was full, the size of the matrices, primes and seeds."""

    rank: int
    full: bool
    points: int
    primes: tuple[int, ...]
    seeds: tuple[int, ...]


def failure_bound(degree: Degree, largest: int, primes: tuple[int, ...]) -> Fraction | None:
    """The probability that the rank is larger than what was found modulo all of the primes.

    A minor of the true rank (at most ``largest``) is a polynomial of degree at most ``largest`` times that of
    the score, and not zero modulo the prime; so it vanishes at random points with at most this probability
    (Schwartz, Zippel). None where a degree is too high for its prime, or the score is no polynomial.
    """
    if degree.kind != Kind.POLYNOMIAL:
        return None
    total = Fraction(1)
    for prime in primes:
        once = Fraction(largest * degree.value, prime)
        if once >= 1:
            return None
        total *= once
    return total


def judged(found: Found, upper: int | None, degree: Degree) -> tuple[Verdict, Fraction | None]:
    """The verdict on a rank found below ``upper``, and its probability of failure."""
    if found.rank == upper:
        return "exact", Fraction(0)
    if found.full:
        return "at_least", None
    largest = found.points if upper is None else min(found.points, upper)
    failure = failure_bound(degree, largest, found.primes)
    return ("at_least", None) if failure is None else ("probable", failure)
