"""The gradient of any network."""

from __future__ import annotations

from collections.abc import Iterable

from tncompile.network import Network
from tncompile.plan.flatten.order import order


def gradient_of(
    net: Network, wrt: Iterable[str] | None = None, outputs: Iterable[str] | None = None
) -> Network:
    """The network that also computes the gradient of its outputs, contracted with cotangents.

    The network is brought into order first; see `tncompile.transform.gradient` for what the result
    holds. Raises TnError for a name that is no weight or input, or no output.
    """
    from tncompile.transform import gradient  # noqa: PLC0415  a score alone needs none of it

    return gradient(order(net), wrt, outputs)
