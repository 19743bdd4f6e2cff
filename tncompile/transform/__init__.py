"""Pure functions from networks to networks. Those that few compilations need are imported when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.lazy import lazily
from tncompile.transform.batch import batch
from tncompile.transform.inline import inline_definitions

if TYPE_CHECKING:
    from tncompile.transform.adjoint.gradient import gradient
    from tncompile.transform.conjugates import separate_conjugates
    from tncompile.transform.linear import linear_in
    from tncompile.transform.matrices.grid import grid
    from tncompile.transform.matrices.open_legs import open_legs
    from tncompile.transform.matrices.probe import probe
    from tncompile.transform.slice import Summed, slice_index, summed_indices

__all__ = [
    "Summed",
    "batch",
    "gradient",
    "grid",
    "inline_definitions",
    "linear_in",
    "open_legs",
    "probe",
    "separate_conjugates",
    "slice_index",
    "summed_indices",
]

__getattr__ = lazily(
    __name__,
    {
        "Summed": "tncompile.transform.slice:Summed",
        "gradient": "tncompile.transform.adjoint.gradient:gradient",
        "grid": "tncompile.transform.matrices.grid:grid",
        "linear_in": "tncompile.transform.linear:linear_in",
        "open_legs": "tncompile.transform.matrices.open_legs:open_legs",
        "probe": "tncompile.transform.matrices.probe:probe",
        "separate_conjugates": "tncompile.transform.conjugates:separate_conjugates",
        "slice_index": "tncompile.transform.slice:slice_index",
        "summed_indices": "tncompile.transform.slice:summed_indices",
    },
)
