"""Lower bounds by evaluation: the rank of a probe, a grid or the weight tensor modulo random primes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tncompile.expressivity.degree import Degree
from tncompile.expressivity.evaluation.evaluate import Probe, Unfolding
from tncompile.expressivity.evaluation.matrix import rank_modulo
from tncompile.expressivity.evaluation.residues import Residues, random_prime
from tncompile.expressivity.result import CutSides
from tncompile.expressivity.verdict import Found, failure_bound
from tncompile.network import Ints, Network
from tncompile.source import TnError
from tncompile.source.records import record
from tncompile.transform.degrees import output_degrees
from tncompile.transform.dependence import Members

FIRST_POINTS = 64  # of a probe whose rank no bound tells beforehand
SPARE_POINTS = 2  # beyond the bound, so that a full matrix is no matter of luck
MOST_TRIES = 6
FRUITLESS = 8  # points at which a denominator vanishes modulo the prime


@record
class Drawing:
    """How points and primes are drawn: the first seed, and whether -1 is to be a square modulo the primes."""

    seed: int
    split: bool = False

    def prime(self, number: int) -> int:
        """The prime of an evaluation."""
        return random_prime(self.seed + number, number, self.split)

    def evaluate(
        self, matrix: Callable[[int, int], Residues], number: int
    ) -> tuple[int, int, int, tuple[int, int]]:
        """The rank of the matrix of evaluation ``number``, its seed and prime, and its shape.

        Where a denominator vanishes modulo the prime, further points are drawn.
        """
        for attempt in range(FRUITLESS):
            seed = self.seed + number + MOST_TRIES * attempt
            prime = random_prime(seed, number, self.split)
            try:
                values = matrix(seed, prime)
            except ZeroDivisionError:
                continue
            return rank_modulo(values, prime), seed, prime, (values.shape[0], values.shape[1])
        raise TnError("a denominator of the score vanishes at all points: its rank cannot be measured")


def probed(
    probe: Probe, upper: int | None, degree: Degree, points: int, fail: float, drawing: Drawing
) -> Found:
    """The rank of the matrix f(u_i, v_j), with as many points as it takes, at most ``points``.

    Raises TnError at once where so many may be needed but do not fit in memory.
    """
    known = upper is not None and upper <= points
    probe.require(points if upper is None else min(upper + SPARE_POINTS, points))
    count = min(upper + SPARE_POINTS, points) if upper is not None and known else min(FIRST_POINTS, points)
    while True:
        rank, seed, prime, _ = drawing.evaluate(lambda s, p, k=count: probe.matrix(k, s, p), 0)  # type: ignore[misc]
        more = min(4 * count, points)
        if rank == upper or rank < count or count == points or not probe.fits(more):
            break
        count = more
    found = Found(rank, rank == count, count, (prime,), (seed,))
    return _repeated(lambda s, p: probe.matrix(count, s, p), found, upper, degree, fail, drawing)


def unfolded(unfolding: Unfolding, upper: int | None, degree: Degree, fail: float, drawing: Drawing) -> Found:
    """The rank of a grid tensor or weight tensor as a matrix."""
    rank, seed, prime, shape = drawing.evaluate(unfolding.matrix, 0)
    found = Found(rank, False, min(shape), (prime,), (seed,))
    return _repeated(unfolding.matrix, found, upper, degree, fail, drawing)


def _repeated(
    matrix: Callable[[int, int], Residues],
    found: Found,
    upper: int | None,
    degree: Degree,
    fail: float,
    drawing: Drawing,
) -> Found:
    """Further points and primes, until the probability of failure is small enough."""
    rank, primes, seeds = found.rank, found.primes, found.seeds
    largest = found.points if upper is None else min(found.points, upper)
    while rank != upper and not found.full and len(primes) < MOST_TRIES:
        failure = failure_bound(degree, largest, primes)
        if failure is None or failure <= fail:
            break
        again, seed, prime, _ = drawing.evaluate(matrix, len(primes))
        rank, primes, seeds = max(rank, again), (*primes, prime), (*seeds, seed)
    return Found(rank, found.full, found.points, primes, seeds)


def has_weight_tensor(net: Network, sides: CutSides) -> bool:
    """Whether the score has degree 1 in each input of the rows and columns."""
    members = Members(net)
    numbers = {
        members.starts[name] + int(net.tables.tensors[name].find(_one_row(subscripts))[0])
        for name, subscripts in (*sides.rows, *sides.columns)
    }
    (degrees,) = output_degrees(net, numbers).values()
    return all(degree == 1 for degree in degrees.values())


def _one_row(subscripts: tuple[int, ...]) -> Ints:
    return np.array([subscripts], np.int64).reshape(1, len(subscripts))
