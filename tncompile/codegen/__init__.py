"""`Schedule` → Python text, through `ast`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.codegen.blocks import WeightBlock, is_array, member_title, weight_blocks
from tncompile.codegen.body.scaling import limits as range_limits
from tncompile.codegen.module import LIBRARIES, emit
from tncompile.codegen.python.domain import DTYPES
from tncompile.lazy import lazily

if TYPE_CHECKING:
    from tncompile.codegen.python.modular import Modular

__all__ = [
    "DTYPES",
    "LIBRARIES",
    "Modular",
    "WeightBlock",
    "emit",
    "is_array",
    "member_title",
    "range_limits",
    "weight_blocks",
]

__getattr__ = lazily(__name__, {"Modular": "tncompile.codegen.python.modular:Modular"})
