"""A whole module: documentation, sizes, weights, `init`, `score` and `score_and_gradient`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tncompile.codegen import nodes
from tncompile.codegen.blocks import WeightBlock, is_array, weight_blocks
from tncompile.codegen.constants import constant_array
from tncompile.codegen.domain import Domain
from tncompile.codegen.initial import Initial
from tncompile.codegen.outside import Outside
from tncompile.codegen.program import Program, Shared, incoming_order
from tncompile.codegen.symbols import Names, Symbols
from tncompile.codegen.text import Blank, Block, Comment, Item, Noted, Text, render
from tncompile.network import Extent, Network, Size, expression_text
from tncompile.plan.schedule import Buffer, Schedule

LIBRARIES = {"numpy": ("numpy", "np"), "cupy": ("cupy", "cp")}
RESERVED = (
    "DTYPE",
    "WEIGHTS",
    "WEIGHT_COUNT",
    "batch",
    "count",
    "cotangent",
    "gradient",
    "init",
    "normal",
    "orthogonal",
    "rng",
    "score",
    "score_and_gradient",
    "seed",
    "unpack",
    "w",
)


def emit(
    score: Schedule,
    gradient: Schedule | None = None,
    *,
    target: str = "numpy",
    dtype: str = "float64",
    batch: str | None = "batch",
) -> str:
    """The text of a stand-alone module that computes a network, and its gradient if one is given.

    ``batch`` is the size that counts samples (the first axis of every input); None, or a name that
    is no size, for a network that is computed as it is.
    """
    return render(_Module(score, gradient, target, dtype, batch).items())


class _Module:
    def __init__(self, score: Schedule, gradient: Schedule | None, target: str, dtype: str, batch: str | None) -> None:
        self.score, self.gradient = score, gradient
        self.package, alias = LIBRARIES[target]
        self.domain = Domain(dtype, alias)
        names = Names([*RESERVED, alias])
        self.shared = Shared(names)
        self.network = score.network
        self.batch = batch if batch in score.network.sizes else None
        self.symbols = Symbols(score.network, self.domain, self.batch, names)
        self.symbols_of_gradient = self.symbols
        if gradient is not None:
            self.symbols_of_gradient = Symbols(gradient.network, self.domain, self.batch, names)
            self.symbols_of_gradient.constants = self.symbols.constants
        self.blocks = weight_blocks(self.network)
        for name in (*self.network.sizes, *self.inputs()):
            names.give(("size" if name in self.network.sizes else "input", name), name)

    def inputs(self) -> tuple[str, ...]:
        """The inputs in file order."""
        return tuple(name for name, tensor in self.network.tensors.items() if tensor.role == "input")

    # --- the module -------------------------------------------------------------------------------

    def items(self) -> Iterator[Item]:
        functions = [self._unpack(), *self._init(), self._score()]
        if self.gradient is not None:
            functions.append(self._gradient())
        yield Text(tuple(self._documentation()))
        yield Blank()
        library = ast.alias(self.package, self.domain.library)
        yield ast.Import([library])
        yield Blank()
        yield nodes.assign("DTYPE", self.domain.function(self.domain.dtype))
        yield Blank()
        yield from self._sizes()
        yield from self._weights()
        yield from self._constants()
        for function in functions:
            yield Blank(2)
            yield function
