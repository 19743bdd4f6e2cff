"""Outputs of scaled models that repeat data, weights or constants."""

from __future__ import annotations

import numpy as np
import pytest

import tncompile as tn
from tests.helpers import same
from tests.runtime.scaled import as_plain

COPIES = """network copies
size n = 3
input x[1..4](n)
weight A(n)
constant c(i in 1..n) = 5*i
h(i) = x[2](i)
"""
OUTPUTS = {
    "data": "output y(i) = x[1](i)\n",
    "weights": "output y(i) = A(i)\n",
    "constants": "output y(i) = c(i)\n",
    "a state that is data": "output y(i) = h(i)\noutput z() = h(i) * A(i) * h(i)\n",
    "members": "output y[k](i) = x[k](i) for k in 1..4\n",
    "some members": "output y[k](i) = x[k](i) * (A(i) if k > 2 else one(i)) for k in 1..4\n",
    "data beside a product": "output y(i) = x[1](i)\noutput z() = A(i) * x[1](i)\n",
}


@pytest.mark.parametrize("outputs", OUTPUTS.values(), ids=OUTPUTS)
def test_outputs_that_repeat_what_is_given_are_brought_to_size(outputs):
    """In memory of their own: neither data nor weights change."""
    net = tn.load(COPIES + outputs)
    plain, model = tn.compile(net), tn.compile(net, scaled=True)
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=3) * 30, rng.normal(size=(2, 4, 3)) * 30
    given = w.copy(), x.copy()
    wanted, slope = plain.score_and_gradient(w, x)
    value, gradient = model.score_and_gradient(w, x)
    for found in (model.score(w, x), model.bind(w)(x), value):
        same(as_plain(found), wanted)
        for mantissa, _ in found.values() if isinstance(found, dict) else [found]:
            sizes = abs(mantissa).max(axis=-1) if mantissa.shape[-1:] == (3,) else abs(mantissa)
            assert ((sizes >= 1) & (sizes < 2)).all()
    assert np.allclose(as_plain(gradient), slope, rtol=1e-12)
    same(given, (w, x))
