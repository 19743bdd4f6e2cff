"""Ranks of matrices: modulo a prime, and of floating-point numbers with a gap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from flint import nmod_mat

from tncompile.expressivity.residues import Residues


def rank_modulo(matrix: Residues, prime: int) -> int:
    """The rank of a matrix of residues."""
    rows, columns = matrix.shape
    entries = np.mod(matrix, prime).astype(np.int64).ravel().tolist()
    return int(nmod_mat(rows, columns, entries, prime).rank())


def numerical_rank(matrix: npt.NDArray[np.float64]) -> tuple[int, tuple[float, ...]]:
    """The rank of a matrix up to rounding, and its singular values; the usual threshold."""
    values = np.linalg.svd(matrix, compute_uv=False)
    if not len(values) or not np.isfinite(values).all() or values[0] == 0:
        return 0, tuple(values.tolist())
    threshold = values[0] * max(matrix.shape) * np.finfo(np.float64).eps
    return int((values > threshold).sum()), tuple(values.tolist())
