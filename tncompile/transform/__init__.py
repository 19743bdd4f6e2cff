"""Pure functions from networks to networks."""

from tncompile.transform.gradient import gradient
from tncompile.transform.grid import grid
from tncompile.transform.open_legs import open_legs
from tncompile.transform.probe import probe

__all__ = ["gradient", "grid", "open_legs", "probe"]
