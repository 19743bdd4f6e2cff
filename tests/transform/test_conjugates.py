"""Conjugates as variables: with the conjugate values put in, the scores are the same."""

from __future__ import annotations

import numpy as np
import pytest

from tncompile import compile as compiled
from tncompile import load
from tncompile.network import Call, nodes_of
from tncompile.transform import separate_conjugates

NESTED = """
network nested
field complex
size d = 3
input x[1..d](2)
weight A[1..d](2, 3), b(3)
constant turn(3) = [1, 1i, 2 - 0.5i]
f[k](a) = (A[k](i, a) * x[k](i) + 2i * b(a)) * turn(a) for k in 1..d
g(a) = conj(f[1](a) * conj(f[2](a)) - 3i) ^ 2
output y() = sum(conj(g(a)) * prod(f[k](a) if k > 1 else conj(f[k](a)) for k in 1..d) over a)
output z() = conj(y())
"""


@pytest.mark.parametrize("text", [NESTED, "examples/born_machine.tn", "examples/locally_purified.tn"])
def test_scores_stay_the_same(text):
    net = load(text)
    apart = separate_conjugates(net)
    assert load(str(apart)) == apart
    model, other = compiled(net), compiled(apart)
    rng = np.random.default_rng(0)
    w, v = model.init(1), other.init(1)
    for name in other.weights:
        family, _, member = name.partition("[")
        plain = (
            name if family in net.tensors else family.removesuffix("_conj") + (f"[{member}" if member else "")
        )
        v[name][...] = w[plain] if plain == name else np.conj(w[plain])
    (block,) = net.tables.tensors["x"].blocks
    x = rng.normal(size=(4, len(block.members), block.shape[0].value))
    found, expected = other.score(v, x), model.score(w, x)
    named = found if isinstance(found, dict) else {"y": found}
    for name, value in (expected if isinstance(expected, dict) else {"y": expected}).items():
        np.testing.assert_allclose(named[name], value, rtol=1e-9)


def test_conj_stands_at_numbers_only():
    for rule in separate_conjugates(load(NESTED)).definitions:
        calls = [node for node in nodes_of(rule.body) if isinstance(node, Call) and node.function == "conj"]
        assert all(not any(hasattr(inner, "indices") for inner in nodes_of(call)) for call in calls)


def test_a_real_network_stays_as_it_is():
    net = load("examples/tensor_train.tn")
    assert separate_conjugates(net) is net
