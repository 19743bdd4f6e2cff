"""Ranks as a person reads them: large numbers, sides of a cut, bars, histograms."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from tncompile.expressivity.result import Bound, Member, RankResult, Side, member_text
from tncompile.source.numbers import number_text

FULL, REST = "█", "░"
EIGHTHS = " ▏▎▍▌▋▊▉"
SHOWN = 6  # members of a side, wires, states


def rank_text(result: RankResult) -> str:
    """The rank, with ``≥`` where it may be larger; of several samples the range."""
    if len(set(result.ranks)) > 1:
        return f"{min(result.ranks):,}–{max(result.ranks):,}"
    sign = "≥ " if result.verdict == "at_least" else ""
    return sign + number_text(result.lower)


def bound_text(result: RankResult) -> str:
    """The upper bound."""
    return "–" if result.upper is None else number_text(result.upper)


def bar(result: RankResult, largest: int, width: int) -> str:
    """The rank on a logarithmic scale that ends at ``largest``; what the bound leaves open is shaded."""
    full = _length(result.lower, largest, width)
    text = FULL * int(full) + EIGHTHS[int(full % 1 * 8)].strip()
    end = 0 if result.upper is None else math.ceil(_length(result.upper, largest, width) - 1e-9)
    return text + REST * (end - len(text))


def _length(value: int, largest: int, width: int) -> float:
    """1 is one eighth wide, so that it can be seen; 0 is nothing."""
    if value < 1:
        return 0.0
    return max(1 / 8, width * math.log(value) / math.log(largest)) if largest > 1 else 1 / 8


def largest_value(results: Sequence[RankResult]) -> int:
    """Where the scale of the bars ends."""
    return max((max(result.lower, result.upper or 0) for result in results), default=1)


# --- sides and bounds ----------------------------------------------------------------------------


def side_text(side: Side) -> str:
    """``x[1..4]``, ``x[1], x[3], ..., x[9] (5)``"""
    runs = _runs(side.members)
    if len(runs) > SHOWN:
        return f"{', '.join(runs[:3])}, ..., {runs[-1]} ({len(side.members)} in all)"
    return ", ".join(runs) or "nothing"


def _runs(members: Sequence[Member]) -> list[str]:
    """Members that follow each other in their last subscript as one text."""
    runs: list[tuple[Member, Member]] = []
    for member in members:
        if runs and _follows(runs[-1][1], member):
            runs[-1] = (runs[-1][0], member)
        else:
            runs.append((member, member))
    return [text for first, last in runs for text in _run_texts(first, last)]


def _follows(before: Member, after: Member) -> bool:
    (name, old), (other, new) = before, after
    return bool(old) and name == other and old[:-1] == new[:-1] and new[-1:] == (old[-1] + 1,)


def _run_texts(first: Member, last: Member) -> list[str]:
    if first == last:
        return [member_text(first)]
    length = last[1][-1] - first[1][-1] + 1
    if length == 2:
        return [member_text(first), member_text(last)]
    head = "".join(f"{subscript}, " for subscript in first[1][:-1])
    return [f"{first[0]}[{head}{first[1][-1]}..{last[1][-1]}]"]


def crossings_text(bound: Bound) -> str:
    """What the bound's colouring cuts: wires, and states with extent and degree."""
    parts = list(bound.wires)
    parts += [f"{state} (extent {extent}, degree {number_text(k)})" for state, extent, k in bound.states]
    if len(parts) > SHOWN:
        text = f"{', '.join(parts[:4])}, ..., {parts[-1]} ({len(parts)} in all)"
    else:
        text = ", ".join(parts)
    return f"{text}, symmetric" if bound.symmetric else text


# --- distributions -------------------------------------------------------------------------------


def quantiles(values: Sequence[int]) -> tuple[int, int, int]:
    """The smallest, the lower median and the largest."""
    ordered = sorted(values)
    return ordered[0], ordered[(len(ordered) - 1) // 2], ordered[-1]


def histogram(values: Sequence[int], bins: int = 12) -> list[tuple[str, int]]:
    """At most so many intervals of equal width, each with how many values lie in it."""
    low, high = min(values), max(values)
    width = -(-(high - low + 1) // bins)
    counts = Counter((value - low) // width for value in values)
    starts = range(low, high + 1, width)
    texts = [f"{start}" if width == 1 else f"{start}–{min(start + width - 1, high)}" for start in starts]
    return [(text, counts[place]) for place, text in enumerate(texts)]


def count_bar(count: int, most: int, width: int) -> str:
    """A bar on a linear scale."""
    eighths = round(8 * width * count / most) if most else 0
    return FULL * (eighths // 8) + EIGHTHS[eighths % 8].strip()
