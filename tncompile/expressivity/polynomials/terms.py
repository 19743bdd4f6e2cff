"""The terms of closed forms: products of powers of sizes, with exponents that may grow with a length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tncompile.source.records import record

Point = Mapping[str, int]
NUMBER_COST = 2  # a number where a size could stand is the worse explanation


@record
class Base:
    """A size, or a number."""

    text: str

    def value(self, point: Point) -> int:
        """Its value at these sizes."""
        return int(self.text) if self.text.isdigit() else point[self.text]

    @property
    def cost(self) -> int:
        """How complicated it is."""
        return NUMBER_COST if self.text.isdigit() else 0


@record
class Exponent:
    """``slope`` times a length, divided by ``divisor`` and rounded down, plus ``offset``."""

    length: str
    slope: int
    divisor: int
    offset: int
    exact: bool = True  # the division leaves no remainder at any point of the sweep

    def value(self, point: Point) -> int:
        """The exponent at these sizes; it may be negative."""
        return (self.slope * point[self.length] // self.divisor if self.slope else 0) + self.offset

    @property
    def cost(self) -> int:
        """How complicated it is."""
        return self.offset if not self.slope else 2 + abs(self.offset) + (self.divisor > 2)

    def __str__(self) -> str:
        if not self.slope:
            return str(self.offset)
        sign = "/" if self.exact else "//"
        text = self.length if self.divisor == 1 else f"{self.length}{sign}{self.divisor}"
        return f"{text}{self.offset:+d}" if self.offset else text


@record
class Term:
    """A product of powers, maybe times the number of multisets ``multichoose(base, exponent)``."""

    powers: tuple[tuple[Base, Exponent], ...]
    multichoose: tuple[Base, Exponent] | None = None

    def value(self, point: Point) -> int:
        """The term at these sizes."""
        found = math.prod(int(base.value(point) ** exponent.value(point)) for base, exponent in self.powers)
        if self.multichoose is not None:
            size, count = (part.value(point) for part in self.multichoose)
            found *= math.comb(size + count - 1, count)
        return found

    def logarithms(self, points: Sequence[Point]) -> list[float]:
        """Base-2 logarithms of the values."""
        return [math.log2(self.value(point)) for point in points]

    @property
    def cost(self) -> int:
        """How complicated it is."""
        factors = sum(1 + base.cost + exponent.cost for base, exponent in self.powers)
        if self.multichoose is None:
            return factors
        return factors + 3 + self.multichoose[0].cost + self.multichoose[1].cost

    def __str__(self) -> str:
        texts = [_power_text(base, exponent) for base, exponent in self.powers]
        if self.multichoose is not None:
            texts.append(f"multichoose({self.multichoose[0].text}, {self.multichoose[1]})")
        return "*".join(texts) or "1"


def _power_text(base: Base, exponent: Exponent) -> str:
    text = str(exponent)
    if text == "1":
        return base.text
    return f"{base.text}^{text}" if text.isidentifier() or text.isdigit() else f"{base.text}^({text})"


def exponents_of(lengths: Sequence[str], points: Sequence[Point]) -> list[Exponent]:
    """The exponents to try: 1, 2, and with k half a length k, k±1, 2k-1, 2k-2, k/2.

    Those that are negative somewhere or leave a remainder are not among them; for odd lengths there are also 2k
    and the half rounded down.
    """
    found = [Exponent("", 0, 1, 1), Exponent("", 0, 1, 2)]
    for length in lengths:
        even = all(point[length] % 2 == 0 for point in points)
        found += [Exponent(length, 1, 2, offset, even) for offset in (0, -1, 1)]
        found += [Exponent(length, 1, 1, offset) for offset in ((-1, -2) if even else (-1, -2, 0))]
        if all(point[length] % 4 == 0 for point in points):
            found.append(Exponent(length, 1, 4, 0))
    return [e for e in found if all(e.value(point) >= 0 for point in points)]
