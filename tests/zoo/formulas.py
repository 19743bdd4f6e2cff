"""What the tests of the zoo share: examples at chosen sizes, their weight tensors, ranks."""

from __future__ import annotations

import itertools
from math import prod

import numpy as np

from tests.corpus import EXAMPLES
from tests.reference import evaluate, random_arrays
from tncompile.language import load


def example(name, /, **sizes):
    return load(next(path for path in EXAMPLES if path.stem == name), **sizes)


def only(outputs):
    """The one member of the one output."""
    (members,) = outputs.values()
    (array,) = members.values()
    return array


def one_hot(sequence, n, start=1):
    return {(k,): np.eye(n)[i] for k, i in enumerate(sequence, start)}


def grid(net, arrays, d, n):
    """The score at every combination of one-hot inputs: the weight tensor of a multilinear score."""
    entries = [
        only(evaluate(net, {**arrays, "x": one_hot(seq, n)})) for seq in itertools.product(range(n), repeat=d)
    ]
    return np.array(entries).reshape((n,) * d + entries[0].shape)


def rank(tensor, rows):
    """The rank of a matricization of a tensor, its axes counted from 0."""
    columns = [axis for axis in range(tensor.ndim) if axis not in rows]
    return np.linalg.matrix_rank(
        tensor.transpose([*rows, *columns]).reshape(prod(tensor.shape[a] for a in rows), -1)
    )


def weights(net, seed=0):
    return random_arrays(net, seed)


def isometry(array, rows):
    """An array whose columns are orthonormal when its first ``rows`` axes are taken as rows."""
    shape = array.shape
    return np.linalg.qr(array.reshape(prod(shape[:rows]), -1))[0].reshape(shape)
