"""Exact integer arithmetic on columns: every result is tested before it is computed."""

from __future__ import annotations

from collections.abc import Callable
from math import comb, lgamma, log
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.network.values.limits import INTEGER

Ints = npt.NDArray[np.int64]
Column = npt.NDArray[Any]  # int64, float64, complex128 or bool, one entry a row
_LIMIT = float(INTEGER) * (1 - 2.0**-52)


class Inexact(Exception):
    """An operation that has no exact integer result; `row` is the first row where it fails."""

    def __init__(self, row: int, message: str, help: str = "") -> None:
        self.row, self.message, self.help = row, message, help
        super().__init__(message)


def _refuse(bad: npt.NDArray[np.bool_], message: Callable[[int], str], help: str = "") -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise Inexact(row, message(row), help)


def _fits(approximate: npt.NDArray[np.float64]) -> None:
    _refuse(
        ~(np.abs(approximate) < _LIMIT),
        lambda _: "an integer here reaches 2^63",
        "every integer must stay below 2^63",
    )


def add(left: Ints, right: Ints) -> Ints:
    """left + right"""
    _fits(left.astype(np.float64) + right)
    return left + right


def subtract(left: Ints, right: Ints) -> Ints:
    """left - right"""
    _fits(left.astype(np.float64) - right)
    return left - right


def multiply(left: Ints, right: Ints) -> Ints:
    """left * right"""
    _fits(left.astype(np.float64) * right)
    return left * right


def divide(left: Ints, right: Ints) -> Ints:
    """left / right, where it is an integer."""
    _refuse(right == 0, lambda row: f"{left[row]}/0: division by zero")
    _refuse(
        left % right != 0,
        lambda row: f"{left[row]}/{right[row]} is not an integer",
        "`//` rounds down",
    )
    return left // right


def floor_divide(left: Ints, right: Ints) -> Ints:
    """left // right"""
    _refuse(right == 0, lambda row: f"{left[row]}//0: division by zero")
    return left // right


def modulo(left: Ints, right: Ints) -> Ints:
    """left % right, with the sign of the divisor."""
    _refuse(right == 0, lambda row: f"{left[row]} % 0: division by zero")
    return left % right


def power(left: Ints, right: Ints) -> Ints:
    """left ^ right for exponents that are not negative."""
    _refuse(right < 0, lambda row: f"{left[row]}^{right[row]} is not an integer")
    with np.errstate(over="ignore"):
        _fits(np.abs(left).astype(np.float64) ** right)
    return left**right


def log2(value: Ints) -> Ints:
    """The exact binary logarithm."""
    _refuse(
        (value < 1) | (value & (value - 1) != 0),
        lambda row: f"log2({value[row]}) is not an integer",
        "a power of two is needed here (4, 8, ...)",
    )
    return np.round(np.log2(value.astype(np.float64))).astype(np.int64)


def binomial(n: Ints, k: Ints) -> Ints:
    """n over k; 0 where k < 0 or k > n."""
    _refuse(n < 0, lambda row: f"binomial({n[row]}, {k[row]}): the first argument is negative")
    return np.array(
        [_comb(row, int(a), int(b)) for row, (a, b) in enumerate(zip(n, k, strict=True))], np.int64
    )


def multichoose(n: Ints, k: Ints) -> Ints:
    """The number of multisets of k out of n: binomial(n + k - 1, k)."""
    _refuse((n < 0) | (k < 0), lambda row: f"multichoose({n[row]}, {k[row]}): an argument is negative")
    rows = enumerate(zip(n, k, strict=True))
    return np.array(
        [1 if b == 0 else _comb(row, int(a) + int(b) - 1, int(b)) for row, (a, b) in rows], np.int64
    )


def _comb(row: int, n: int, k: int) -> int:
    if k < 0 or k > n:
        return 0
    k = min(k, n - k)
    if k > 64 or (k > 1 and (lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) > 64 * log(2)):
        raise Inexact(row, "an integer here reaches 2^63", "every integer must stay below 2^63")
    value = comb(n, k)
    if value >= INTEGER:
        raise Inexact(row, "an integer here reaches 2^63", "every integer must stay below 2^63")
    return value
