"""The values of a network from its tables alone: equations whose sums are all written, nothing summed unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.reference import constants
from tests.reference.summed import Evaluator, extents_of
from tests.reference.values import Values
from tests.reference.written import Arrays, Member, OverWires, Product, Writer
from tncompile.network import Network, RuleClass


def evaluate_tables(net: Network, arrays: Arrays) -> dict[str, dict[Member, Any]]:
    """Every member of every definition, by name and member."""
    values = Values(net.statements)
    known: dict[str, dict[Member, Any]] = {name: dict(members) for name, members in arrays.items()}
    for name, tensor in net.tensors.items():
        if tensor.role == "constant":
            known[name] = constants(values, tensor)
    instances: dict[tuple[str, Member], tuple[RuleClass, int]] = {}
    for found in net.tables.classes:
        name = found.definition.name
        for row, position in enumerate(found.target.tolist()):
            instances[name, tuple(net.tables.tensors[name].members[position].tolist())] = found, row
    stack = list(instances)
    while stack:
        name, member = stack[-1]
        writer = Writer(values, known, np)
        result = explicit_instance(writer, *instances[name, member])
        if writer.missing:
            stack += writer.missing
        else:
            known.setdefault(name, {})[member] = result
            stack.pop()
    return {name: members for name, members in known.items() if name not in net.tensors}


def explicit_instance(writer: Writer, found: RuleClass, row: int) -> Any:
    """One member, its axes in the order of ``free``; an index that is left unsummed is an error."""
    env = dict(found.rows.values(row))
    free = [wire for index in found.free for wire in writer.wires(index, env, {})]
    extents = [found.extents[index].value for index in found.free]
    body = writer.write(found.equation, env, {})
    if writer.missing:
        return None
    evaluator = Evaluator(extents_of(body, dict(zip(free, extents, strict=True))), writer.xp)
    everything = frozenset(_all_wires(body)) | set(free)
    result = evaluator.value(Product([body]), everything)
    assert set(result.wires) <= set(free), (
        f"{found.definition.name}: {set(result.wires) - set(free)} is not summed"
    )
    for index, extent in found.extents.items():
        wires = [] if index.loops else list(writer.wires(index, env, {}))
        sizes: Mapping[Any, int] = evaluator.extents
        assert all(sizes.get(wire, extent.value) == extent.value for wire in wires)
    return np.broadcast_to(evaluator.aligned(result, tuple(free)), tuple(extents))


def _all_wires(node: Any) -> set[Any]:
    """Every wire of a written-out body, bound or not."""
    wires: set[Any] = set(getattr(node, "wires", ()))
    if isinstance(node, OverWires):
        return wires | _all_wires(node.body)
    for name in ("factors", "terms", "arguments"):
        for part in getattr(node, name, ()):
            wires |= _all_wires(part)
    return wires
