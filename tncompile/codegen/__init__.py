"""`Schedule` → Python text, through `ast`."""

from tncompile.codegen.blocks import WeightBlock, is_array, member_title, weight_blocks
from tncompile.codegen.domain import DTYPES
from tncompile.codegen.modular import Modular
from tncompile.codegen.module import LIBRARIES, emit

__all__ = [
    "DTYPES",
    "LIBRARIES",
    "Modular",
    "WeightBlock",
    "emit",
    "is_array",
    "member_title",
    "weight_blocks",
]
