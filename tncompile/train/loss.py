"""Losses: a number for a batch of scores, and its derivative by the scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Loss = Callable[[Array, Array], tuple[float, Array]]


def cross_entropy(scores: Array, labels: Array) -> tuple[float, Array]:
    """Mean of ``-log softmax(scores)[label]`` over a batch.

    ``scores`` has shape (..., classes) and ``labels`` the integers (...). Returns the mean and its
    derivative by the scores, of the shape of ``scores``.
    """
    shifted = scores - scores.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=-1, keepdims=True)
    chosen = labels[..., None]
    losses = np.log(sums) - np.take_along_axis(shifted, chosen, axis=-1)
    derivative = exponentials / sums
    np.put_along_axis(derivative, chosen, np.take_along_axis(derivative, chosen, axis=-1) - 1, axis=-1)
    return float(losses.mean()), derivative / labels.size


def squared_error(scores: Array, targets: Array) -> tuple[float, Array]:
    """Mean of ``(score - target)^2`` over everything, and its derivative; both of the same shape."""
    difference = scores - targets
    return float(np.mean(difference**2)), 2 * difference / difference.size


LOSSES: Mapping[str, Loss] = {"cross_entropy": cross_entropy, "squared_error": squared_error}
