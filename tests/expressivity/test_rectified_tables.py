"""Networks with the rectifier: no generic rank, but a distribution over random weights.

Khrulkov, Hrinchuk, Oseledets (2019), Generalized tensor models for recurrent neural networks: theorem 5.2, figures 3 to 5. Odd against
even of 6 steps on a grid of 6 unit vectors, so at most 216.
"""

from __future__ import annotations

import numpy as np
import pytest

from tncompile import load
from tncompile.expressivity.rank import rank

SIDE, STEPS = 6, 6
SHALLOW_LIMIT = SIDE * STEPS // 2  # the ranks that a rectified shallow network of width 1 can have

TEXT = """
network generalized
size T = 6, M = 6, R = 2
let width[t in 0..T] = R if 0 < t < T else 1
input x[1..T](M)
WEIGHTS
h[0](j in 1..1) = 0
h[t](k) = 1/sqrt(M) * CORE(i, j, k) * JOINED for t in 1..T
output score() = h[T](k) * one(k)
"""
FREE = ("weight C[1..T](M, M), G[t in 1..T](M, width[t-1], width[t])", "G[t]", "C[t]")
SHARED = ("weight C(M, M), first(M, 1, R), G(M, R, R), last(M, R, 1)", "(first if t == 1 else last if t == T else G)", "C")
JOINED = {"relu": "max(INPUT, h[t-1](j), 0)", "sqrt": "sqrt(INPUT^2 + h[t-1](j)^2)"}


def distribution(operation, shared, R, samples):
    """The ranks at random normal weights; the states are scaled so that they stay as large as the inputs are."""
    weights, core, drive = SHARED if shared else FREE
    joined = JOINED[operation].replace("INPUT", "g[t](i)")
    text = TEXT.replace("WEIGHTS", f"{weights}\ng[t](i) = {drive}(i, m) * x[t](m) for t in 1..T")
    if shared:
        step = "h[t](k) = 1/sqrt(M) * {}(i, j, k) * JOINED for t in {}"
        steps = [step.format("first", "1..1"), step.format("G", "2..T-1"), step.format("last", "T..T")]
        text = text.replace("h[t](k) = 1/sqrt(M) * CORE(i, j, k) * JOINED for t in 1..T", "\n".join(steps))
    text = text.replace("CORE", core).replace("JOINED", joined)
    (result,) = rank(load(text, R=R), "x[1], x[3], x[5]", grid=SIDE, samples=samples).results
    assert result.verdict == "numerical"
    return np.array(result.ranks)
