"""Compiled networks in the running interpreter: models, weights, data."""

from tncompile.runtime.capture import Captured
from tncompile.runtime.compile import compile_network
from tncompile.runtime.model import Model
from tncompile.runtime.weights import Weights

__all__ = ["Captured", "Model", "Weights", "compile_network"]
