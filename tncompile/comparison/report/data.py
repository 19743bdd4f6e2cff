"""The comparison as one JSON object."""

from __future__ import annotations

import json

from tncompile.comparison.result import Comparison
from tncompile.source.numbers import number_text

MOST_DIGITS = 4000  # Python converts no longer integers to decimal text


def render(comparison: Comparison) -> str:
    """JSON text. Integers too long to be written are texts, as powers or with their leading digits."""
    return json.dumps(_written(comparison.to_dict()), indent=1, ensure_ascii=False) + "\n"


def _written(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    return plain(value)


def plain(value: object) -> object:
    """A value as it is, or as text where it has too many digits."""
    if isinstance(value, int) and value.bit_length() > MOST_DIGITS * 3.32:
        return number_text(value)
    return value
