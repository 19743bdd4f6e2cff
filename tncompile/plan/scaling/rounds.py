"""How deep the members of buffers become, round after round of a loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Span, Step

MOST = 8  # members of a buffer that are told apart

# A buffer, and positions along those of its axes that a loop does not move along.
Member = tuple[str, tuple[int, ...]]
Instance = tuple[Step, Member, list[list[Member]]]


class Members:
    """The members that the steps of a loop touch. What a loop moves along counts as one, and so does what is too many."""

    def __init__(self, steps: Sequence[Step], buffers: Mapping[str, Buffer]) -> None:
        self.axes: dict[str, list[int]] = {}
        for step in steps:
            for access in (step.result, *step.operands):
                family = buffers[access.buffer].family
                own = self.axes.setdefault(access.buffer, list(range(len(family))))
                own[:] = [axis for axis in own if _stays(access.subscripts[axis])]
                while own and _count(access, own) > MOST:
                    own.pop()
        self.instances = [one for step in steps for one in self._instances(step)]

    def _instances(self, step: Step) -> Iterator[Instance]:
        """A step for each member of its result, and the operands of all that are added up or compared for it."""
        labels = {
            s.label: s.count.value
            for access in (step.result, *step.operands)
            for s in (access.subscripts[axis] for axis in self.axes[access.buffer])
            if isinstance(s, Span)
        }
        found: dict[Member, list[list[Member]]] = {}
        for values in product(*map(range, labels.values())):
            at = dict(zip(labels, values, strict=True))
            read = [self.member(access, at) for access in step.operands]
            found.setdefault(self.member(step.result, at), []).append(read)
        for member, operands in found.items():
            yield step, member, operands

    def member(self, access: Access, at: Mapping[str, int]) -> Member:
        """What an access touches where labels have these values."""
        kept = (access.subscripts[axis] for axis in self.axes[access.buffer])
        return access.buffer, tuple(_position(subscript, at) for subscript in kept)


def _count(access: Access, axes: Sequence[int]) -> int:
    """How many members an access touches along some axes."""
    total = 1
    for axis in axes:
        subscript = access.subscripts[axis]
        total *= subscript.count.value if isinstance(subscript, Span) else 1
    return total


def _stays(subscript: Affine | Span | Gather) -> bool:
    """Is a subscript the same in all rounds, and no table?"""
    if isinstance(subscript, Gather):
        return False
    return not (subscript.start if isinstance(subscript, Span) else subscript).terms


def _position(subscript: Affine | Span | Gather, at: Mapping[str, int]) -> int:
    if isinstance(subscript, Span):
        return subscript.start.constant + subscript.step * at[subscript.label]
    assert isinstance(subscript, Affine)
    return subscript.constant
