"""What a network means, written out instance by instance: the oracle that everything else is held to.

It reads the statements of a network and nothing that is derived from them, follows the language page
to the letter, and is slow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.summed import Evaluator, extents_of
from tests.reference.values import Environment, Values, scalar
from tests.reference.written import Arrays, Member, Product, Writer
from tncompile.network import Definition, Field, Network, Tensor


def evaluate(net: Network, arrays: Arrays, xp: Any = np) -> dict[str, dict[Member, Any]]:
    """The outputs of a network for one sample: output name -> member -> array.

    ``arrays`` holds the inputs and weights by name and member. ``xp`` is the array library: with
    ``jax.numpy`` the result can be differentiated.
    """
    values = Values(net.statements)
    known: dict[str, dict[Member, Any]] = {name: dict(members) for name, members in arrays.items()}
    known.update(
        {
            t.name: constants(values, t)
            for t in net.statements
            if isinstance(t, Tensor) and t.role == "constant"
        }
    )
    instances: dict[tuple[str, Member], tuple[Definition, Environment]] = {}
    for statement in net.statements:
        if isinstance(statement, Definition):
            for env in values.rows(statement.loops, {}):
                member = tuple(int(values.value(s, env)) for s in statement.subscripts)
                instances[statement.name, member] = statement, env
    outputs = [key for key, (definition, _) in instances.items() if definition.role == "output"]
    stack = list(outputs)
    while stack:
        name, member = stack[-1]
        writer = Writer(values, known, xp)
        result = instance(writer, *instances[name, member])
        if writer.missing:
            stack += writer.missing
        else:
            known.setdefault(name, {})[member] = result
            stack.pop()
    return {
        name: {member: known[name][member] for other, member in sorted(outputs) if other == name}
        for name in dict.fromkeys(name for name, _ in outputs)
    }


def instance(writer: Writer, definition: Definition, env: Environment) -> Any:
    """One member of a definition, its axes in the order of the free indices; ``None`` if some are missing."""
    free, known = [], {}
    for index in definition.indices:
        wires = list(writer.wires(index.index, env, {}))
        free += wires
        if index.extent is not None:
            known.update({wire: int(writer.values.value(index.extent, env)) for wire in wires})
    body = writer.write(definition.body, env, {})
    if writer.missing:
        return None
    evaluator = Evaluator(extents_of(body, known), writer.xp)
    result = evaluator.value(Product([body]), frozenset(free))
    shape = tuple(evaluator.extents[wire] for wire in free)
    return writer.xp.broadcast_to(evaluator.aligned(result, tuple(free)), shape)


def shapes(values: Values, tensor: Tensor) -> dict[Member, tuple[int, ...]]:
    """The members of a declared tensor and the shape of each."""
    found = {}
    for env, member in values.members(tensor.family):
        shape = []
        for axis in tensor.axes:
            for inner in values.rows(axis.loops, env):
                first = 1 if axis.first is None else int(values.value(axis.first, inner))
                shape.append(int(values.value(axis.extent, inner)) - first + 1)
        found[member] = tuple(shape)
    return found


def constants(values: Values, tensor: Tensor) -> dict[Member, Any]:
    """The members of a ``constant``: a list, one number for all entries, or a formula in named axes."""
    assert tensor.value is not None
    found = {}
    all_shapes = shapes(values, tensor)
    for env, member in values.members(tensor.family):
        shape = all_shapes[member]
        first = [1 if axis.first is None else int(values.value(axis.first, env)) for axis in tensor.axes]
        entries = []
        for place in np.ndindex(shape):
            named = {
                a.variable: p + f for a, p, f in zip(tensor.axes, place, first, strict=False) if a.variable
            }
            value = values.value(tensor.value, {**env, **named})
            for position in place if isinstance(value, list) else ():
                value = value[position]
            entries.append(scalar(value))
        found[member] = np.array(entries).reshape(shape)
    return found


def random_arrays(net: Network, seed: int, scale: float = 1.0) -> dict[str, dict[Member, Any]]:
    """Normal inputs and weights; complex ones where the field is."""
    generator = np.random.default_rng(seed)
    values = Values(net.statements)
    is_complex = any(isinstance(s, Field) and s.name == "complex" for s in net.statements)

    def draw(shape: tuple[int, ...]) -> Any:
        array = generator.normal(scale=scale, size=shape)
        return array + 1j * generator.normal(scale=scale, size=shape) if is_complex else array

    return {
        tensor.name: {member: draw(shape) for member, shape in shapes(values, tensor).items()}
        for tensor in net.statements
        if isinstance(tensor, Tensor) and tensor.role != "constant"
    }
