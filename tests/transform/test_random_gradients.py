"""Gradients of random networks, brought into order, against central differences."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, Phase, assume, given, settings

from tests.networks import networks
from tests.reference import evaluate
from tests.transform.slopes import central_difference, inner, random_arrays
from tncompile.language.load import load
from tncompile.plan import order
from tncompile.transform import gradient

SETTINGS = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # what fails is a whole text: to shrink it takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def check(text: str) -> None:
    flat = order(load(text + "\n"))
    names = [name for name, tensor in flat.tensors.items() if tensor.role != "constant"]
    arrays, cotangents = random_arrays(flat, names), random_arrays(flat, flat.outputs, 1)
    derived = gradient(flat, names)
    bars = {f"{output}_bar": cotangents[output] for output in flat.outputs}
    with np.errstate(all="ignore"):
        found = evaluate(derived, {**arrays, **bars})
        assert load(str(derived)) == derived
        for name in names:
            direction = random_arrays(flat, [name], 2)[name]
            slopes = [
                central_difference(flat, arrays, cotangents, name, direction, width) for width in (2e-3, 1e-3)
            ]
            size = max(1.0, abs(slopes[1]))
            doubt = abs(slopes[0] - slopes[1])
            # Where differences say nothing themselves (a quotient near 0), there is nothing to compare.
            assume(np.isfinite(doubt) and doubt < 1e-6 * size)
            assert abs(slopes[1] - inner(found[f"{name}_bar"], direction)) <= 1e-9 * size + doubt


@SETTINGS
@given(networks())
def test_gradients_of_random_networks_equal_central_differences(text):
    check(text)


@SETTINGS
@given(networks(is_complex=True))
def test_gradients_of_random_complex_networks_equal_central_differences(text):
    check(text)
