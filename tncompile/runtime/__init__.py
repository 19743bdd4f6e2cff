"""Compiled networks in the running interpreter: models, weights, data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.lazy import lazily
from tncompile.runtime.compile import compile_network
from tncompile.runtime.model import Model
from tncompile.runtime.weights import Weights

if TYPE_CHECKING:
    from tncompile.runtime.capture import Captured

__all__ = ["Captured", "Model", "Weights", "compile_network"]

__getattr__ = lazily(__name__, {"Captured": "tncompile.runtime.capture:Captured"})
