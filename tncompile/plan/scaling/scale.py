"""A schedule made into one whose numbers are mantissas times powers of two.

Products add exponents; sums align their terms to the largest; functions f with f(2^e x) = 2^e f(x), powers and
quotients keep exponents, all others see plain numbers. Mantissas are brought back to size where `Depths` says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from tncompile.plan.folding.liveness import dead_after, steps_of
from tncompile.plan.folding.slices import handed_on
from tncompile.plan.folding.steps import labels_of
from tncompile.plan.samples import is_samples
from tncompile.plan.scaling.align import Aligner
from tncompile.plan.scaling.analysis import (
    Analysis,
    aligns,
    is_plain_sum,
    is_product,
    may_share,
    outputs_of,
    without_zeros,
)
from tncompile.plan.scaling.apart import given_apart, own_copy
from tncompile.plan.scaling.copies import forwarded
from tncompile.plan.scaling.depths import SIGNS, whole_power
from tncompile.plan.scaling.exponents import (
    Exponents,
    is_scattered,
    spreads,
    whole_number,
    with_function,
)
from tncompile.plan.scaling.late import together
from tncompile.plan.schedule import Access, Affine, Loop, Node, Schedule, Slices, Step


def scaled(
    schedule: Schedule,
    batch: str | None,
    limit: int,
    given: Collection[str],
    results: Collection[str],
    wider: bool = False,
    trial: int = 0,
    often: bool = False,
) -> Schedule:
    """The scaled schedule.

    Parameters
    ----------
    batch:
        The size that counts samples, each of which has exponents of its own.
    limit:
        The depth that a mantissa may reach before it is brought back to size (see `depths`).
    given:
        The inputs that come with exponents: the buffers of these are named in ``exponents`` of the result,
        and no step writes them.
    results:
        The outputs whose mantissas are brought to size; those of others are only sure to be in range. With slices it is all
        of them, as they are added up.
    wider:
        Whether there is a wider range than that of the mantissas, for the few arrays that need it.
    trial:
        A depth beyond the limit that loops may try, if it is looked at afterwards what came of it (see `Schedule.tries`).
    often:
        Whether loops bring states to size in each round, for numbers that may be of any size.

    A schedule with slices keeps them. Nothing can be tried there, as one slice would have to be computed again.
    """
    assert not (trial and schedule.slices)
    results = results if schedule.slices is None else schedule.outputs  # slices are added up, gradients too
    schedule = given_apart(schedule, results)
    exponents = Exponents(schedule, batch)
    buffers = schedule.buffers.items()
    inputs = {name for name, b in buffers if b.role == "input" and b.tensor in given}
    analysis = Analysis(schedule, exponents, limit, inputs, results, wider, tries=trial > 0)
    return _Scaling(exponents, analysis, trial, often).result()


class Writer(ABC):
    """Writes a schedule with exponents, step by step."""

    def __init__(self, exponents: Exponents) -> None:
        self.schedule, self.exponents = exponents.schedule, exponents
        self.aligner = Aligner(exponents)

    @abstractmethod
    def step(self, step: Step, around: Sequence[Loop]) -> None:
        """Adds what becomes of a step to the steps of the aligner. ``around`` are the loops around it."""

    def nodes(self, body: Sequence[Node], around: tuple[Loop, ...] = ()) -> Iterator[Node]:
        """The program anew."""
        for node in body:
            if isinstance(node, Loop):
                yield replace(node, body=tuple(self.nodes(node.body, (*around, node))))
            else:
                self.step(node, around)
                yield from self._taken()

    def _taken(self) -> list[Step]:
        steps = list(self.aligner.steps)
        self.aligner.steps.clear()
        return steps

    def carried(self, step: Step, of: Access) -> None:
        """A step that keeps exponents."""
        known = self.aligner.known(step)
        if known and aligns(step, self.exponents):
            several = step.op in ("combine", "apply")
            (self.aligner.over_terms if several else self.aligner.over_labels)(step, of)
            return
        if step.function == "^" and known:
            self._power(step, of, *known)
            return
        self.aligner.steps.append(step)
        if step.function == "/":
            below = step.arguments[1]
            minus = isinstance(below, int) and self.exponents.access(step.operands[below]) is not None
            self.aligner.total(of, known, step.labels, minus=int(minus))
        else:
            self.aligner.total(of, known, step.labels)

    def _power(self, step: Step, of: Access, own: Access) -> None:
        """A whole power of something with the exponents ``own``."""
        power = whole_power(step, self.schedule.network.scope)
        assert power is not None
        total = self.exponents.sum_of(of, [own], step.labels, factor=whole_number(power))
        self.aligner.steps += [step, total]


class _Scaling(Writer):
    """Writes a scaled schedule in which what flows back is measured."""

    def __init__(self, exponents: Exponents, analysis: Analysis, trial: int, often: bool) -> None:
        super().__init__(exponents)
        self.analysis, self.trial, self.often = analysis, trial, often
        self.every = self._tried(trial)

    def result(self) -> Schedule:
        """The whole schedule."""
        body = self._nodes()
        if self.every > 1:
            own = self.exponents
            body = [
                together(n, own.buffers, self.every, own.batch) if isinstance(n, Loop) else n for n in body
            ]
        outputs = set(outputs_of(self.schedule, self.schedule.outputs))
        kept = outputs | {self.exponents.of[name] for name in outputs if name in self.exponents.of}
        body = without_unread(forwarded(body, self.exponents.buffers), kept, self.exponents)
        body, slices = _taken_apart(body, self.schedule.slices)
        lasting = set() if slices is None else handed_on(body[: slices.start], body[slices.start :])
        touched = {a.buffer for step in steps_of(body) for a in (step.result, *step.operands)}
        touched |= {*kept, *self.schedule.buffers, *(self.exponents.of[name] for name in self.analysis.given)}
        wide = self.analysis.drifting
        buffers = {
            name: replace(buffer, wide=buffer.wide or name in wide)
            for name, buffer in self.exponents.buffers.items()
            if name in touched
        }
        return replace(
            self.schedule,
            buffers=buffers,
            body=tuple(body),
            dead=dead_after(body, buffers, kept | lasting),
            slices=slices,
            exponents={name: of for name, of in self.exponents.of.items() if of in buffers},
            tries=self.trial > 0,
        )

    def _nodes(self) -> list[Node]:
        """The program anew; what runs for each slice as a loop behind all else."""
        slices, body = self.schedule.slices, self.schedule.body
        if slices is None:
            return list(self.nodes(body))
        once, each = self.nodes(body[: slices.start]), self.nodes(body[slices.start :])
        return [*once, Loop("slice", Affine(0), Affine(slices.count - 1), 1, tuple(each))]

    def _tried(self, trial: int) -> int:
        """In every how many rounds loops can try to bring states to size; 1 where none does it more seldom than it has to."""
        depths, exact = self.analysis.depths, self.analysis.exact
        loops = [node for node in self.schedule.body if isinstance(node, Loop) and self._turns(node)]
        late = replace(depths, late=True)
        tried = min((late.tries(loop, exact, trial) for loop in loops), default=1)
        return tried if any(depths.rounds(loop, exact) < tried for loop in loops) else 1

    def _turns(self, loop: Loop) -> bool:
        """Is there a state of samples in a loop that is brought to size in turn?"""
        return any(self._is_sized(step) and self._of_samples(step) for step in steps_of(loop.body))

    def _of_samples(self, step: Step) -> bool:
        return any(is_samples(step.labels[label], self.exponents.batch) for label in labels_of(step.result))

    def _is_sized(self, step: Step) -> bool:
        """Is a result brought to size by a step of its own?"""
        name = step.result.buffer
        return name in self.analysis.rescaled and not (may_share(step) or is_product(step))

    def step(self, step: Step, around: Sequence[Loop]) -> None:
        """A step with the exponents of its result."""
        of = self.exponents.access(step.result)
        meets, exact = self.analysis.meets(step), step.result.buffer in self.analysis.exact
        if of is None or not (meets or is_scattered(step.result) or self._is_spread(step)):
            self._written(step, of, self._turn(step, around), exact=exact)
            return
        # What has to be brought to size while it is wide, or in a place of which no view can be changed, is computed elsewhere.
        name = step.result.buffer
        carried = {label for access in step.operands for label in labels_of(access)}
        labels = [label for label in labels_of(step.result) if label in carried]
        scales = [label for label in self.exponents.labels(step.result) if label in carried]
        value = self.exponents.temporary(
            f"{name}_part", labels, step.labels, name, exponents=False, wide=meets
        )
        own = self.exponents.temporary(f"scale_{name}_part", scales, step.labels, name, exponents=True)
        turn = None if meets else self._turn(step, around)
        self._written(replace(step, result=value), own, turn, exact=exact)
        self.aligner.steps.append(Step("contract", step.result, (value,), step.labels))
        self.aligner.total(of, [own], step.labels)

    def _is_spread(self, step: Step) -> bool:
        """Is a result that has to be brought to size the same along one of its labels?"""
        return (is_product(step) or self._is_sized(step)) and spreads(step)

    def _turn(self, step: Step, around: Sequence[Loop]) -> tuple[str, int] | None:
        """In which rounds the result is brought back to size: None for all, 0 for none (see `Step.turn`)."""
        if is_product(step):
            return None if step.result.buffer in self.analysis.exact else ("", 0)
        if not self._is_sized(step):
            return ("", 0)
        if not around or step.result.buffer in self.analysis.exact:
            return None
        rounds = self.every if self._of_samples(step) else 1
        if rounds == 1 and len(around) == 1 and not self.often:
            rounds = self.analysis.depths.rounds(around[0], self.analysis.exact)
        return (around[0].variable, rounds) if rounds > 1 else None

    def _written(self, step: Step, of: Access | None, turn: tuple[str, int] | None, *, exact: bool) -> None:
        """The step, with the exponents of its result where it has some. ``exact`` says that this is, or becomes, an output."""
        if not self.analysis.keeps(step):
            self._plain(step)
            if of is not None:
                self.aligner.total(of, [], step.labels)
        elif of is None:
            self.aligner.steps.append(step)
        elif is_product(step):
            self._product(step, of)
        elif self.analysis.is_steep(step) and step.operands[0].buffer not in self.analysis.writers:
            self._power_of_given(step, of)
        else:
            self.carried(without_zeros(step, self.schedule.network.scope), of)
        if of is not None and turn != ("", 0):
            self._rescaled(step, of, turn, exact=exact)

    def _rescaled(self, step: Step, of: Access, turn: tuple[str, int] | None, *, exact: bool) -> None:
        """Brings the result back to size. Exponents that were only handed on until here are read directly."""
        labels = {label: step.labels[label] for label in labels_of(step.result)}
        rest = tuple(label for label in labels if label not in self.exponents.labels(of))
        last, before = self.aligner.steps[-1], [of]
        if turn is None and last.op == "combine" and last.result == of and is_plain_sum(last, 1):
            before = list(self.aligner.steps.pop().operands)
        called = "last" if exact else ""
        operands = (step.result, *before)
        self.aligner.steps.append(
            Step("rescale", of, operands, labels, summed=rest, function=called, turn=turn)
        )

    def _power_of_given(self, step: Step, of: Access) -> None:
        """A high power of data, weights or constants: of a copy that is brought to size."""
        (source,) = step.operands
        word, scales = f"{source.buffer}_sized", self.exponents.labels(source)
        value = self.exponents.temporary(word, labels_of(source), step.labels, source.buffer, exponents=False)
        own = self.exponents.temporary(f"scale_{word}", scales, step.labels, source.buffer, exponents=True)
        labels = {label: step.labels[label] for label in labels_of(source)}
        copy = own_copy(Step("contract", value, (source,), labels))
        self.aligner.steps.append(copy)
        self.aligner.total(own, [], step.labels)
        self._rescaled(copy, own, None, exact=True)
        self._power(replace(step, operands=(value,)), of, own)

    def _product(self, step: Step, of: Access) -> None:
        """A product over labels: the exponents begin with the sum of those of the factors."""
        known = self.aligner.known(step)
        if known:
            self.aligner.steps.append(Step("contract", of, (known[0],), step.labels, summed=step.summed))
        else:
            self.aligner.total(of, [], step.labels)
        self.aligner.steps.append(replace(step, operands=(step.operands[0], of)))

    def _plain(self, step: Step) -> None:
        """A function that sees plain numbers; signs need no exponents, the logarithm adds them."""
        if step.function in SIGNS:
            self.aligner.steps.append(step)
            return
        own = [self.exponents.access(access) for access in step.operands]
        if step.function == "log" and own[0] is not None:
            pair = (step.operands[0], own[0])
            self.aligner.steps.append(with_function("log", step.result, pair, step.labels))
            return
        operands = tuple(
            access if of is None else self.aligner.plain(access, of, step.labels)
            for access, of in zip(step.operands, own, strict=True)
        )
        self.aligner.steps.append(replace(step, operands=operands))


def _taken_apart(body: list[Node], slices: Slices | None) -> tuple[list[Node], Slices | None]:
    """A program whose last node may be the loop over the slices, without that loop; and where they begin now."""
    if slices is None:
        return body, None
    *once, each = body
    assert isinstance(each, Loop)
    return [*once, *each.body], replace(slices, start=len(once))


def without_unread(body: Sequence[Node], kept: Collection[str], exponents: Exponents) -> list[Node]:
    """The program without exponents that nobody asks for."""
    while True:
        read = {a.buffer for s in steps_of(body) for a in s.operands if a.buffer != s.result.buffer} | {*kept}
        lonely = {
            step.result.buffer
            for step in steps_of(body)
            if exponents.buffers[step.result.buffer].exponents and step.op != "rescale"
        } - read
        lonely -= {step.result.buffer for step in steps_of(body) if step.op == "rescale"}
        if not lonely:
            return list(body)
        body = [node for node in (_pruned(node, lonely) for node in body) if node is not None]


def _pruned(node: Node, lonely: Collection[str]) -> Node | None:
    if isinstance(node, Step):
        return None if node.result.buffer in lonely else node
    inner = tuple(kept for one in node.body if (kept := _pruned(one, lonely)) is not None)
    return replace(node, body=inner) if inner else None
