"""Pure functions from networks to networks."""

from tncompile.transform.adjoint.gradient import gradient
from tncompile.transform.batch import batch
from tncompile.transform.conjugates import separate_conjugates
from tncompile.transform.inline import inline_definitions
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
    "open_legs",
    "probe",
    "separate_conjugates",
    "slice_index",
    "summed_indices",
]
