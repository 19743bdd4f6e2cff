"""`Schedule` → Python text, through `ast`."""

from tncompile.codegen.blocks import WeightBlock, is_array, member_title, weight_blocks
from tncompile.codegen.domain import DTYPES
from tncompile.codegen.modular import Modular
from tncompile.codegen.module import LIBRARIES, emit
from tncompile.codegen.scaling import limit as range_limit

__all__ = [
    "DTYPES",
    "LIBRARIES",
    "Modular",
    "WeightBlock",
    "emit",
    "is_array",
    "member_title",
    "range_limit",
    "weight_blocks",
]
