"""Adam (Kingma, Ba 2015, arXiv:1412.6980), on one flat vector of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Adam:
    """Steps along the running mean of the gradient, divided by the root of its running square.

    ``clip`` is the longest gradient let through (0: any): one step into a steep place must not throw
    the weights far away, which products of many factors would otherwise do.
    """

    def __init__(self, clip: float = 1.0, decay: float = 0.9, square_decay: float = 0.999) -> None:
        self.clip = clip
        self.decay = decay
        self.square_decay = square_decay
        self._steps = 0
        self._mean: Array | None = None
        self._square: Array | None = None

    def step(self, weights: Array, gradient: Array, rate: float) -> None:
        """Changes ``weights`` in place by one step down the gradient, of length about ``rate`` in each entry."""
        gradient = self._clipped(gradient)
        if self._mean is None or self._square is None:
            self._mean, self._square = np.zeros_like(weights), np.zeros_like(weights)
        self._steps += 1
        self._mean += (1 - self.decay) * (gradient - self._mean)
        self._square += (1 - self.square_decay) * (gradient**2 - self._square)
        # Both means begin at zero: dividing by the sum of their coefficients makes up for it.
        mean = self._mean / (1 - self.decay**self._steps)
        square = self._square / (1 - self.square_decay**self._steps)
        weights -= rate * mean / (np.sqrt(square) + 1e-8)

    def _clipped(self, gradient: Array) -> Array:
        length = float(np.linalg.norm(gradient))
        return gradient * (self.clip / length) if 0 < self.clip < length else gradient
