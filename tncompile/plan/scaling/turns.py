"""In which rounds of loops the states of a balanced schedule are brought to size, and adjoints with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tncompile.network import Ints
from tncompile.plan.scaling.depths import TRIED, Depths
from tncompile.plan.scaling.merge import NotBalanced, sizes_of
from tncompile.plan.schedule import Access, Affine, Loop, Schedule, Span, Step
from tncompile.source.records import record

Around = tuple[Loop, ...]
Mask = npt.NDArray[np.bool_]
Placed = tuple[Step, Around]


@record
class Turns:
    """For each `balance` and `follow` of a schedule, by its identity, the same with its turn; None where there is no need of it.

    ``partly`` are the buffers that do not get all their members by these.
    """

    of: dict[int, Step | None]
    partly: frozenset[str]


def turns_in(schedule: Schedule, depths: Depths, trial: int, always: Collection[str]) -> Turns:
    """Chooses the turns.

    ``depths`` are those of the steps that lead to outputs, of which ``always`` are brought to size whenever they
    are written. Depths may reach ``trial``: adjoints that went out of range are found afterwards. Raises NotBalanced
    where positions are not regular.
    """
    return _Chooser(schedule, depths, trial, always).chosen()


class _Chooser:
    def __init__(self, schedule: Schedule, depths: Depths, trial: int, always: Collection[str]) -> None:
        self.buffers, self.depths, self.trial, self.always = schedule.buffers, depths, trial, always
        self.placed = list(_placed(schedule.body, ()))
        self.of: dict[int, Step | None] = {}
        self.partly: set[str] = set()

    def chosen(self) -> Turns:
        """The turns of all steps."""
        self.of |= {id(step): step for step, _ in self.placed if step.op in ("balance", "follow")}
        for power in dict.fromkeys(step.result.buffer for step, _ in self.placed if step.op == "balance"):
            states = [(s, a) for s, a in self.placed if s.op == "balance" and s.result.buffer == power]
            followers = [(s, a) for s, a in self.placed if s.op == "follow" and power in _factors(s)]
            self._choose(states, followers)
            sizes = [
                (s, a) for s, a in self.placed if s.op == "follow" and s.result.buffer == sizes_of(power)
            ]
            readers = [(s, a, o) for s, a in self.placed for o in s.operands if o.buffer == power]
            if readers and not self._written(states)[self._covered(readers)].all():
                self.partly.add(power)
            if sizes and not self._written(sizes).all():
                self.partly.add(sizes_of(power))
        return Turns(self.of, frozenset(self.partly))

    def _choose(self, states: Sequence[Placed], followers: Sequence[Placed]) -> None:
        """The turns of the steps that find the powers of a buffer, and of those that multiply by them."""
        rounds = {id(around[0]): self._rounds(around[0]) for _, around in states if len(around) == 1}
        if all(count == 1 for count in rounds.values()):
            return
        for step, around in states:
            if not around and self._comes_first(step):
                self.of[id(step)] = None  # the loop behind it takes that on
            elif len(around) == 1 and rounds[id(around[0])] > 1:
                self.of[id(step)] = replace(step, turn=(around[0].variable, rounds[id(around[0])]))
        done = self._written(states) if followers else np.zeros(0, np.bool_)
        # In short loops many counts fit; that of the states fits whatever the sizes are.
        counts = [*(count for count in rounds.values() if count > 1), *TRIED]
        for step, around in followers:
            values, index = _visited(step.operands[1], around)
            hit = done[index].reshape(len(values), -1)
            some: Mask = np.logical_or.reduce(hit, axis=1)
            even = bool((hit == hit[:, :1]).all())
            self.of[id(step)] = _follower(step, around, values, some, even, counts)

    def _written(self, placed: Sequence[Placed]) -> Mask:
        """The members that some steps give to a buffer."""
        return self._covered([(step, around, step.result) for step, around in placed])

    def _covered(self, placed: Sequence[tuple[Step, Around, Access]]) -> Mask:
        """The members of a buffer that accesses of some steps touch in the turns that were chosen."""
        found = np.zeros([e.value for e in self.buffers[placed[0][2].buffer].family], np.bool_)
        for before, around, access in placed:
            step = self.of.get(id(before), before)
            if step is not None:
                values, index = _visited(access, around)
                due = (values + step.offset) % (1 if step.turn is None else step.turn[1]) == 0
                found[tuple(axis[due] for axis in index)] = True
        return found

    def _rounds(self, loop: Loop) -> int:
        """In every how many rounds the states of a loop are brought to size, if none is before it."""
        inside = [step for step, around in self.placed if any(one is loop for one in around)]
        states = {step.operands[0].buffer for step in inside if step.op == "balance"}
        before = {
            step.result.buffer: self.depths.depth_of(
                step, [self.depths.found.get(a.buffer, 1) for a in step.operands]
            )
            for step, around in self.placed
            if not around and step.op != "balance" and step.result.buffer in states
        }
        safe = self.depths.rounds(loop, self.always, before)
        return max(safe, self.depths.tries(loop, self.always, self.trial, before))

    def _comes_first(self, step: Step) -> bool:
        """Is a state brought to size again by a loop behind this step?"""
        state, seen = step.operands[0].buffer, False
        for other, around in self.placed:
            seen = seen or other is step
            if seen and around and other.op == "balance" and other.operands[0].buffer == state:
                return True
        return False


def _follower(
    step: Step, around: Around, values: Ints, hit: Mask, even: bool, counts: Sequence[int]
) -> Step | None:
    """A step that multiplies by powers where there are some; everywhere if that follows no rule."""
    if not hit.any():
        return None
    if len(around) == 1 and even and not hit.all():
        for count in counts:
            for offset in range(count):
                if (((values + offset) % count == 0) == hit).all():
                    return replace(step, turn=(around[0].variable, count), offset=offset)
    return step


def _placed(body: Sequence[Step | Loop], around: Around) -> Iterator[Placed]:
    """The steps with the loops around them."""
    for node in body:
        if isinstance(node, Step):
            yield node, around
        else:
            yield from _placed(node.body, (*around, node))


def _factors(step: Step) -> list[str]:
    return [access.buffer for access in step.operands[1:]]


def _visited(access: Access, around: Around) -> tuple[Ints, tuple[Ints, ...]]:
    """The values of the loop variable, and for each the positions of an access along the axes of its family."""
    if len(around) > 1 or (around and (around[0].first.terms or around[0].last.terms)):
        raise NotBalanced
    values = np.zeros(1, np.int64)
    if around:
        loop = around[0]
        values = np.arange(loop.first.constant, loop.last.constant + loop.step, loop.step)
    spans = [subscript for subscript in access.subscripts if isinstance(subscript, Span)]
    index: list[Ints] = []
    for subscript in access.subscripts:
        if isinstance(subscript, Affine):
            index.append(_value(subscript, values).reshape(-1, *[1] * len(spans)))
        elif isinstance(subscript, Span):
            shape = [-1 if span is subscript else 1 for span in spans]
            steps = (subscript.step * np.arange(subscript.count.value)).reshape(1, *shape)
            index.append(_value(subscript.start, values).reshape(-1, *[1] * len(spans)) + steps)
        else:
            raise NotBalanced
    return values, tuple(np.broadcast_arrays(*index)) if index else ()


def _value(affine: Affine, values: Ints) -> Ints:
    """An affine expression at each value of the loop variable."""
    total = np.full(len(values), affine.constant)
    for _, coefficient in affine.terms:
        total = total + coefficient * values
    return total
