"""What the tests of tables share: numbers read from compact text, and ranks held against their bounds."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

from tncompile import load
from tncompile.expressivity.rank import rank


def rows(text: str, width: int) -> list[tuple[int, ...]]:
    """Whole numbers by rows; bars are for the eye."""
    numbers = [int(word) for word in text.replace("|", " ").split()]
    assert len(numbers) % width == 0
    return [tuple(numbers[first : first + width]) for first in range(0, len(numbers), width)]


def headed(text: str) -> list[tuple[int, ...]]:
    """Lines such as ``2 4: 2 2 6, 2 3 6``: each entry with what stands before the colon of its line."""
    lines = [line.split(":") for line in text.strip().splitlines()]
    return [
        tuple(map(int, (*head.split(), *entry.split()))) for head, tail in lines for entry in tail.split(",")
    ]


def multichoose(kinds: int, count: int) -> int:
    """How many multisets there are; none of no kinds."""
    return comb(kinds + count - 1, count) if kinds else 0


def ranks(
    text: str, cut: str | Sequence[str], *, options: dict[str, Any] | None = None, **sizes: Any
) -> list[int]:
    """The ranks of a file or text at these sizes across some cuts, none of them above its bound."""
    report = rank(load(text, **sizes), cut, **(options or {}))
    assert not report.failures
    assert all(result.upper is None or result.lower <= result.upper for result in report)
    return [result.lower for result in report]


def example_ranks(name: str, cut: str | Sequence[str], *, grid: int | None = None, **sizes: Any) -> list[int]:
    """The same of one of the examples, of the function or on a grid."""
    return ranks(f"examples/{name}.tn", cut, options={"grid": grid}, **sizes)


# Convolutional arithmetic circuits: d n r; odd_even and start_end, the same with shared weights.
CIRCUITS = [
    (4, 2, [2, 2], 4, 2),
    (4, 3, [2, 2], 4, 2),
    (4, 3, [3, 2], 9, 2),
    (4, 3, [3, 1], 9, 1),
    (4, 3, [5, 4], 9, 4),
    (4, 4, [4, 4], 16, 4),
    (8, 2, [2, 2, 2], 16, 2),
    (8, 2, [3, 2, 1], 16, 1),
    (8, 3, [2, 2, 2], 16, 2),
    (8, 3, [3, 3, 3], 81, 3),
    (8, 3, [3, 1, 1], 81, 1),
]
