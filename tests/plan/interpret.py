"""A slow and plain interpreter of a `Schedule`: what every field of it means, in NumPy.

The generated code must compute what this computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.network import Expr, Scope
from tncompile.network.values.functions import NUMERIC
from tncompile.plan.schedule import Access, Affine, Gather, Loop, Schedule, Span, Step

Array = npt.NDArray[Any]


def interpret(schedule: Schedule, tensors: Mapping[str, Sequence[Array]]) -> dict[str, list[Array]]:
    """The members of each output, in the order of its table, from the members of each declared tensor."""
    machine = Machine(schedule, tensors)
    machine.run(schedule.body, {})
    return machine.outputs(schedule)


class Machine:
    """The values of all buffers while a schedule runs."""

    def __init__(self, schedule: Schedule, tensors: Mapping[str, Sequence[Array]]) -> None:
        self.scope: Scope = schedule.network.scope
        self.buffers = schedule.buffers
        dtype = np.complex128 if schedule.network.field == "complex" else np.float64
        self.values: dict[str, Array] = {}
        for name, buffer in schedule.buffers.items():
            family = [extent.value for extent in buffer.family]
            shape = [extent.value for extent in buffer.shape]
            if buffer.role == "value":
                # Not a number where nothing was written yet, so that a reading too early shows.
                self.values[name] = np.full(family + shape, np.nan, dtype)
            elif buffer.tensor == "delta":
                places = np.indices(shape)
                self.values[name] = np.all(places == places[:1], axis=0).astype(dtype)
            else:
                members = [np.asarray(tensors[buffer.tensor][member], dtype) for member in buffer.members]
                self.values[name] = np.stack(members).reshape(family + shape)

    def outputs(self, schedule: Schedule) -> dict[str, list[Array]]:
        """The members of each output, in the order of its table."""
        found: dict[str, list[Array]] = {}
        for name, accesses in schedule.outputs.items():
            found[name] = [np.zeros(0)] * len(schedule.network.tables.tensors[name].members)
            for access in accesses:
                buffer = schedule.buffers[access.buffer]
                for position, member in enumerate(buffer.members):
                    place = np.unravel_index(position, [extent.value for extent in buffer.family])
                    found[name][member] = self.member(access.buffer, place)
        return found

    def member(self, name: str, place: tuple[np.intp, ...]) -> Array:
        """A member of a buffer as it leaves the program."""
        return self.values[name][place]

    def run(self, nodes: Sequence[Step | Loop], variables: Mapping[str, int]) -> None:
        """Executes loops and steps in order, with the values of the loop variables around."""
        for node in nodes:
            if isinstance(node, Step):
                self.step(node, variables)
                continue
            first, last = position(node.first, variables), position(node.last, variables)
            for value in range(first, last + node.step, node.step):
                self.run(node.body, {**variables, node.variable: value})

    def step(self, step: Step, variables: Mapping[str, int]) -> None:
        """Executes one step: operands are read, the result is written."""
        operands = [self.read(access, step, variables) for access in step.operands]
        target = self.labels(step.result)
        if step.op == "contract":
            factor = 1 if not step.coefficients else self.number(step.coefficients[0])
            value = factor * contracted(operands, target, step)
        elif step.op == "combine":
            coefficients = step.coefficients or (None,) * len(operands)
            value = np.asarray(0 if step.constant is None else self.number(step.constant))
            for coefficient, (array, labels) in zip(coefficients, operands, strict=True):
                value = value + self.number(coefficient) * aligned(array, labels, target)
        elif step.op == "apply":
            arguments = [
                aligned(*operands[argument], target)
                if isinstance(argument, int)
                else np.asarray(self.number(argument))
                for argument in step.arguments
            ]
            value = applied(step.function, arguments)
        else:
            array, labels = operands[0]
            kept = [label for label in dict.fromkeys(labels) if label not in step.summed]
            ordered = aligned(array, labels, [*kept, *step.summed])
            axes = tuple(range(len(kept), len(kept) + len(step.summed)))
            reduction = {"prod": np.prod, "max": np.max, "min": np.min}[step.function]
            value = aligned(reduction(ordered, axis=axes), kept, target)
        sizes = [step.labels[label].value for label in target]
        self.write(step.result, np.broadcast_to(value, sizes), step, variables)

    def number(self, expr: Expr | None) -> Any:
        """A coefficient or constant; None is 1."""
        return 1 if expr is None else self.scope.numbers(expr)[0]

    def labels(self, access: Access) -> list[str]:
        """The labels of what an access reads: those of its subscripts, then those of the member's axes."""
        found: list[str] = []
        for subscript in access.subscripts:
            if isinstance(subscript, Span):
                found.append(subscript.label)
            elif isinstance(subscript, Gather):
                found.extend(subscript.labels)
        return [*dict.fromkeys(found), *access.indices]

    def places(self, access: Access, step: Step, variables: Mapping[str, int]) -> tuple[Array, ...]:
        """For each family axis the positions, over the labels of the subscripts."""
        labels = self.labels(access)[: -len(access.indices) or None]
        counts = [step.labels[label].value for label in labels]
        grid = dict(zip(labels, np.indices(counts), strict=True)) if labels else {}
        places = []
        for subscript in access.subscripts:
            if isinstance(subscript, Affine):
                places.append(np.full(counts, position(subscript, variables)))
            elif isinstance(subscript, Span):
                places.append(position(subscript.start, variables) + subscript.step * grid[subscript.label])
            else:
                table = subscript.table[tuple(position(at, variables) for at in subscript.at)]
                places.append(
                    table[tuple(grid[label] for label in subscript.labels)] + np.zeros(counts, np.int64)
                )
        return tuple(places)

    def read(self, access: Access, step: Step, variables: Mapping[str, int]) -> tuple[Array, list[str]]:
        """What an access reads, and its labels."""
        array = self.values[access.buffer][self.places(access, step, variables)]
        return np.conj(array) if access.conjugate else array, self.labels(access)

    def write(self, access: Access, value: Array, step: Step, variables: Mapping[str, int]) -> None:
        """Puts a value with the labels of the access where the access says."""
        self.values[access.buffer][self.places(access, step, variables)] = value


