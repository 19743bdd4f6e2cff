"""Modules of networks with many weights: the time to write them grows with their number, not with its square."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

import numpy as np

import tncompile as tn
from tncompile.exchange import network_text
from tncompile.exchange.einsum import Einsum


def chain(count):
    """A product of so many matrices, each a weight of its own name."""
    labels = [f"i{place}" for place in range(count + 1)]
    inputs = tuple(pairwise(labels))
    names = tuple(f"M{place}" for place in range(count))
    return tn.load(
        network_text(Einsum(inputs, (labels[0], labels[-1]), dict.fromkeys(labels, 2), names), "chain")
    )


def comparisons(count):
    """How often members of weights are compared while the module is written."""
    with (
        patch.object(np, "isin", wraps=np.isin) as isin,
        patch.object(np, "array_equal", wraps=np.array_equal) as equal,
    ):
        assert f"M{count - 1}" in tn.compile(chain(count)).source
        return isin.call_count + equal.call_count


def test_weights_are_compared_with_those_of_their_name_only():
    few, many = comparisons(10), comparisons(40)
    assert many <= 5 * few
