"""Scaled results as the plain numbers that they stand for."""

from __future__ import annotations

import numpy as np

import tncompile as tn


def as_plain(pair):
    """The numbers that a pair stands for."""
    if isinstance(pair, dict):
        return {name: as_plain(value) for name, value in pair.items()}
    mantissa, scale = pair
    if isinstance(mantissa, list):
        return [as_plain(member) for member in zip(mantissa, scale, strict=True)]
    assert scale.dtype.kind == "i"
    with np.errstate(over="ignore", under="ignore"):
        return mantissa * np.ldexp(1.0, np.broadcast_to(scale, np.shape(mantissa)))


class Plainly:
    """A scaled model as if it were none."""

    def __init__(self, net):
        self.model = tn.compile(net, scaled=True)
        self.init = self.model.init

    def score(self, *arguments):
        return as_plain(self.model.score(*arguments))

    def score_and_gradient(self, *arguments, cotangent):
        value, (mantissa, scale) = self.model.score_and_gradient(*arguments, cotangent=cotangent)
        scale.flat = as_plain((mantissa.flat, scale.flat))
        return as_plain(value), scale
