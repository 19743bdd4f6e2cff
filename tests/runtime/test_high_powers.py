"""Scaled models with powers so high that no number can be left at its size before it is raised."""

from __future__ import annotations

import numpy as np
import pytest

import tncompile as tn
from tests.runtime.scaled import as_plain

HEAD = (
    "network powers\nsize d = 4, n = 3, N = 64\ninput x[1..d](n)\nweight A[1..d](n, n), B(N, n), b(), v(n)\n"
)
TEXTS = {
    "weights": "output y(i) = A[1](i, j)^6 * x[1](j)\n",
    "data": "output y(i) = A[1](i, j) * x[1](j)^-5\n",
    "numbers": "output y(i) = b()^9 * x[1](i)\n",
    "members": "h[0](i) = v(i)\nh[k](i) = A[k](i, j)^5 * h[k-1](j) * x[k](i)^-6 for k in 1..d\noutput y(i) = h[d](i)\n",
    "others": "output y[k](i) = A[d + 1 - k](i, i)^5 * x[d + 1 - k](i)^4 for k in 1..d\n",
    "one large entry": "output y(i) = (B(i, j) * x[1](j))^20\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("bits", [-22, 0, 22])
def test_powers_of_numbers_of_any_size(text, bits):
    net = tn.load(HEAD + text)
    plain, model = tn.compile(net), tn.compile(net, dtype="float32", scaled=True)
    rng = np.random.default_rng(0)
    w, x = plain.init(0), rng.uniform(0.5, 1.5, (2, 4, 3)).astype(np.float32) * 2.0 ** (bits // 2)
    w.flat[...] = rng.uniform(0.5, 1.5, w.flat.size).astype(np.float32)
    for name in plain.weights:
        w[name][...] *= 2.0 ** (0 if name == "B" else bits)
    w["B"][7] *= 2.0**20
    wanted, slope = plain.score_and_gradient(w.flat, x)
    value, gradient = model.score_and_gradient(w.flat, x)
    for found in (value, model.score(w.flat, x), model.bind(w.flat)(x)):
        assert np.allclose(as_plain(found), wanted, rtol=1e-4, atol=abs(wanted).max() * 1e-5)
    found, wanted = (tn.Weights(model._layout, flat) for flat in (as_plain(gradient), slope))
    for name in model.weights:
        assert abs(found[name] - wanted[name]).max() <= 1e-4 * abs(wanted[name]).max()
