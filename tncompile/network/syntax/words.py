"""The words of the language that cannot be names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RESERVED: Final = (
    "network",
    "size",
    "number",
    "let",
    "field",
    "require",
    "input",
    "weight",
    "constant",
    "inline",
    "output",
    "cut",
    "for",
    "over",
    "in",
    "if",
    "else",
    "and",
    "or",
    "not",
)

# The functions, each with the fewest and the most arguments it takes (None: any number).
FUNCTIONS: Final[Mapping[str, tuple[int, int | None]]] = {
    "prod": (1, None),
    "sum": (1, None),
    "max": (1, None),
    "min": (1, None),
    "relu": (1, 1),
    "step": (1, 1),
    "tanh": (1, 1),
    "sigmoid": (1, 1),
    "softplus": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "sqrt": (1, 1),
    "abs": (1, 1),
    "sign": (1, 1),
    "cos": (1, 1),
    "sin": (1, 1),
    "conj": (1, 1),
    "len": (1, 1),
    "log2": (1, 1),
    "gcd": (2, 2),
    "binomial": (2, 2),
    "multichoose": (2, 2),
}

REDUCTIONS: Final = ("prod", "sum", "max", "min")
