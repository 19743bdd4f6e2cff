"""What the tests of fold share: a flat text folded, interpreted, and compared with the direct evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.plan.interpret import interpret
from tests.reference import constants, evaluate, random_arrays
from tests.reference.values import Values
from tncompile.network import Network
from tncompile.plan.fold import fold
from tncompile.plan.schedule import Loop, Schedule, Step


def members(net: Network, arrays: Mapping[str, Mapping[tuple[int, ...], Any]]) -> dict[str, list[Any]]:
    """The declared tensors of a network as lists in the order of their tables, constants among them."""
    values = Values(net.statements)
    found = dict(arrays)
    for name, tensor in net.tensors.items():
        if tensor.role == "constant":
            found[name] = constants(values, tensor)
    tables = net.tables.tensors
    return {
        name: [found[name][tuple(member)] for member in tables[name].members.tolist()] for name in net.tensors
    }


def assert_folds(net: Network, seed: int = 1, scale: float = 0.7) -> Schedule:
    """Folds a flat network, interprets the schedule at random values, and compares all outputs."""
    schedule = fold(net)
    arrays = random_arrays(net, seed, scale)
    computed = interpret(schedule, members(net, arrays))
    expected = evaluate(net, arrays)
    assert set(computed) == set(expected)
    for name, values in expected.items():
        listed = net.tables.tensors[name].members.tolist()
        for member, value in zip(listed, computed[name], strict=True):
            np.testing.assert_allclose(value, values[tuple(member)], rtol=1e-9, atol=1e-12)
    return schedule


def written(nodes: tuple[Step | Loop, ...]) -> int:
    """How many steps and loops a schedule is written with."""
    return sum(1 if isinstance(node, Step) else 1 + written(node.body) for node in nodes)


def executed(nodes: tuple[Step | Loop, ...]) -> int:
    """How many steps a schedule executes; all loop bounds are constants."""
    total = 0
    for node in nodes:
        rounds = 1 if isinstance(node, Step) else abs(node.last.constant - node.first.constant) + 1
        total += rounds * (1 if isinstance(node, Step) else executed(node.body))
    return total


def outline(nodes: tuple[Step | Loop, ...]) -> list[Any]:
    """The shape of a schedule: result buffers, and for each loop its variable with its body."""
    return [
        node.result.buffer if isinstance(node, Step) else (node.variable, outline(node.body)) for node in nodes
    ]
