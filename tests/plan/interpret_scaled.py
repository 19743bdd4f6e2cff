"""What the steps of scaled schedules mean: `interpret` with exponents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tests.plan.interpret import Array, Machine, aligned
from tncompile.plan.schedule import Access, Schedule, Step

EMPTY = -(2.0**48)
FAINT = -700


def interpret_scaled(schedule: Schedule, tensors: Mapping[str, Sequence[Array]]) -> dict[str, list[Array]]:
    """The members of each output, as the plain numbers that mantissas and exponents stand for."""
    machine = ScaledMachine(schedule, tensors)
    machine.run(schedule.body, {})
    return machine.outputs(schedule)


def exponents_of(sizes: Array, count: int) -> Array:
    """The exponents by which ``count`` entries of such a size together come to be about 1 each; 0 for 0."""
    exponents = np.floor(np.log2(np.where(sizes == 0, 1, sizes))) + 1 - count.bit_length()
    return np.where(sizes == 0, 0, exponents)


class ScaledMachine(Machine):
    """The values of all buffers, exponents among them, while a scaled schedule runs."""

    def __init__(self, schedule: Schedule, tensors: Mapping[str, Sequence[Array]]) -> None:
        given = {name: b for name, b in schedule.buffers.items() if b.exponents and b.role == "input"}
        values = {name: replace(buffer, role="value") for name, buffer in given.items()}
        super().__init__(replace(schedule, buffers={**schedule.buffers, **values}), tensors)
        for name in given:
            self.values[name][...] = 0
        self.exponents = schedule.exponents
        self.balance = schedule.balance
        self.results = schedule.network.outputs

    def outputs(self, schedule: Schedule) -> dict[str, list[Array]]:
        """The members of each output; all gradients of a balanced schedule have one exponent."""
        found = super().outputs(schedule)
        if self.balance is None:
            return found
        shared = self.values[self.balance.shared]
        alone = {a.buffer for name in found for a in schedule.outputs[name] if a.buffer in self.exponents}
        return {
            name: members
            if schedule.outputs[name][0].buffer in alone
            else [powered(one, shared) for one in members]
            for name, members in found.items()
        }

    def member(self, name: str, place: tuple[np.intp, ...]) -> Array:
        """A member of a buffer as plain numbers: its exponents have an axis for the samples only."""
        mantissa = self.values[name][place]
        if name not in self.exponents:
            return mantissa
        scale = self.values[self.exponents[name]][place]
        own = self.buffers[self.exponents[name]].shape
        axes = [extent in own for extent in self.buffers[name].shape]
        return powered(
            mantissa, scale.reshape([mantissa.shape[a] if kept else 1 for a, kept in enumerate(axes)])
        )

    def step(self, step: Step, variables: Mapping[str, int]) -> None:
        """Executes one step; those of other schedules too."""
        if step.op in ("rescale", "balance", "follow"):
            if step.turn is None or (variables[step.turn[0]] + step.offset) % step.turn[1] == 0:
                {"rescale": self.rescale, "balance": self.balanced, "follow": self.follow}[step.op](
                    step, variables
                )
        elif step.op == "measure":
            self.measure(step, variables)
        elif step.op == "reduce" and len(step.operands) > 1:
            self.product(step, variables)
        elif (
            step.op == "apply"
            and step.function in ("shift", "lower", "plain", "log")
            and len(step.operands) > 1
        ):
            target = self.labels(step.result)
            first, *scales = (
                aligned(*self.read(access, step, variables), target) for access in step.operands
            )
            self.put(step, scaled_function(step.function, first, scales), target, variables)
        else:
            super().step(step, variables)

    def rescale(self, step: Step, variables: Mapping[str, int]) -> None:
        """Divides the first operand in its place."""
        access, target = step.operands[0], self.labels(step.result)
        array, labels = self.read(access, step, variables)
        sizes = aligned(abs(array), labels, [*target, *step.summed])
        axes = tuple(range(len(target), len(target) + len(step.summed)))
        last = step.function == "last"
        size = sizes.max(axis=axes) if last else sizes.sum(axis=axes)
        exponent = exponents_of(size, 1 if last else sizes.size // max(size.size, 1))
        before = [aligned(*self.read(other, step, variables), target) for other in step.operands[1:]]
        kept = self.labels(access)
        divisor = aligned(np.broadcast_to(exponent, size.shape), target, kept)
        counts = [step.labels[label].value for label in kept]
        self.write(
            access, np.broadcast_to(aligned(array, labels, kept) / 2.0**divisor, counts), step, variables
        )
        scale = exponent + sum(before)
        self.put(step, np.where(size == 0, EMPTY, scale) if last else scale, target, variables)

    def balanced(self, step: Step, variables: Mapping[str, int]) -> None:
        """Multiplies the first operand by a power of two, the result, and adds its exponent to the second."""
        state, exponents = step.operands
        array, labels = self.read(state, step, variables)
        kept = self.labels(exponents)
        sizes = aligned(abs(array), labels, [*kept, *step.summed])
        size = sizes.sum(axis=tuple(range(len(kept), len(kept) + len(step.summed))))
        exponent = exponents_of(size, sizes.size // max(size.size, 1))
        power = 2.0**-exponent
        self.changed(state, array * aligned(power, kept, labels), labels, step, variables)
        before, order = self.read(exponents, step, variables)
        self.changed(exponents, before + aligned(exponent, kept, order), order, step, variables)
        self.put(step, aligned(power, kept, self.labels(step.result)), self.labels(step.result), variables)

    def follow(self, step: Step, variables: Mapping[str, int]) -> None:
        """Multiplies the first operand by the second; the result is how large it is then."""
        adjoint, *powers = step.operands
        array, labels = self.read(adjoint, step, variables)
        for power in powers:
            array = array * aligned(*self.read(power, step, variables), labels)
        self.changed(adjoint, array, labels, step, variables)
        target = self.labels(step.result)
        sizes = aligned(abs(array), labels, [*target, *step.summed])
        self.put(step, sizes.sum(axis=tuple(range(len(target), sizes.ndim))), target, variables)

    def changed(
        self, access: Access, value: Array, labels: Sequence[str], step: Step, variables: Mapping[str, int]
    ) -> None:
        """Writes over an operand."""
        kept = self.labels(access)
        sizes = [step.labels[label].value for label in kept]
        self.write(access, np.broadcast_to(aligned(value, labels, kept), sizes), step, variables)

    def measure(self, step: Step, variables: Mapping[str, int]) -> None:
        """The exponents of what is not 0."""
        target = self.labels(step.result)
        array, labels = self.read(step.operands[0], step, variables)
        sizes = aligned(abs(array), labels, [*target, *step.summed])
        size = sizes.sum(axis=tuple(range(len(target), sizes.ndim)))
        exponent = np.where(size == 0, EMPTY, np.floor(np.log2(np.where(size == 0, 1, size))) + 1)
        before = [aligned(*self.read(other, step, variables), target) for other in step.operands[1:]]
        self.put(step, np.where(size == 0, EMPTY, exponent + sum(before)), target, variables)

    def product(self, step: Step, variables: Mapping[str, int]) -> None:
        """A product, its exponent added to what the second operand holds."""
        target = self.labels(step.result)
        array, labels = self.read(step.operands[0], step, variables)
        ordered = aligned(array, labels, [*target, *step.summed])
        value = ordered.prod(axis=tuple(range(len(target), ordered.ndim)))
        self.put(step, value, target, variables)

    def put(self, step: Step, value: Array, target: Sequence[str], variables: Mapping[str, int]) -> None:
        """Writes a result, broadcast to its labels."""
        sizes = [step.labels[label].value for label in target]
        self.write(step.result, np.broadcast_to(value, sizes), step, variables)


def powered(array: Array, exponent: Array) -> Array:
    """``array * 2**exponent``."""
    with np.errstate(over="ignore", under="ignore"):
        return array * 2.0 ** np.clip(exponent, -2000, 2000)


def scaled_function(function: str, first: Array, scales: Sequence[Array]) -> Array:
    """The functions that only scaled schedules have."""
    if function in ("shift", "lower"):
        *own, size, to = scales
        return np.where((size - to < FAINT) | (sum(own) - to > 1023), 0, powered(first, sum(own) - to))
    return powered(first, scales[0]) if function == "plain" else np.log(first) + scales[0] * np.log(2)
