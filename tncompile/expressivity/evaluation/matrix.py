"""Ranks of matrices: modulo a prime, and of floating-point numbers with a gap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from flint import nmod_mat

from tncompile.expressivity.evaluation.residues import Residues
from tncompile.source import TnError


def rank_modulo(matrix: Residues, prime: int) -> int:
    """The rank of a matrix of residues."""
    rows, columns = matrix.shape
    entries = np.mod(matrix, prime).astype(np.int64).ravel().tolist()
    return int(nmod_mat(rows, columns, entries, prime).rank())


def numerical_rank(matrix: npt.NDArray[np.float64]) -> tuple[int, tuple[float, ...]]:
    """The rank of a matrix up to rounding, and its singular values; the usual threshold.

    Raises TnError for a matrix with entries that are no finite numbers.
    """
    if not np.isfinite(matrix).all():
        raise TnError(
            "the score has no finite value at random weights and inputs: its rank cannot be measured"
        )
    values = np.linalg.svd(matrix, compute_uv=False)
    if not len(values) or values[0] == 0:
        return 0, tuple(values.tolist())
    threshold = values[0] * max(matrix.shape) * np.finfo(np.float64).eps
    return int((values > threshold).sum()), tuple(values.tolist())
