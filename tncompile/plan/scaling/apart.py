"""Outputs that something reads besides, or that repeat what is given: a copy of these is brought to size in their place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tncompile.plan.folding.liveness import steps_of
from tncompile.plan.scaling.analysis import may_share, outputs_of, with_originals, writers_of
from tncompile.plan.scaling.exponents import fresh_name, whole_buffer, whole_number
from tncompile.plan.schedule import Access, Buffer, Loop, Node, Schedule, Step
from tncompile.transform.balance import LIFT

Buffers = Mapping[str, Buffer]


def set_apart(body: Sequence[Node], buffers: Buffers, outputs: Collection[str]) -> tuple[list[Node], Buffers]:
    """The nodes where no step but that which lifts a cotangent reads the buffers ``outputs``, and all buffers.

    What derivatives read of an output, as those of a quotient do, is the output as it was before it is brought to size.
    """
    read = {
        access.buffer
        for step in steps_of(body)
        if step.function != LIFT and not (may_share(step) and step.result.buffer in outputs)
        for access in step.operands
    }
    names: dict[str, str] = {}
    found = dict(buffers)
    for name in outputs:
        if name in read:
            names[name] = fresh_name(f"{name}_raw", found)
            found[names[name]] = replace(buffers[name], name=names[name])
    nodes = [_renamed(node, names) for node in body]
    for name, raw in names.items():
        last = max(n for n, node in enumerate(nodes) if _writes(node, raw))
        place, extents = whole_buffer(buffers[name])
        source = replace(place, buffer=raw)
        nodes.insert(last + 1, own_copy(Step("contract", place, (source,), extents)))
    return nodes, found


def given_apart(schedule: Schedule, names: Collection[str]) -> Schedule:
    """The schedule, its outputs ``names`` in memory of their own where they repeat inputs, weights or constants."""
    writers = writers_of(schedule)
    outputs = {name for name in outputs_of(schedule, names) if name in writers}
    places = with_originals(outputs, writers)

    def own(node: Node) -> Node:
        if isinstance(node, Loop):
            return replace(node, body=tuple(map(own, node.body)))
        repeats = node.result.buffer in places and may_share(node)
        return own_copy(node) if repeats and node.operands[0].buffer not in writers else node

    return replace(schedule, body=tuple(map(own, schedule.body)))


def own_copy(copy: Step) -> Step:
    """With a coefficient it is no copy that may share its memory with the original."""
    return replace(copy, coefficients=(whole_number(1),))


def _writes(node: Node, name: str) -> bool:
    return any(step.result.buffer == name for step in steps_of((node,)))


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    """The node with other buffers in the place of outputs, but where a cotangent is lifted."""
    if isinstance(node, Loop):
        return replace(node, body=tuple(_renamed(inner, names) for inner in node.body))
    if node.function == LIFT:
        return node

    def access(one: Access) -> Access:
        return replace(one, buffer=names.get(one.buffer, one.buffer))

    return replace(node, result=access(node.result), operands=tuple(map(access, node.operands)))
