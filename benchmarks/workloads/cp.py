"""CP decomposition, written by hand: all factors in one batched product, then the product over the positions.

Parameters are the factors (d, n, r) and the top (r, C).
"""

from __future__ import annotations

from benchmarks.case import Array, Parameters, Workload
from tncompile import Weights


def product(parameters: Parameters, x: Array) -> Array:
    """The library's own product over the positions."""
    factor, top = parameters
    return (x.swapaxes(0, 1) @ factor).prod(axis=0) @ top


def halves(parameters: Parameters, x: Array) -> Array:
    """One half of the positions times the other until one is left; there are a power of two of them."""
    factor, top = parameters
    f = x.swapaxes(0, 1) @ factor
    while len(f) > 1:
        half = len(f) // 2
        f = f[:half] * f[half:]
    return f[0] @ top


def loop(parameters: Parameters, x: Array) -> Array:
    """Position by position."""
    factor, top = parameters
    f = x[:, 0] @ factor[0]
    for k in range(1, len(factor)):
        f = f * (x[:, k] @ factor[k])
    return f @ top


def parameters(weights: Weights) -> Parameters:
    """Factors and top."""
    return [weights["factor"], weights["top"]]


def workload(name: str, batch: int = 256, **sizes: int) -> Workload:
    """A CP network at some sizes."""
    ways = {"product over an axis": product, "halves": halves, "position by position": loop}
    return Workload(name, "cp", sizes, batch, parameters, ways)
