"""Numbers as a person reads them, of any size: ranks have hundreds of digits."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from operator import index
from typing import SupportsFloat, SupportsIndex

LONGEST_NUMBER = 10**12
LARGEST_BASE = 64
PRIMES, MOST_FACTORS = (2, 3, 5, 7, 11, 13), 3
BYTE_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BYTES = re.compile(r"(\d{1,18}(?:\.\d{0,18})?(?:e\+?\d{1,2})?) ?([kmgt]?)b?", re.ASCII | re.IGNORECASE)
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def number_text(value: int) -> str:
    """``1,683``; beyond that as powers (``3^500``, ``2·3^499``) if they are few, else the leading digits (``1.23e45``)."""
    if value < LONGEST_NUMBER:
        return f"{value:,}"
    return _power_text(value) or _factors_text(value) or _leading_digits(value)


def _power_text(value: int) -> str | None:
    """``3^500`` where the number is a power of a small integer."""
    for base in range(2, LARGEST_BASE):
        exponent = round(math.log(value, base))
        if value % base == 0 and base**exponent == value:
            return f"{base}^{exponent}"
    return None


def _factors_text(value: int) -> str | None:
    """``2·3^499`` where the number is a product of powers of few small primes."""
    parts = []
    for prime in PRIMES:
        exponent = 0
        while value % prime == 0:
            value, exponent = value // prime, exponent + 1
        if exponent:
            parts.append(f"{prime}^{exponent}" if exponent > 1 else str(prime))
    return "·".join(parts) if value == 1 and len(parts) <= MOST_FACTORS else None


def _leading_digits(value: int) -> str:
    exponent = int(math.log10(value))
    mantissa = value // 10 ** (exponent - 3) / 1000
    if mantissa >= 10:
        mantissa, exponent = mantissa / 10, exponent + 1
    return f"{mantissa:.2f}e{exponent}"


def seconds_text(value: float) -> str:
    """Three digits and a unit: ``12.3 µs``, ``1.20 s``."""
    factor, unit = next((u for u in UNITS if value >= u[0] * 0.9995), UNITS[-1])
    scaled = value / factor
    return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f} {unit}"


def bytes_of(text: str) -> int:
    """A number of bytes, at least 1, as a person writes it: ``500M``, ``1.5 GB``, ``20k``, ``1e9``. Units are powers of 1000.

    Raises ValueError for another text.
    """
    match = _BYTES.fullmatch(text.strip())
    count = int(Fraction(match[1]) * BYTE_UNITS[match[2].lower()]) if match else 0
    if count < 1:
        raise ValueError(f"{text!r} is no number of bytes; write 500M or 8G")
    return count


def finite_number(value: object) -> float | None:
    """The value of a real number of any library; None for all else: infinities, truth values, texts."""
    if not isinstance(value, SupportsFloat) or isinstance(value, bool | str):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def is_natural(value: object) -> bool:
    """Whether a value is an integer of 0 or more, of any library."""
    return isinstance(value, SupportsIndex) and not isinstance(value, bool) and index(value) >= 0
