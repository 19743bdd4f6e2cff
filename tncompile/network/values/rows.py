"""Assignments of loop variables, held as columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tncompile.source.records import record

Ints = npt.NDArray[np.int64]


@record(eq=False)
class Rows:
    """Assignments of loop variables, one column of integers for each; a row is one instance.

    ``columns`` has shape (len(names), count); rows come in loop order. No variables: one row.
    """

    names: tuple[str, ...]
    columns: Ints
    count: int

    def column(self, name: str) -> Ints:
        """The values of one variable, shape (count,)."""
        column: Ints = self.columns[self.names.index(name)]
        return column

    def take(self, which: Ints | npt.NDArray[np.bool_]) -> Rows:
        """The rows chosen by positions or by a mask."""
        count = int(np.count_nonzero(which)) if which.dtype == np.bool_ else len(which)
        return Rows(self.names, self.columns[:, which], count)

    def values(self, row: int) -> tuple[tuple[str, int], ...]:
        """One row as pairs, as diagnostics show it; ranges without a name are left out."""
        pairs = zip(self.names, self.columns[:, row].tolist(), strict=True)
        return tuple((name, value) for name, value in pairs if not name.startswith("["))

    def extended(self, names: tuple[str, ...], parent: Ints, columns: Ints) -> Rows:
        """These rows, repeated as ``parent`` says, with further variables."""
        return Rows(self.names + names, np.concatenate([self.columns[:, parent], columns]), len(parent))


UNIT_ROWS = Rows((), np.zeros((0, 1), np.int64), 1)
