"""Scaled models of weights of any size: their scores are powers of two times those of ordinary ones, and so are their gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tncompile as tn
from tests.helpers import draw, inputs_of, weights_of

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
# The score is homogeneous in all weights together.
HOMOGENEOUS = (
    *("born_machine", "circuit", "conv_arithmetic_circuit", "cp", "deep_rac", "exponential_machine"),
    *("generalized_shallow", "gnn", "hierarchical_tucker", "locally_purified", "mera", "mps_classifier"),
    *("overlapping_conv_arithmetic_circuit", "peps", "recurrent_tensor_train", "shallow_rac", "tensor_ring"),
    *("tensor_train", "tt_matrix", "tucker"),
)


@pytest.mark.parametrize("name", HOMOGENEOUS)
def test_weights_of_any_size(name):
    """Single precision, for factors of which a few leave its range."""
    net = tn.load(EXAMPLES / f"{name}.tn")
    double, single = ("complex128", "complex64") if net.field == "complex" else ("float64", "float32")
    plain, model = tn.compile(net, dtype=double), tn.compile(net, dtype=single, scaled=True)
    samples = draw(net, 3)
    w, data = weights_of(plain, net, samples[0]).flat, inputs_of(net, samples)
    value, slope = plain.score_and_gradient(w, *data)
    degree = degree_of(plain, w, data)
    few = [one.astype(single) for one in data]
    for bits in (-36, -9, 9, 36):
        large = (w * 2.0**bits).astype(single)
        pair, (found, exponents) = model.score_and_gradient(large, *few)
        for mantissa, scale in (model.score(large, *few), pair):
            assert_alike(mantissa, scale - bits * degree, value)
        assert_alike(found, exponents - bits * (degree - 1), slope)


def degree_of(model, w, data):
    """How many weights each term of the score is a product of."""
    found = np.log2(np.abs(model.score(2 * w, *data) / model.score(w, *data)))
    assert np.allclose(found, np.round(found.flat[0]), atol=1e-9)
    return int(np.round(found.flat[0]))


def assert_alike(mantissa, scale, wanted, error=1e-4):
    found = mantissa.astype(wanted.dtype) * np.exp2(scale.astype(float))
    assert np.linalg.norm(found - wanted) <= error * np.linalg.norm(wanted)


QUOTIENT = """network quotient
size n = 3
input x(n)
weight A(n, n), B(n, n)
output y() = FACTORS / sum(POWERS over j0, j6)
"""


@pytest.mark.parametrize("bits", [-24, -23, -22, 0, 20])
def test_what_a_quotient_divides_by_is_looked_at(bits):
    """A score of ordinary size while both its parts are where numbers end: there they have but a few digits."""
    inner = " * ".join(f"A(i{k}, i{k + 1})" for k in range(6))
    below = " * ".join(f"B(j{k}, j{k + 1})" for k in range(6))
    net = tn.load(QUOTIENT.replace("FACTORS", f"x(i0) * {inner} * x(i6)").replace("POWERS", below))
    plain, model = tn.compile(net), tn.compile(net, dtype="float32", scaled=True)
    w = np.random.default_rng(0).uniform(0.2, 0.5, plain.init(0).flat.size).astype("float32")
    x = np.random.default_rng(1).uniform(0.5, 1, (4, 3)).astype("float32")
    value, slope = plain.score_and_gradient(w.astype(float), x.astype(float))
    large = w * np.float32(2.0**bits)
    (mantissa, scale), (found, exponents) = model.score_and_gradient(large, x)
    for pair in (model.score(large, x), (mantissa, scale)):
        assert_alike(*pair, value, 1e-6)
    assert_alike(found, exponents + bits, slope, 1e-5)
