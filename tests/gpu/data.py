"""Inputs of networks as models take them, and values with arrays inside."""

from __future__ import annotations

import numpy as np

from tests.helpers import batched, draw, roles


def data(net, samples, seed=0):
    """Random inputs as a model takes them, by name; None where there are none."""
    drawn = draw(net, samples, seed)
    return {name: batched([one[name] for one in drawn]) for name in roles(net, "input")} or None


def move(value, to):
    """A value with each of its arrays put elsewhere."""
    if isinstance(value, dict):
        return {name: move(part, to) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(move(part, to) for part in value)
    return None if value is None else to(value)


def close(found, expected, rtol=1e-9, atol=1e-11):
    """Asserts that two values are alike."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, part in expected.items():
            close(found[name], part, rtol, atol)
    elif isinstance(expected, list | tuple):
        for ours, part in zip(found, expected, strict=True):
            close(ours, part, rtol, atol)
    else:
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)
