"""The names of those who are compared, known before any library is loaded."""

from __future__ import annotations

from collections.abc import Mapping

OURS = "tncompile"
# For each the packages that are to be installed.
PEERS: Mapping[str, tuple[str, ...]] = {
    OURS: (),
    "numpy": (),
    "jax": ("jax",),
    "torch": ("torch",),
    "opt_einsum": ("opt_einsum",),
    "cotengra": ("cotengra",),
    "quimb": ("quimb",),
    "tensorkrowch": ("tensorkrowch", "torch"),
}
