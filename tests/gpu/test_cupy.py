"""The CuPy modules on a device: the same values as NumPy's. Skipped where there is no CuPy or no device."""

from __future__ import annotations

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.reference import random_arrays

cupy = pytest.importorskip("cupy", reason="CuPy is not installed")


def device_count() -> int:
    try:
        return int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError:
        return 0


pytestmark = pytest.mark.skipif(device_count() == 0, reason="there is no CUDA device")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_scores_and_gradients_on_the_device_are_those_of_numpy(path):
    net = tn.load(path)
    here, there = tn.compile(net), tn.compile(net, target="cupy")
    w = here.init(0).flat
    x = data(net, samples=3)
    value, gradient = here.score_and_gradient(w, x)
    on_device = move(x, cupy.asarray)
    found, slope = there.score_and_gradient(cupy.asarray(w), on_device)
    close(move(found, cupy.asnumpy), value)
    np.testing.assert_allclose(cupy.asnumpy(slope), gradient, rtol=1e-10, atol=1e-12)
    close(move(there.score(cupy.asarray(w), on_device), cupy.asnumpy), value)


def data(net, samples):
    """Random inputs as the model takes them: an array for a box, a list otherwise; by name."""
    columns = [random_arrays(net, seed) for seed in range(samples)]
    inputs = {}
    for name, tensor in net.tensors.items():
        if tensor.role != "input":
            continue
        members = list(columns[0][name])
        stacked = [np.stack([column[name][member] for column in columns]) for member in members]
        if len({array.shape for array in stacked}) > 1:
            inputs[name] = stacked
        else:
            box = tuple(len({member[axis] for member in members}) for axis in range(len(members[0])))
            inputs[name] = np.stack(stacked, axis=1).reshape(samples, *box, *stacked[0].shape[1:])
    return inputs or None


def move(value, to):
    """A value with each of its arrays put elsewhere."""
    if isinstance(value, dict):
        return {name: move(part, to) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [move(part, to) for part in value]
    return None if value is None else to(value)


def close(found, expected):
    if isinstance(expected, dict):
        for name, part in expected.items():
            close(found[name], part)
    elif isinstance(expected, list | tuple):
        for ours, part in zip(found, expected, strict=True):
            close(ours, part)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
