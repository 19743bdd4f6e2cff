"""What a scaled schedule carries exponents for, and what is brought back to size."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tncompile.network import Scope
from tncompile.plan.folding.liveness import executed, steps_of
from tncompile.plan.scaling.depths import HOMOGENEOUS, Depths, whole_power
from tncompile.plan.scaling.exponents import Exponents, spreads
from tncompile.plan.schedule import Access, Affine, Schedule, Step

# Where factors differ by some two bits, entries of a product of so many of them come to lie 2^126 apart.
LONG = 512


@dataclass
class Analysis:
    """Decides before any step is written. ``given`` are the buffers whose exponents come from outside,
    ``results`` the outputs to bring to size.

    Where it is looked at afterwards what came of it (``tries``), divisors are brought to size too: with what they divide they
    may leave the range unseen, as quotients do not tell.

    `rescaled`: buffers that are brought back to size when they are written, in loops every few rounds. `carried`: those
    that have exponents. `exact`: of the rescaled, those that are so in every round, with exponents that say where
    they are 0, because they leave the program, or have no entry larger than 2, because a high power is taken of them.
    """

    schedule: Schedule
    exponents: Exponents
    limit: int
    given: Collection[str]
    results: Collection[str]
    wider: bool
    tries: bool = False

    def __post_init__(self) -> None:
        self.steps = list(steps_of(self.schedule.body))
        self.writers = writers_of(self.schedule)
        self.depths = Depths(self.schedule, self.limit, self.exponents.batch)
        results = {name for name in outputs_of(self.schedule, self.results) if name in self.writers}
        self.drifting = self._drifting() if self.wider else set()
        bases = {step.operands[0].buffer for step in self.steps if self.is_steep(step)}
        self.exact = with_originals(results | (bases & {*self.writers}), self.writers)
        divided = self._divisors() if self.tries else set()
        self.rescaled = with_originals(self.depths.find() | divided, self.writers) | self.exact
        self.carried = self._carried()
        for name in self.carried:
            self.exponents.add(name)

    def keeps(self, step: Step) -> bool:
        """Is the exponent of the result known from those of the operands (or is it a function of plain numbers)?"""
        if step.op != "apply" or step.function in (*HOMOGENEOUS, "/"):
            return True
        if step.function == "^":
            return whole_power(step, self.schedule.network.scope) is not None
        if step.function not in ("max", "min"):
            return False
        scope = self.schedule.network.scope
        constants = [argument for argument in step.arguments if not isinstance(argument, int)]
        return all(complex(scope.numbers(constant)[0]) == 0 for constant in constants)

    def is_steep(self, step: Step) -> bool:
        """Is it a power so high that what it is taken of has to be brought to size before?"""
        power = whole_power(step, self.schedule.network.scope) if step.function == "^" else None
        return power is not None and abs(power) > self.limit

    def long(self) -> set[str]:
        """The long products, entry by entry, of which all stages are kept."""
        return {
            step.result.buffer
            for step, rounds in executed(self.schedule.body)
            if rounds >= LONG and is_entrywise(step) and not self.schedule.buffers[step.result.buffer].rolling
            if any(access.buffer == step.result.buffer for access in step.operands)
        }

    def _drifting(self) -> set[str]:
        """Of the long products those that meet others of that kind."""
        long = self.long()
        meeting = [step for step in self.steps if is_entrywise(step) and _all_in(step, long)]
        return {access.buffer for step in meeting for access in step.operands}

    def meets(self, step: Step) -> bool:
        """Is it a product of two products that drift?"""
        return is_entrywise(step) and _all_in(step, self.drifting)

    def _divisors(self) -> set[str]:
        """What something is divided by outside of loops, in which such things do not add up."""
        steps = [step for step in self.schedule.body if isinstance(step, Step)]
        scope = self.schedule.network.scope
        names = {access.buffer for step in steps for access in divisors(step, scope)}
        return {name for name in names if name in self.writers}

    def _carried(self) -> set[str]:
        products = {s.result.buffer for s in self.steps if is_product(s) or self.is_steep(s)}
        carried = {*self.rescaled, *products, *self.given}
        while True:
            more = {
                step.result.buffer
                for step in self.steps
                if self.keeps(step) and any(access.buffer in carried for access in step.operands)
            }
            if more <= carried:
                return carried
            carried |= more


def divisors(step: Step, scope: Scope) -> list[Access]:
    """What a step divides by."""
    if step.function == "/":
        below = step.arguments[1]
        return [step.operands[below]] if isinstance(below, int) else []
    power = whole_power(step, scope) if step.function == "^" else None
    return [step.operands[0]] if power is not None and power < 0 else []


def aligns(step: Step, exponents: Exponents) -> bool:
    """Does a step have to compare exponents: of the terms of a sum, or along a label that it sums over?"""
    if step.op == "combine" or (step.function in ("max", "min") and step.op == "apply"):
        return len(step.operands) > 1 or step.constant is not None
    return step.op != "apply" and not is_product(step) and bool(summed_scales(step, exponents))


def summed_scales(step: Step, exponents: Exponents) -> tuple[str, ...]:
    """The labels that a step sums over, or takes the largest of, along which exponents differ."""
    found = [exponents.access(access) for access in step.operands]
    own = {label for access in found if access is not None for label in exponents.labels(access)}
    return tuple(label for label in step.summed if label in own)


def is_entrywise(step: Step) -> bool:
    """Is it a product of two arrays, entry by entry?"""
    if step.op != "contract" or step.summed or len(step.operands) != 2:
        return False
    return all({*step.result.indices} <= {*access.indices} for access in step.operands)


def _all_in(step: Step, names: Collection[str]) -> bool:
    return all(access.buffer in names for access in step.operands)


def is_product(step: Step) -> bool:
    """Is it a product over labels?"""
    return step.op == "reduce" and step.function == "prod"


def is_copy(step: Step) -> bool:
    """Does a step hand on its only operand as it is?"""
    if len(step.operands) != 1 or step.summed or any(step.coefficients) or step.constant is not None:
        return False
    return step.op in ("contract", "combine") or step.function == "conj"


def without_zeros(step: Step, scope: Scope) -> Step:
    """A sum without the terms whose coefficient is 0: their exponents count for nothing."""
    if step.op != "combine" or not any(step.coefficients):
        return step
    pairs = zip(step.operands, step.coefficients, strict=True)
    kept = [(a, c) for a, c in pairs if c is None or complex(scope.numbers(c)[0]) != 0]
    operands, coefficients = tuple(a for a, _ in kept), tuple(c for _, c in kept)
    return replace(step, operands=operands, coefficients=coefficients)


def is_plain_sum(step: Step, most: int) -> bool:
    """Is it a sum of at most so many operands, without coefficients?"""
    return len(step.operands) <= most and not any(step.coefficients) and step.constant is None


def may_share(step: Step) -> bool:
    """Is it a copy that may come to lie in the memory of the original, or is read from there again and again?"""
    parted = any(isinstance(subscript, Affine) for subscript in step.result.subscripts)
    return is_copy(step) and (not parted or spreads(step))


def writers_of(schedule: Schedule) -> dict[str, list[Step]]:
    """The steps that write each buffer."""
    writers: dict[str, list[Step]] = {}
    for step in steps_of(schedule.body):
        writers.setdefault(step.result.buffer, []).append(step)
    return writers


def with_originals(names: Collection[str], writers: Mapping[str, Sequence[Step]]) -> set[str]:
    """These buffers, and what copies among them may share their memory with: originals are rescaled in their place."""
    found, waiting = set(names), list(names)
    while waiting:
        for step in writers[waiting.pop()]:
            sources = {step.operands[0].buffer} if may_share(step) else set()
            new = {name for name in sources if name in writers} - found
            found |= new
            waiting += new
    return found


def outputs_of(schedule: Schedule, names: Collection[str]) -> Iterator[str]:
    """The buffers that hold some of the outputs."""
    for name in names:
        for access in schedule.outputs[name]:
            yield access.buffer
