"""Checking a network that tncompile made itself."""

from __future__ import annotations

from tncompile.network.network import Network
from tncompile.source import InternalError, TnError


def verify(net: Network, after: str = "order") -> Network:
    """The network, once its tables are built. Raises InternalError, which names the pass that made it, if they cannot be."""
    try:
        _ = net.tables
    except TnError as error:
        raise InternalError(f"`{after}` made a network that is not right:\n{error}\n\n{net}") from error
    return net
