"""What the parts of a `Scope` ask of it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from tncompile.network.syntax import Expr, Let, Loop
from tncompile.network.values.formula import Formula
from tncompile.network.values.held import Lists, Value
from tncompile.network.values.rows import Ints, Rows


class Evaluation(Protocol):
    """Evaluation of expressions at bound sizes; see `Scope`, which is one."""

    def lookup(self, name: str) -> Value | None:
        """The value of a size, number or let."""
        ...

    def let(self, name: str) -> Let | None:
        """The let of this name."""
        ...

    def let_formula(self, text: str, expr: Expr, values: dict[str, int]) -> Formula:
        """The formula of a let, or of the member of one, that is written ``text``."""
        ...

    def integers(self, expr: Expr, rows: Rows) -> Ints:
        """An integer for each row."""
        ...

    def truths(self, expr: Expr, rows: Rows) -> npt.NDArray[np.bool_]:
        """A condition for each row."""
        ...

    def lists(self, expr: Expr, rows: Rows) -> Lists:
        """A list for each row."""
        ...

    def count_steps(self, steps: int, kept: int, loop: Loop) -> None:
        """Notes loop steps that are about to be tried."""
        ...