def position(affine: Affine, variables: Mapping[str, int]) -> int:
    """The value of an affine expression of the loop variables."""
    return affine.constant + sum(factor * variables[name] for name, factor in affine.terms)


def contracted(operands: Sequence[tuple[Array, list[str]]], target: Sequence[str], step: Step) -> Array:
    """The product of the operands, summed over the labels that the target lacks, broadcast to the target."""
    numbers = {label: number for number, label in enumerate(step.labels)}
    carried = [label for label in target if any(label in labels for _, labels in operands)]
    arguments: list[Any] = []
    for array, labels in operands:
        arguments += [array, [numbers[label] for label in labels]]
    value = np.einsum(*arguments, [numbers[label] for label in carried])
    return aligned(value, carried, target)


def aligned(array: Array, labels: Sequence[str], target: Sequence[str]) -> Array:
    """The array with its axes in the order of the target, extent 1 where it lacks a label; diagonals taken."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    carried = [label for label in target if label in numbers]
    value = np.einsum(array, [numbers[label] for label in labels], [numbers[label] for label in carried])
    shape = iter(value.shape)
    return value.reshape([next(shape) if label in numbers else 1 for label in target])


def applied(function: str, arguments: Sequence[Array]) -> Array:
    """A function of the language, element by element."""
    if function == "/":
        return np.asarray(arguments[0] / arguments[1])
    if function == "^":
        return np.asarray(arguments[0] ** arguments[1])
    if function in ("max", "min"):
        pick = np.maximum if function == "max" else np.minimum
        value = arguments[0]
        for argument in arguments[1:]:
            value = pick(value, argument)
        return value
    return NUMERIC[function](arguments[0])
