"""The element-by-element functions of the language, on arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def _sigmoid(x: Array) -> Array:
    half: Array = 0.5 * np.tanh(0.5 * x) + 0.5
    return half


def _step(x: Array) -> Array:
    return np.heaviside(x, 0.0)


def _relu(x: Array) -> Array:
    result: Array = np.maximum(x, 0)
    return result


def _softplus(x: Array) -> Array:
    result: Array = np.logaddexp(x, 0)
    return result


NUMERIC: Mapping[str, Callable[[Array], Array]] = {
    "relu": _relu,
    "step": _step,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "exp": np.exp,
    "log": np.log,
    "log2": np.log2,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "cos": np.cos,
    "sin": np.sin,
    "conj": np.conj,
}
