"""The scale of an axis: where a value stands, where the ticks are, what is written at them.

Integers of any size can stand on a logarithmic scale.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from tncompile.source.numbers import seconds_text
from tncompile.source.records import record

Value = int | float
MOST_TICKS = 8
CLOSE = 0.07  # of an axis: ticks nearer than that touch
NARROW, EXACT = 0.5, 15.0  # decades: an axis with even ticks; up to where floats are exact
_HIGH = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_E, _EXPONENT = re.compile(r"(?<=\d)e\+?(-?\d+)\b"), re.compile(r"\^(-?\d+)")


@record
class Scale:
    """An axis from ``low`` to ``high``, in the units of the paper; ticks are (place, text)."""

    title: str
    logarithmic: bool
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: Value | None) -> float:
        """Where a value stands; nan for none, and for what a logarithm does not have."""
        if value is None or (self.logarithmic and value <= 0):
            return math.nan
        return math.log10(value) if self.logarithmic else float(value)


def swept_scale(title: str, values: Sequence[int]) -> Scale:
    """The axis of a size: ticks at its values; logarithmic over a wide range."""
    distinct = sorted(set(values))
    wide = (distinct[0] > 0 and distinct[-1] > 16 * distinct[0]) or (
        len(distinct) > 1 and distinct[-1] > 10**9
    )
    step = -(-len(distinct) // MOST_TICKS)
    shown = distinct[::step]
    logarithmic = wide and distinct[0] > 0
    places = [math.log10(v) if logarithmic else float(v) for v in distinct]
    ticks = _apart([(math.log10(v) if logarithmic else float(v), count_text(v)) for v in shown])
    room = max(0.06 * (places[-1] - places[0]), 1e-3 if logarithmic else 0.5 if len(distinct) == 1 else 0.0)
    return Scale(title, logarithmic, places[0] - room, places[-1] + room, tuple(ticks))


def _apart(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The ticks without those whose texts would touch the one before."""
    kept = ticks[:1]
    for tick in ticks[1:]:
        if tick[0] - kept[-1][0] >= CLOSE * (ticks[-1][0] - ticks[0][0]):
            kept.append(tick)
    return kept


def count_scale(title: str, values: Sequence[Value], top: float | None = None) -> Scale:
    """A logarithmic axis of counts. It ends at 10^``top`` where that is less."""
    return _logarithmic(title, values, count_text, top)


def time_scale(title: str, values: Sequence[Value]) -> Scale:
    """A logarithmic axis of seconds."""
    return _logarithmic(title, values, _time_text, None)


def _time_text(value: Value) -> str:
    number, unit = seconds_text(float(value)).split()
    return f"{float(number):g} {unit}"


def share_scale(title: str, values: Sequence[Value]) -> Scale:
    """A linear axis of shares, in per cent."""
    low, high = min(values), max(values)
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if (high - low) / step <= 5 or step == 0.2)
    first, last = math.floor(low / step), math.ceil(high / step + 1e-9)
    ticks = tuple((k * step, f"{k * step:.0%}") for k in range(first, last + 1))
    return Scale(title, False, first * step, max(high, last * step), ticks)


def count_text(value: Value) -> str:
    """``1,000``; powers of ten from 10⁶ on."""
    if value < 10**6:
        return f"{value:,}"
    exponent = math.floor(math.log10(value) + 1e-9)
    first = round(10 ** (math.log10(value) - exponent), 2)
    return raised(f"10^{exponent}" if first == 1 else f"{first:g}·10^{exponent}")


def raised(text: str) -> str:
    """Exponents set high: ``3⁵⁰⁰`` of ``3^500``, ``1.23·10⁴⁵`` of ``1.23e45``."""
    return _EXPONENT.sub(lambda found: found[1].translate(_HIGH), _E.sub(r"·10^\1", text))


def _logarithmic(
    title: str, values: Sequence[Value], text: Callable[[Value], str], top: float | None
) -> Scale:
    known = [value for value in values if value > 0] or [1]
    places = [math.log10(value) for value in known]
    low, high = min(places), max(places)
    high = high if top is None else min(high, top)
    room = max(0.07 * (high - low), 0.03)
    low, high = low - room, high + room
    whole = all(isinstance(value, int) for value in values)
    found = _ticks(low, high, whole) or [(places[0], known[0])]  # far from every round number
    ticks = tuple((place, text(value)) for place, value in found)
    return Scale(title, True, low, high, ticks)


def _ticks(low: float, high: float, whole: bool) -> list[tuple[float, Value]]:
    """Decades, or also 2 and 5 of each where there are few; every so many decades where there are many."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    span = high - low
    if span < NARROW and high < EXACT:
        return _even_ticks(10.0**low, 10.0**high, whole)
    steps: tuple[int, ...] = (1,)
    if span < 1:
        steps = (1, 2, 3, 4, 5, 6, 8)
    elif span < 3.5:
        steps = (1, 2, 5) if span < 2.2 else (1, 3)
    every = max(1, -(-len(decades) // MOST_TICKS))
    found = [(d + math.log10(s), _power(d, s)) for d in decades if d % every == 0 for s in steps]
    return [(place, value) for place, value in found if low <= place <= high]


def _even_ticks(low: float, high: float, whole: bool) -> list[tuple[float, Value]]:
    """Ticks at equal distances of 1, 2 or 5 times a power of ten; ``whole``: at integers."""
    rough = (high - low) / 5
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(decade * factor for factor in (1, 2, 5, 10) if decade * factor >= rough)
    step = max(step, 1.0) if whole else step
    values = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return [(math.log10(v), round(v) if whole else v) for v in values if v > 0]


def _power(decade: int, step: int) -> Value:
    return step * int(10**decade) if decade >= 0 else step / 10.0**-decade
