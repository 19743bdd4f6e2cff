"""What the tests of fold share: a flat text folded, interpreted, and compared with the direct evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tests.plan.interpret import interpret
from tests.reference import constants, evaluate, random_arrays
from tests.reference.values import Values
from tncompile.network import Network
from tncompile.plan.folding.fold import fold
from tncompile.plan.schedule import Access, Gather, Loop, Schedule, Span, Step

Nodes = tuple[Step | Loop, ...]


def members(net: Network, arrays: Mapping[str, Mapping[tuple[int, ...], Any]]) -> dict[str, list[Any]]:
    """The declared tensors of a network as lists in the order of their tables, constants among them."""
    values = Values(net.statements)
    found = dict(arrays)
    for name, tensor in net.tensors.items():
        if tensor.role == "constant":
            found[name] = constants(values, tensor)
    tables = net.tables.tensors
    return {name: [found[name][tuple(m)] for m in tables[name].members.tolist()] for name in net.tensors}


def assert_folds(net: Network, seed: int = 1, scale: float = 0.7) -> Schedule:
    """Folds a flat network, interprets the schedule at random values, and compares all outputs."""
    schedule = fold(net)
    assert_wellformed(schedule)
    arrays = random_arrays(net, seed, scale)
    computed = interpret(schedule, members(net, arrays))
    expected = evaluate(net, arrays)
    assert set(computed) == set(expected)
    for name, values in expected.items():
        listed = net.tables.tensors[name].members.tolist()
        scale = max(float(np.max(np.abs(value), initial=0.0)) for value in values.values())
        for member, value in zip(listed, computed[name], strict=True):
            np.testing.assert_allclose(value, values[tuple(member)], rtol=1e-9, atol=1e-12 * max(scale, 1))
    return schedule


def assert_wellformed(schedule: Schedule) -> None:
    """What the classes of a schedule promise."""
    assert all(name == buffer.name and name.isidentifier() for name, buffer in schedule.buffers.items())
    assert len(schedule.dead) == len(schedule.body)
    for step, around in steps_within(schedule.body):
        variables = [loop.variable for loop in around]
        assert len(set(variables)) == len(variables)
        assert not set(variables) & set(step.labels)
        written = set(labels(step.result))
        carried = {label for access in step.operands for label in labels(access)}
        assert set(step.summed) == carried - written
        assert written | carried == set(step.labels)
        for access in (step.result, *step.operands):
            assert_access(schedule, access, step, set(variables))
        spans = [s.label for s in step.result.subscripts if isinstance(s, Span)]
        assert len(set(spans)) == len(spans)


def assert_access(schedule: Schedule, access: Access, step: Step, variables: set[str]) -> None:
    """An access has a subscript for each family axis, and its gathers go together."""
    buffer = schedule.buffers[access.buffer]
    assert len(access.subscripts) == len(buffer.family)
    assert [step.labels[i].value for i in access.indices] == [extent.value for extent in buffer.shape]
    gathers = [subscript for subscript in access.subscripts if isinstance(subscript, Gather)]
    spans = [subscript for subscript in access.subscripts if isinstance(subscript, Span)]
    assert len({gather.labels for gather in gathers}) <= 1
    assert not {span.label for span in spans} & {label for gather in gathers for label in gather.labels}
    for span in spans:
        assert span.step
        assert span.count == step.labels[span.label]
        assert {name for name, _ in span.start.terms} <= variables
    for gather in gathers:
        counts = [step.labels[label].value for label in gather.labels]
        assert list(gather.table.shape[len(gather.at) :]) == counts


def labels(access: Access) -> list[str]:
    """The labels of an access."""
    found = list(access.indices)
    for subscript in access.subscripts:
        found += [subscript.label] if isinstance(subscript, Span) else []
        found += subscript.labels if isinstance(subscript, Gather) else []
    return found


def steps_within(nodes: Nodes, around: tuple[Loop, ...] = ()) -> Iterator[tuple[Step, tuple[Loop, ...]]]:
    """Each step with the loops around it."""
    for node in nodes:
        if isinstance(node, Step):
            yield node, around
        else:
            assert len(rounds(node)) >= 2
            yield from steps_within(node.body, (*around, node))


def rounds(loop: Loop) -> range:
    """The values of the variable of a loop whose ends are constants."""
    assert (loop.first.terms, loop.last.terms) == ((), ())
    return range(loop.first.constant, loop.last.constant + loop.step, loop.step)


def written(nodes: Nodes) -> int:
    """How many steps and loops a schedule is written with."""
    return sum(1 if isinstance(node, Step) else 1 + written(node.body) for node in nodes)


def executed(nodes: Nodes) -> int:
    """How many steps a schedule executes."""
    return sum(1 if isinstance(node, Step) else len(rounds(node)) * executed(node.body) for node in nodes)


def outline(nodes: Nodes) -> list[Any]:
    """The shape of a schedule: result buffers, and for each loop its variable with its body."""
    return [
        node.result.buffer if isinstance(node, Step) else (node.variable, outline(node.body))
        for node in nodes
    ]
