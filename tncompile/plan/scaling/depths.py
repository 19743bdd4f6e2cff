"""Where a scaled schedule brings mantissas back to size: in as few and as small places as their growth allows.

The *depth* of a buffer counts the factors that its entries are products of since the last rescaling: a weight with
the sum over an index that goes with it is one unit, as weights are trained or drawn to keep the size of what they meet;
data are two. A mantissa of depth at most `limit` cannot leave the range of its dtype as long as one unit, on the
average of a product, changes it by less than the `limit`-th root of that range.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tncompile.network import Scope
from tncompile.plan.samples import usual_size
from tncompile.plan.scaling.rounds import Instance, Member, Members
from tncompile.plan.schedule import Access, Gather, Loop, Schedule, Span, Step

HOMOGENEOUS = ("relu", "abs", "conj")  # f(2^e x) = 2^e f(x)
SIGNS = ("sign", "step")  # neither is anything but 0, 1 and -1
TURNS = (8, 6, 5, 4, 3, 2)  # more would save little, and ask more of the size of each factor
TRIED = (64, 32, 16, 12, *TURNS)
# Of the depth that can be tried a round takes at least so much: sizes drift, whatever the factors are.
ROUND = 8
UNITS = {"input": 2, "weight": 1, "constant": 1}


@dataclass
class Depths:
    """Finds the buffers to rescale, and how many rounds a loop can go without."""

    schedule: Schedule
    limit: int
    batch: str | None
    meeting: bool = True  # states that are kept meet each other in products, as they do with adjoints
    late: bool = False  # what is brought to size in turn is so at the end of a round
    rescaled: set[str] = field(default_factory=set)
    found: dict[str, int] = field(default_factory=dict)

    def find(self) -> set[str]:
        """The buffers to rescale."""
        slices = self.schedule.slices
        units = {name: UNITS[b.role] for name, b in self.schedule.buffers.items() if b.role in UNITS}
        units |= {} if slices is None else dict.fromkeys(slices.selectors, 0)
        settled = False
        while not settled:
            self.found = {**units}
            settled = self._settled(self.schedule.body, self.found)
        return self.rescaled

    def rounds(
        self, loop: Loop, always: Collection[str], before: Mapping[str, int] = MappingProxyType({})
    ) -> int:
        """In every how many rounds the buffers need it, other than those that get it ``always``; 1 in nests.

        ``before`` are the depths of those that the loop does not find brought back to size.
        """
        return self._most(TURNS, self._members(loop), always, before)

    def tries(
        self,
        loop: Loop,
        always: Collection[str],
        trial: int,
        before: Mapping[str, int] = MappingProxyType({}),
    ) -> int:
        """In every how many rounds it may do, if depths may reach ``trial``; 1 where a round without any would pass the limit,
        as nobody would see what happens on the way."""
        members = self._members(loop)
        calm = replace(self, late=True)._holds(members, always, 1, before)
        turns = [rounds for rounds in TRIED if ROUND * rounds <= trial]
        return replace(self, limit=trial)._most(turns, members, always, before) if calm else 1

    def _most(
        self,
        turns: Sequence[int],
        members: Sequence[Instance],
        always: Collection[str],
        before: Mapping[str, int],
    ) -> int:
        return next((rounds for rounds in turns if self._holds(members, always, rounds, before)), 1)

    def _members(self, loop: Loop) -> list[Instance]:
        """What a loop computes in a round, member by member; nothing for nests, and where states of several rounds meet: one
        that was not brought to size in its round would meet those that were."""
        steps = [node for node in loop.body if isinstance(node, Step)]
        written = {_place(step.result, loop.variable) for step in steps}
        names = {name for name, _ in written}
        read = {_place(a, loop.variable) for step in steps for a in step.operands if a.buffer in names}
        earlier = [name for name, at in read - written if at]
        if len(steps) < len(loop.body) or len(earlier) > len(set(earlier)):
            return []
        return Members(steps, self.schedule.buffers).instances

    def depth_of(self, step: Step, found: Sequence[int]) -> int:
        """The depth of what a step computes from operands of these depths."""
        if step.op == "contract" or step.function == "/":
            return sum(found)
        if step.function == "^":
            power = whole_power(step, self.schedule.network.scope)
            return 1 if power is None else found[0] * abs(power)
        if step.function in SIGNS:
            return 0
        if step.op == "apply" and step.function not in (*HOMOGENEOUS, "max", "min"):
            return 1
        if step.op == "reduce" and step.function == "prod":
            return (
                self.limit // 2 if found[0] else 0
            )  # all that `product` sees to is that its entries are so near to 1
        return max(found, default=1)

    def _settled(self, body: Sequence[Step | Loop], depth: dict[str, int]) -> bool:
        """Follows the depths through a program until something has to be rescaled; says whether nothing had."""
        for node in body:
            if isinstance(node, Step):
                if not self._passes(node, depth):
                    return False
                continue
            before: dict[str, int] = {}
            while depth != before:  # what grows from round to round is rescaled sooner or later
                before = dict(depth)
                if not self._settled(node.body, depth):
                    return False
        return True

    def _passes(self, step: Step, depth: dict[str, int]) -> bool:
        """Notes the depth of a result; where it is half of the limit, something is rescaled: False."""
        name = step.result.buffer
        read = [depth.get(access.buffer, 1) for access in step.operands]
        found = self.depth_of(step, read)
        if name not in self.rescaled or found > self.limit:
            chosen = self._smallest(step, depth, found <= self.limit) if 2 * found > self.limit else None
            if chosen is not None:
                self.rescaled.add(chosen)
                return False
        depth[name] = 1 if name in self.rescaled else max(depth.get(name, 0), found)
        return True

    def _smallest(self, step: Step, depth: Mapping[str, int], with_result: bool) -> str | None:
        """Of maybe the result and the operands that are products, the smallest that is not rescaled yet."""
        names = [step.result.buffer] if with_result else []  # first: states of loops are results
        names += [access.buffer for access in step.operands if depth.get(access.buffer, 1) > 1]
        free = [n for n in names if self.schedule.buffers[n].role == "value" and n not in self.rescaled]
        return min(free, key=self._size, default=None)

    def _size(self, name: str) -> int:
        """The entries of a member of a buffer."""
        return usual_size(self.schedule.buffers[name].shape, self.batch)

    def _holds(
        self, instances: Sequence[Instance], always: Collection[str], rounds: int, before: Mapping[str, int]
    ) -> bool:
        """Do all depths stay within the limit if buffers are rescaled in every ``rounds``-th round, ``before`` these the last?"""
        # A member that another loop wrote, and brought to size in some rounds, is as deep as others of its buffer.
        deepest = {**self.found, **before}
        depth: dict[Member, int] = {}
        for turn in range(1 if before else 0, 3 * rounds + 1):
            ending: list[Member] = []
            for step, member, ways in instances:
                name = member[0]
                read = ([depth.get(one, deepest.get(one[0], 1)) for one in way] for way in ways)
                found = max(self.depth_of(step, one) for one in read)
                if found > self.limit:
                    return False
                due = name in self.rescaled and turn % rounds == 0
                ending += [member] if due and self.late else []
                depth[member] = 1 if name in always or (due and not self.late) else found
                if name in self.rescaled:
                    deepest[name] = max(deepest.get(name, 1), depth[member])
                kept = self.meeting and not self.schedule.buffers[name].rolling and name in self.rescaled
                if kept and 2 * depth[member] > self.limit:
                    return False
            depth |= dict.fromkeys(ending, 1)
        return bool(instances)


def _place(access: Access, variable: str) -> tuple[str, tuple[int, ...]]:
    """A buffer, and how far from a variable an access lies along the axes that move with it."""
    starts = [s.start if isinstance(s, Span) else s for s in access.subscripts if not isinstance(s, Gather)]
    return access.buffer, tuple(s.constant for s in starts if any(name == variable for name, _ in s.terms))


def whole_power(step: Step, scope: Scope) -> int | None:
    """The exponent of a power if it is a whole number."""
    argument = step.arguments[1]
    if isinstance(argument, int):
        return None
    value = complex(scope.numbers(argument)[0])
    return int(value.real) if value.imag == 0 and value.real.is_integer() else None
