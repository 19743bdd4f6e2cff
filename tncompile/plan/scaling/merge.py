"""Powers of a balanced network (`transform/balance.py`) taken into the steps that make what they bring to size.

In a schedule of such a network a state is computed, its power is found, and their product is a further array; the
adjoint of the state is a product with the same power. Here each becomes a change in place, `balance` and `follow`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tncompile.plan.folding.liveness import steps_of
from tncompile.plan.folding.steps import labels_of
from tncompile.plan.scaling.analysis import may_share
from tncompile.plan.schedule import Access, Affine, Buffer, Loop, Node, Nodes, Span, Step
from tncompile.transform.balance import POWER


class NotBalanced(Exception):
    """What flows back in this schedule has to be measured."""


def merged(body: Nodes, buffers: Mapping[str, Buffer]) -> tuple[Nodes, Mapping[str, Buffer], list[str]]:
    """The nodes with steps `balance` and `follow` in the place of those that find powers, and multiply by them.

    With the buffers of these nodes, and those among them that hold the sizes of adjoints. Raises NotBalanced where a
    state is read as it was before it was brought to size, as by derivatives of quotients.
    """
    return _Merge(body, buffers).result()


class _Merge:
    def __init__(self, body: Nodes, buffers: Mapping[str, Buffer]) -> None:
        self.body, self.buffers = body, buffers
        self.sizes: dict[str, Buffer] = {}
        steps = list(steps_of(body))
        found = [step for step in steps if step.op == "reduce" and step.function == POWER]
        self.powers = {step.result.buffer for step in found}
        self.raw = {step.operands[0].buffer for step in found}
        if any(self._reads_raw(step) for step in steps):
            raise NotBalanced
        self.in_place = self._in_place(steps)
        self.names = dict(self._named(steps))
        self.words = re.compile(rf"\b({'|'.join(self.names)})(?=[\[(])")

    def result(self) -> tuple[Nodes, Mapping[str, Buffer], list[str]]:
        """The nodes, the buffers, and the new ones of these."""
        body = tuple(self._renamed(node) for node in self._nodes(self.body))
        body = tuple(self._said(node) for node in body)
        touched = {a.buffer for step in steps_of(body) for a in (step.result, *step.operands)}
        kept = {name: b for name, b in self.buffers.items() if name in touched or b.role != "value"}
        return body, {**kept, **self.sizes}, list(self.sizes)

    def _reads_raw(self, step: Step) -> bool:
        """Does a step read a state before it is brought to size, and does not do that?"""
        read = {access.buffer for access in step.operands} & self.raw
        return bool(read) and step.function != POWER and self._factors(step) is None

    def _named(self, steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
        """What is changed in place, by the names before a power was multiplied in and after that."""
        for step in steps:
            if (factors := self._factors(step)) is not None:
                pair = self.buffers[factors[0].buffer].tensor, self.buffers[step.result.buffer].tensor
                yield pair if factors[0].buffer in self.raw else pair[::-1]

    def _said(self, node: Node) -> Node:
        """A node whose equations speak of states and adjoints as the network does that was balanced."""
        if isinstance(node, Loop):
            return replace(node, body=tuple(self._said(inner) for inner in node.body))
        return replace(
            node, comment=self.words.sub(lambda found: self.names.get(found[1], found[1]), node.comment)
        )

    # --- steps that multiply by a power -----------------------------------------------------------------

    def _factors(self, step: Step) -> tuple[Access, Access] | None:
        """What a step multiplies by a power, and the power."""
        if step.op != "contract" or len(step.operands) != 2 or step.summed:
            return None
        for one, other in (step.operands, step.operands[::-1]):
            if other.buffer in self.powers:
                return one, replace(other, conjugate=False)
        return None

    def _nodes(self, body: Sequence[Node]) -> Iterator[Node]:
        slots: list[list[Node]] = [[node] for node in body]
        for place, node in enumerate(body):
            if isinstance(node, Loop):
                slots[place] = [replace(node, body=tuple(self._nodes(node.body)))]
            elif (factors := self._factors(node)) is not None:
                slots[place] = self._product(slots[:place], node, *factors)
        for node in (node for slot in slots for node in slot):
            if isinstance(node, Step) and node.op == "reduce" and node.function == POWER:
                yield self._balance(node, node.operands[0], node.result)
            else:
                yield node

    def _product(self, slots: list[list[Node]], step: Step, source: Access, power: Access) -> list[Node]:
        """A product with a power: what it gives is made by the step that made ``source``, and changed in its place.

        Where that cannot be, a state is changed before, in its own place, and adjoints are multiplied as the network says.
        """
        forward = source.buffer in self.raw
        given = step.result.buffer in self.in_place or self._given(slots, source, step.result)
        if forward and given:
            self._drop(slots, source)
            return [self._balance(step, step.result, power)]
        if forward:
            return [replace(step, operands=(source,))]
        follow = self._follow(step, power)
        return [follow] if given else [step, replace(follow, operands=follow.operands[:1])]

    def _given(self, slots: list[list[Node]], source: Access, result: Access) -> bool:
        """Lets the step that makes ``source`` make ``result``; says whether there is such a step."""
        for slot in reversed(slots):
            for number, node in enumerate(slot):
                if not any(inner.result.buffer == source.buffer for inner in steps_of((node,))):
                    continue
                step = _giving(node, source, result) if isinstance(node, Step) else None
                if step is not None:
                    slot[number] = step
                return step is not None
        return False

    def _drop(self, slots: list[list[Node]], source: Access) -> None:
        """Takes away the step that finds the power of ``source``."""
        for slot in slots:
            slot[:] = [
                node
                for node in slot
                if not (
                    isinstance(node, Step)
                    and node.op == "reduce"
                    and node.function == POWER
                    and _names(source, node.operands[0]) is not None
                )
            ]

    def _balance(self, step: Step, state: Access, power: Access) -> Step:
        labels = {label: step.labels[label] for label in labels_of(state)}
        rest = tuple(label for label in labels if label not in labels_of(power))
        return Step("balance", power, (state,), labels, summed=rest)

    def _follow(self, step: Step, power: Access) -> Step:
        name = sizes_of(power.buffer)
        owner = self.buffers[power.buffer]
        self.sizes[name] = replace(owner, name=name)
        found = self._balance(step, step.result, replace(power, buffer=name))
        return replace(found, op="follow", operands=(step.result, power))

    # --- adjoints that can be changed where they are -----------------------------------------------------

    def _in_place(self, steps: Sequence[Step]) -> dict[str, str]:
        """The adjoints before powers, for those that can lie in the memory of the adjoints behind them.

        Each member of a buffer is written once, so nothing can come between it and its product.
        """
        pairs: dict[str, str] = {}
        refused: set[str] = set()
        for step in steps:
            factors = self._factors(step)
            name = step.result.buffer
            if factors is None or factors[0].buffer in self.raw:
                refused |= {access.buffer for access in step.operands}  # a source that is read besides
                refused |= {name} if may_share(step) else set()
            elif (
                not self._alike(factors[0], step.result)
                or pairs.setdefault(name, factors[0].buffer) != factors[0].buffer
            ):
                refused |= {name, factors[0].buffer}
        return {name: source for name, source in pairs.items() if not refused & {source}}

    def _alike(self, source: Access, result: Access) -> bool:
        """Does a product leave every entry at its place, in a buffer like that of the source?"""
        one, other = self.buffers[source.buffer], self.buffers[result.buffer]
        names = _names(replace(source, buffer=result.buffer, conjugate=False), result)
        same = names is not None and all(before == after for before, after in names.items())
        family = [[extent.value for extent in buffer.family] for buffer in (one, other)]
        return same and one.role == "value" and one.shape == other.shape and family[0] == family[1]

    def _renamed(self, node: Node) -> Node:
        if isinstance(node, Loop):
            return replace(node, body=tuple(self._renamed(inner) for inner in node.body))
        return replace(
            node, result=self._access(node.result), operands=tuple(map(self._access, node.operands))
        )

    def _access(self, access: Access) -> Access:
        return replace(access, buffer=self.in_place.get(access.buffer, access.buffer))


def _giving(step: Step, source: Access, result: Access) -> Step | None:
    """The step that makes ``source``, making ``result`` of it; None where it makes more or less, or would hand it on."""
    names = _names(source, step.result)
    place = None if names is None else _relabelled(result, names)
    if place is None or {*labels_of(place)} != {*labels_of(step.result)}:
        return None
    changed = replace(step, result=place)
    return None if may_share(changed) else changed


def sizes_of(power: str) -> str:
    """The buffer of the sizes of adjoints that powers were multiplied into."""
    return f"{power}_sizes"


def _names(read: Access, written: Access) -> dict[str, str] | None:
    """The labels of a reading as those of a writing of the same part of a buffer; None if it is another part."""
    if read.buffer != written.buffer or read.conjugate:
        return None
    pairs = list(zip(read.indices, written.indices, strict=True))
    for one, other in zip(read.subscripts, written.subscripts, strict=True):
        if isinstance(one, Affine) and isinstance(other, Affine) and _same(one, other):
            continue
        if not (isinstance(one, Span) and isinstance(other, Span)):
            return None
        if not _same(one.start, other.start) or (one.step, one.count) != (other.step, other.count):
            return None
        pairs.append((one.label, other.label))
    names = dict(pairs)
    return names if len(names) == len(set(names.values())) == len(set(pairs)) else None


def _same(one: Affine, other: Affine) -> bool:
    return (one.constant, one.terms) == (other.constant, other.terms)


def _relabelled(access: Access, names: Mapping[str, str]) -> Access | None:
    subscripts: list[Affine | Span] = []
    for subscript in access.subscripts:
        if isinstance(subscript, Affine):
            subscripts.append(subscript)
        elif isinstance(subscript, Span) and subscript.label in names:
            subscripts.append(replace(subscript, label=names[subscript.label]))
        else:
            return None
    if not {*access.indices} <= {*names}:
        return None
    return replace(access, subscripts=tuple(subscripts), indices=tuple(names[i] for i in access.indices))
