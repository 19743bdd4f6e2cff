"""A closed form for a table of ranks: a minimum of few monomials, held against values it was not made from.

The candidates are products of powers of the sizes, maybe times one multichoose, with exponents that are small or
grow with the length. Those that are never below a training value are combined to the smallest sets whose minimum
gives all training values; what then also gives every held-out value is proposed. It stays a conjecture.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tncompile.expressivity.polynomials.terms import Base, Exponent, Term, exponents_of
from tncompile.source.records import record

Point = Mapping[str, int]
MOST_TERMS = 3
MOST_BASES = 4
MOST_COVERS = 2_000
SLACK = 1e-9  # of logarithms: what passes is compared exactly afterwards


@record
class Form:
    """The minimum of some terms."""

    terms: tuple[Term, ...]

    def value(self, point: Point) -> int:
        """What the form says at these sizes."""
        return min(term.value(point) for term in self.terms)

    @property
    def cost(self) -> int:
        """How complicated it is."""
        return sum(2 + term.cost for term in self.terms)

    def __str__(self) -> str:
        texts = [str(term) for term in self.terms]
        return texts[0] if len(texts) == 1 else f"min({', '.join(texts)})"


@record
class Miss:
    """A held-out point where a form fails."""

    point: Point
    predicted: int
    found: int


@record
class Proposal:
    """What the search found.

    ``form`` is None where nothing predicts the held-out values; ``near`` then is the simplest form that fits the
    training values, and ``misses`` are the held-out points where it fails. ``rivals`` fit all values as well, also
    those that are simplest only with the held-out values in sight.
    """

    form: Form | None
    rivals: tuple[Form, ...]
    training: int
    held_out: int
    near: Form | None = None
    misses: tuple[Miss, ...] = ()


def propose(
    table: Sequence[tuple[Point, int]],
    bases: Sequence[str],
    lengths: Sequence[str],
    numbers: Sequence[int] = (),
) -> Proposal:
    """A closed form for (sizes, value) pairs.

    ``bases`` are the swept sizes that the graph does not depend on, ``lengths`` those it does depend on,
    ``numbers`` further values that may stand in the form as they are.
    """
    points = [point for point, _ in table]
    held_out = _held_out(points, [*bases, *lengths])
    training = [row for row, held in zip(table, held_out, strict=True) if not held]
    tested = [row for row, held in zip(table, held_out, strict=True) if held]
    if not training or any(value < 1 for _, value in table):
        return Proposal(None, (), len(training), len(tested))
    factors = [Base(name) for name in bases]
    factors += [Base(str(number)) for number in sorted(set(numbers)) if number > 1]
    terms = list(_candidates(training, factors[:MOST_BASES], exponents_of(lengths, points)))
    above = [term for term in terms if all(term.value(point) >= value for point, value in tested)]
    found = _covers(above, training, tested)
    if found:
        others = {*found[1:], *_covers(above, list(table), [])} - {found[0]}
        rivals = sorted(others, key=simplicity)
        return Proposal(found[0], tuple(rivals), len(training), len(tested))
    near = next(iter(_covers(terms, training, [])), None)
    misses = [] if near is None else [Miss(p, near.value(p), v) for p, v in tested if near.value(p) != v]
    return Proposal(None, (), len(training), len(tested), near, tuple(misses))


def _held_out(points: Sequence[Point], names: Sequence[str]) -> list[bool]:
    """Which points have the largest value of a size that takes several values."""
    values = {name: sorted({point[name] for point in points}) for name in names}
    largest = {name: found[-1] for name, found in values.items() if len(found) > 1}
    return [any(point[name] == value for name, value in largest.items()) for point in points]


# --- candidates ----------------------------------------------------------------------------------


def _candidates(
    training: Sequence[tuple[Point, int]], bases: Sequence[Base], exponents: Sequence[Exponent]
) -> Iterator[Term]:
    """Terms that are nowhere below a training value and meet it somewhere.

    Logarithms sort out most of them; the rest is compared as integers.
    """
    points = [point for point, _ in training]
    wanted = np.array([math.log2(value) for _, value in training])
    powers = [[Term(((base, exponent),)) for exponent in exponents] for base in bases]
    logs = [np.array([term.logarithms(points) for term in column]) for column in powers]
    monomials, total = _products(powers, logs, len(points))
    multisets = [Term((), (b, e)) for b, e in itertools.product(bases, exponents) if e.slope or e.offset > 1]
    for factor in (Term(()), *multisets):
        gap = total + np.array(factor.logarithms(points)) - wanted
        for row in np.flatnonzero((gap > -SLACK).all(axis=1) & (gap < SLACK).any(axis=1)):
            term = Term(monomials[row], factor.multichoose)
            values = [(term.value(point), value) for point, value in training]
            if all(a >= b for a, b in values) and any(a == b for a, b in values):
                yield term


def _products(
    powers: Sequence[Sequence[Term]], logs: Sequence[np.ndarray], count: int
) -> tuple[list[tuple[tuple[Base, Exponent], ...]], np.ndarray]:
    """All products of one power (or none) of each base, and the logarithms of their values."""
    monomials: list[tuple[tuple[Base, Exponent], ...]] = [()]
    total = np.zeros((1, count))
    for column, values in zip(powers, logs, strict=True):
        chosen = [(), *(term.powers for term in column)]
        monomials = [left + right for left in monomials for right in chosen]
        added = np.concatenate([np.zeros((1, count)), values])
        total = (total[:, None] + added[None]).reshape(-1, count)
    return monomials, total


# --- covers --------------------------------------------------------------------------------------


def _covers(
    terms: Sequence[Term], training: Sequence[tuple[Point, int]], tested: Sequence[tuple[Point, int]]
) -> list[Form]:
    """Minimal sets of terms that meet every training value, and every tested one, the simplest first."""
    met: dict[tuple[int, int], list[Term]] = {}
    for term in sorted(terms, key=simplicity):
        met.setdefault((_met(term, training), _met(term, tested)), []).append(term)
    every, every_tested = (1 << len(training)) - 1, (1 << len(tested)) - 1
    forms: list[Form] = []
    for chosen in itertools.islice(_set_covers(list(met), every), MOST_COVERS):
        if _union(mask for _, mask in chosen) == every_tested:
            alike = itertools.product(*(met[key] for key in chosen))
            sets = itertools.islice(alike, MOST_COVERS - len(forms))
            forms += [Form(tuple(sorted(terms, key=simplicity))) for terms in sets]
    return sorted(forms, key=simplicity)


def simplicity(one: Term | Form) -> tuple[int, str]:
    """The simplest first."""
    return one.cost, str(one)


def _met(term: Term, table: Sequence[tuple[Point, int]]) -> int:
    """The points where a term gives the value, as bits."""
    return sum(1 << place for place, (point, value) in enumerate(table) if term.value(point) == value)


def _union(masks: Iterator[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def _set_covers(keys: list[tuple[int, int]], every: int) -> Iterator[tuple[tuple[int, int], ...]]:
    """Sets of at most `MOST_TERMS` keys whose first masks together are ``every``, none superfluous.

    The next key always covers the point that fewest keys cover. Small sets come first, and those of early keys.
    """
    queue: deque[tuple[tuple[int, int], ...]] = deque([()])
    seen = set()
    while queue:
        chosen = queue.popleft()
        missing = every & ~_union(mask for mask, _ in chosen)
        if not missing:
            found = tuple(sorted(chosen))
            if found not in seen and _is_minimal(found, every):
                seen.add(found)
                yield found
        elif len(chosen) < MOST_TERMS:
            queue += [(*chosen, key) for key in _rarest(keys, missing)]


def _rarest(keys: Sequence[tuple[int, int]], missing: int) -> list[tuple[int, int]]:
    """The keys that cover the one missing point that fewest cover."""
    places = [place for place in range(missing.bit_length()) if missing >> place & 1]
    columns = [[key for key in keys if key[0] >> place & 1] for place in places]
    return min(columns, key=len)


def _is_minimal(chosen: Sequence[tuple[int, int]], every: int) -> bool:
    return all(
        _union(mask for other, (mask, _) in enumerate(chosen) if other != left_out) != every
        for left_out in range(len(chosen))
    )
