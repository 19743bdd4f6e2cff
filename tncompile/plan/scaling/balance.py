"""Scaled gradients whose adjoints follow their states: what flows back is divided by what brought them to size.

A state ``h`` brought to size is ``c h`` with a power of two ``c``, a constant of its sample. The gradient of the network with these
constants in it (`transform/balance.py`) is the gradient that is asked for, but for a factor of each sample, which the
cotangent takes over: it is aligned once, and all that flows back afterwards are plain numbers. As ``<h, h_bar>`` is the same at all
steps for a product, adjoints are about as far from 1 as their states are, which is near. Their sizes are noted on the way;
where one is out of range, or a score is 0, the gradient has to be computed with adjoints that are measured (`scaled`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import Ints, Network
from tncompile.plan.folding.fold import fold
from tncompile.plan.folding.liveness import dead_after, dependent, steps_of
from tncompile.plan.folding.rolling import rolled
from tncompile.plan.folding.steps import labels_of
from tncompile.plan.samples import is_samples
from tncompile.plan.scaling.analysis import Analysis, aligns, is_product, may_share
from tncompile.plan.scaling.apart import set_apart
from tncompile.plan.scaling.copies import forwarded, without_repeats
from tncompile.plan.scaling.depths import Depths
from tncompile.plan.scaling.exponents import Exponents, whole_buffer, whole_number, with_function
from tncompile.plan.scaling.merge import NotBalanced, merged
from tncompile.plan.scaling.scale import Writer, without_unread
from tncompile.plan.scaling.turns import turns_in
from tncompile.plan.schedule import Access, Balance, Loop, Node, Schedule, Step
from tncompile.transform import gradient
from tncompile.transform.balance import LIFT, balanced, lifted
from tncompile.transform.products import chained_products


def balanced_gradient(
    flat: Network, batch: str | None, limit: int, wider: bool, trial: int = 0
) -> Schedule | None:
    """The scaled schedule of the outputs of a flat network and the gradients of its weights, balanced.

    None where states are sums of scaled numbers, or functions that see them as they are, where there are several
    outputs, and where products are so long that their entries drift apart. The parameters are those of `scaled`.
    """
    if len(flat.outputs) != 1:
        return None
    (output,) = flat.outputs
    flat = chained_products(flat)
    try:
        net = balanced(flat, _states(flat, batch, limit, wider), batch)
        differentiated = gradient(net)
        (cotangent,) = (
            n for n, t in differentiated.tensors.items() if t.role == "input" and n not in net.tensors
        )
        schedule = fold(lifted(differentiated, output, cotangent), batch=batch, change=merged)
        return _Balancing(schedule, batch, limit, trial, output, cotangent).result()
    except NotBalanced:
        return None


def _states(flat: Network, batch: str | None, limit: int, wider: bool) -> Mapping[str, Ints]:
    """The members of definitions that are brought to size on the way to the outputs."""
    schedule = fold(flat, [definition.name for definition in flat.definitions], batch=batch)
    exponents = Exponents(schedule, batch)
    analysis = Analysis(schedule, exponents, limit, (), flat.outputs, wider)
    for step in analysis.steps:
        reads = any(access.buffer in analysis.carried for access in step.operands)
        if reads and (not analysis.keeps(step) or aligns(step, exponents) or is_product(step)):
            raise NotBalanced
    # What flows back along such a product meets what came before (see `Analysis.drifting`).
    if (wider and analysis.long()) or any(is_product(step) for step in analysis.steps):
        raise NotBalanced
    found: dict[str, list[Ints]] = {}
    for name in sorted(analysis.rescaled - analysis.exact):
        buffer = schedule.buffers[name]
        # A state of a single number would be its own power: nothing is reduced to find that.
        single = all(is_samples(extent, batch) for extent in buffer.shape)
        if single or buffer.tensor not in flat.tables.tensors:
            raise NotBalanced
        found.setdefault(buffer.tensor, []).append(buffer.members)
    return {name: np.sort(np.concatenate(parts)) for name, parts in found.items()}


class _Balancing(Writer):
    """Adds exponents to a merged schedule."""

    def __init__(
        self, schedule: Schedule, batch: str | None, limit: int, trial: int, output: str, cotangent: str
    ) -> None:
        held = {access.buffer for access in schedule.outputs[output]}
        body, buffers = set_apart(schedule.body, schedule.buffers, held)
        schedule = replace(schedule, body=tuple(body), buffers=buffers)
        super().__init__(Exponents(schedule, batch))
        self.output, self.shared, self.lifted = output, "", ""
        steps = list(steps_of(schedule.body))
        seeds = {name for name, buffer in schedule.buffers.items() if buffer.tensor == cotangent}
        self.backward = dependent(steps, seeds)
        self.exact = self._exact(steps)
        states = {step.operands[0].buffer for step in steps if step.op == "balance"}
        forward = [s for s in steps if s.result.buffer not in self.backward and s.op != "balance"]
        for name in (*sorted(dependent(forward, states) | self.exact), *seeds):
            self.exponents.add(name)
        self.before = {name: self._beside(name) for name in self.exact}
        self.turns = turns_in(schedule, self._depths(states, limit), trial, self.exact)

    def result(self) -> Schedule:
        """The whole schedule."""
        body: Sequence[Node] = list(self.nodes(self.schedule.body))
        checked = list(dict.fromkeys(s.result.buffer for s in steps_of(body) if s.op == "follow"))
        body = [*map(self._filled, self._partly(body)), *body]
        outputs = {access.buffer for name in self.schedule.outputs for access in self.schedule.outputs[name]}
        of = self.exponents.of
        (scale,) = (of[name] for name in outputs if name in self.exact)
        balance = Balance(self.shared, scale, self.lifted, tuple(checked))
        kept = outputs | {scale, self.shared, self.lifted, *checked}
        body = without_unread(forwarded(body, self.exponents.buffers), kept, self.exponents)
        # Exponents of states are needed until those of the next state are there, powers until adjoints follow.
        body, self.exponents.buffers = rolled(tuple(body), self.exponents.buffers, kept)
        body = without_repeats(body)
        touched = {a.buffer for step in steps_of(body) for a in (step.result, *step.operands)}
        buffers = {n: b for n, b in self.exponents.buffers.items() if n in touched or b.role != "value"}
        return replace(
            self.schedule,
            buffers=buffers,
            body=tuple(body),
            dead=dead_after(body, buffers, kept),
            exponents={name: own for name, own in of.items() if own in buffers},
            balance=balance,
            tries=True,
        )

    # --- what there is --------------------------------------------------------------------------------

    def _exact(self, steps: Sequence[Step]) -> set[str]:
        """The buffers of the output, and those that it copies: they are brought to size at the very end.

        Raises NotBalanced where anything else reads them, and would see them changed.
        """
        found = {access.buffer for access in self.schedule.outputs[self.output]}
        while True:
            copied = {s.operands[0].buffer for s in steps if s.result.buffer in found and may_share(s)}
            values = {name for name in copied if self.schedule.buffers[name].role == "value"}
            if values <= found:
                break
            found |= values
        for step in steps:
            read = {access.buffer for access in step.operands} & found
            if read and step.function != LIFT and not (may_share(step) and step.result.buffer in found):
                raise NotBalanced
        return found

    def _beside(self, name: str) -> str:
        """A buffer for the exponents of an output as they were before its last power."""
        own = self.exponents.buffers[self.exponents.of[name]]
        before = self.exponents.fresh(f"{own.name}_before")
        self.exponents.buffers[before] = replace(own, name=before)
        return before

    def _depths(self, states: Collection[str], limit: int) -> Depths:
        """The depths of what leads to the output. Raises NotBalanced where more should be brought to size than is."""
        forward = replace(self.schedule, body=tuple(self._forward(self.schedule.body)))
        # Adjoints are as large as their states are small, so products of both are of ordinary size.
        depths = Depths(forward, limit, self.exponents.batch, meeting=False)
        depths.rescaled |= {*states, *self.exact}
        if depths.find() - {*states, *self.exact}:
            raise NotBalanced
        return depths

    def _forward(self, body: Sequence[Node]) -> Iterator[Node]:
        for node in body:
            if isinstance(node, Loop):
                inner = tuple(self._forward(node.body))
                yield from [replace(node, body=inner)] if inner else []
            elif node.result.buffer not in self.backward and node.op != "balance":
                yield node

    # --- steps ----------------------------------------------------------------------------------------

    def step(self, step: Step, _around: Sequence[Loop]) -> None:
        """A step forth with exponents, a step back as it is."""
        name, steps = step.result.buffer, self.aligner.steps
        of = self.exponents.access(step.result)
        if step.op in ("balance", "follow"):
            self._in_turn(step)
        elif step.function == LIFT:
            self._lift(step)
        elif name in self.backward or of is None:
            steps.append(step)
        elif aligns(step, self.exponents) and self.aligner.known(step):
            raise NotBalanced
        elif name in self.exact:
            self._output(step, of)
        else:
            self.carried(step, of)

    def _in_turn(self, step: Step) -> None:
        """Brings to size, or follows, where it is due."""
        found = self.turns.of[id(step)]
        if found is None:
            return
        if step.op == "balance":
            own = self.exponents.access(step.operands[0])
            assert own is not None
            found = replace(found, operands=(*found.operands, own))
        self.aligner.steps.append(found)

    def _output(self, step: Step, of: Access) -> None:
        """A step that makes an output, and its last power."""
        before = replace(of, buffer=self.before[step.result.buffer])
        if may_share(step) and step.operands[0].buffer in self.exact:
            own = self.exponents.access(step.operands[0])
            assert own is not None
            self.aligner.steps.append(step)
            self.aligner.total(of, [own], step.labels)
            self.aligner.total(
                before, [replace(own, buffer=self.before[step.operands[0].buffer])], step.labels
            )
            return
        self.carried(step, before)
        labels = {label: step.labels[label] for label in labels_of(step.result)}
        rest = tuple(label for label in labels if label not in self.exponents.labels(of))
        self.aligner.steps.append(
            Step("rescale", of, (step.result, before), labels, summed=rest, function="last")
        )

    def _lift(self, step: Step) -> None:
        """The cotangent at the exponent of its largest entry, with the exponents of the output."""
        if self.shared:
            raise NotBalanced
        cotangent, output = step.operands
        given, own = self.exponents.access(cotangent), self.exponents.access(output)
        assert given is not None
        assert own is not None
        before = replace(own, buffer=self.before[output.buffer])
        both = self.aligner.together("lift", [before, given], step.labels)
        # What flows back belongs to the output as it was, but is to be as large as if that were brought to size.
        size = self.aligner.measured(
            cotangent, self.aligner.together("sized", [own, given], step.labels), step.labels
        )
        largest = self.exponents.temporary("lift", (), {}, cotangent.buffer, exponents=True)
        labels = self.exponents.labels(size)
        extents = {label: step.labels[label] for label in labels}
        self.aligner.steps.append(Step("reduce", largest, (size,), extents, summed=labels, function="max"))
        operands = (cotangent, both, size, largest)
        self.aligner.steps.append(with_function("shift", step.result, operands, step.labels))
        self.shared, self.lifted = largest.buffer, step.result.buffer

    def _partly(self, body: Sequence[Node]) -> list[str]:
        written = {step.result.buffer for step in steps_of(body)}
        return [name for name in self.exponents.buffers if name in self.turns.partly and name in written]

    def _filled(self, name: str) -> Step:
        """Ones for a whole buffer, of which some are then left."""
        place, extents = whole_buffer(self.exponents.buffers[name])
        return Step("combine", place, (), extents, constant=whole_number(1))
