"""Chains as trees on the stand-in: captured, with the values of loops and in far fewer launches."""

from __future__ import annotations

import numpy as np
import pytest

import tncompile as tn
from tests.corpus import EXAMPLES
from tests.gpu.data import close, data, move

FOLDER = EXAMPLES[0].parent
LOOP, TREE = (tn.Objective(chain=chain) for chain in ("loop", "tree"))


def to_host(array):
    return array.get()


def launched(machine, net, objective, arguments):
    """What a captured score and gradient return, on the host, and the operations in their graphs."""
    model = tn.compile(net, target="cupy", objective=objective)
    machine.calls.clear()
    value = move(model.score_and_gradient(*arguments), to_host)
    return value, sum(machine.counts(capturing=True).values())


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("tensor_train", {"d": 50, "r": 3}),
        ("born_machine", {"d": 23, "r": 2}),
        ("tensor_ring", {"d": 30, "r": 2}),
        ("mps_classifier", {"d": 41, "r": 2}),
    ],
)
@pytest.mark.parametrize("samples", [1, 5])
def test_captured_trees_are_loops_in_fewer_launches(cupy, machine, name, sizes, samples):
    net = tn.load(FOLDER / f"{name}.tn", **sizes)
    here = tn.compile(net, objective=LOOP)
    w, x = here.init(0).flat, data(net, samples)
    wanted = here.score_and_gradient(w, x)
    arguments = cupy.asarray(w), move(x, cupy.asarray)
    (loop, many), (tree, few) = (launched(machine, net, objective, arguments) for objective in (LOOP, TREE))
    for found in (loop, tree):
        close(found, wanted, rtol=1e-8, atol=0.0)
    assert few < 0.6 * many


def test_launches_grow_with_the_logarithm(cupy, machine):
    counts = []
    for d in (34, 66, 130, 258):
        net = tn.load(FOLDER / "tensor_train.tn", d=d, r=2, n=2, C=2)
        x = np.random.default_rng(0).random((3, d, 2))
        arguments = cupy.asarray(tn.compile(net).init(0).flat), cupy.asarray(x)
        counts.append(launched(machine, net, TREE, arguments)[1])
    assert len(set(np.diff(counts))) <= 2  # the same for each doubling
    assert counts[-1] < 2 * counts[0]


def test_a_stand_alone_module_of_a_tree_names_its_steps(cupy):  # noqa: ARG001  the target is there
    source = tn.compile(tn.load(FOLDER / "tensor_train.tn", d=784, r=4), target="cupy").source
    assert "h_span256" in source
    assert "range(" not in source[source.index("def score") :]
