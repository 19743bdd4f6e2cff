"""A schedule as a table: what each step does and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tncompile.network import Extent, Formula
from tncompile.plan.cost import product, times
from tncompile.plan.folding.steps import labels_of
from tncompile.plan.schedule import Access, Affine, Gather, Loop, Schedule, Span, Step
from tncompile.source.records import record


@record
class PlanRow:
    """One step: which loops it is in, what it reads and writes, and its costs over all rounds.

    ``shape`` is that of what one execution writes: the labels over which it is batched, then the axes.
    ``flops`` and ``elements`` (written) are for all executions together.
    """

    number: int
    depth: int
    loops: tuple[str, ...]  # `k in 2..d`
    operation: str  # contract, combine, apply tanh, reduce prod
    result: str
    operands: tuple[str, ...]
    batch: tuple[str, ...]  # the labels that count instances
    shape: tuple[Extent, ...]
    executed: Extent
    flops: Extent
    elements: Extent
    equation: str


def plan_table(schedule: Schedule) -> list[PlanRow]:
    """A row for each step, in the order in which the steps are written; each slice counts."""
    return [
        _row(schedule, number, step, loops)
        for number, (step, loops) in enumerate(steps_with_loops(schedule), start=1)
    ]


def steps_with_loops(schedule: Schedule) -> Iterator[tuple[Step, tuple[Loop, ...]]]:
    """Every step with the loops around it; slices are a loop."""
    slices = schedule.slices
    start = len(schedule.body) if slices is None else slices.start
    yield from _walk(schedule.body[:start], ())
    if slices is not None:
        around = Loop("slice", Affine(0), Affine(slices.count - 1), 1, schedule.body[start:])
        yield from _walk((around,), ())


def _walk(nodes: Sequence[Step | Loop], loops: tuple[Loop, ...]) -> Iterator[tuple[Step, tuple[Loop, ...]]]:
    for node in nodes:
        if isinstance(node, Step):
            yield node, loops
        else:
            yield from _walk(node.body, (*loops, node))


def _row(schedule: Schedule, number: int, step: Step, loops: tuple[Loop, ...]) -> PlanRow:
    executed = product([rounds_of(loop) for loop in loops])
    members = len(schedule.buffers[step.result.buffer].shape)
    labels = labels_of(step.result)
    shape = tuple(step.labels[label] for label in labels)
    return PlanRow(
        number=number,
        depth=len(loops),
        loops=tuple(f"{loop.variable} in {_affine(loop.first)}..{_affine(loop.last)}" for loop in loops),
        operation=f"{step.op} {step.function}".strip(),
        result=access_text(step.result),
        operands=tuple(access_text(access) for access in step.operands),
        batch=labels[: len(labels) - members],
        shape=shape,
        executed=executed,
        flops=times(executed, step.flops),
        elements=product([executed, *shape]),
        equation=step.comment,
    )


def rounds_of(loop: Loop) -> Extent:
    """How often a loop is gone through."""
    first, last = (_extent(end) for end in (loop.first, loop.last))
    if loop.step < 0:
        first, last = last, first
    return Extent(last.value - first.value + 1, last.formula - first.formula + 1)


def _extent(end: Affine) -> Extent:
    return Extent(end.constant, Formula.constant(end.constant) if end.formula is None else end.formula)


# --- text ------------------------------------------------------------------------------------


def access_text(access: Access) -> str:
    """An access as it reads in a table: ``h[k - 1](a)``, ``x[0:8](i)``; positions count from 0."""
    subscripts = ", ".join(_subscript(subscript) for subscript in access.subscripts)
    text = access.buffer + (f"[{subscripts}]" if subscripts else "") + f"({', '.join(access.indices)})"
    return f"conj({text})" if access.conjugate else text


def _subscript(subscript: Affine | Span | Gather) -> str:
    if isinstance(subscript, Affine):
        return _affine(subscript)
    if isinstance(subscript, Gather):
        return f"table({', '.join((*(_affine(at) for at in subscript.at), *subscript.labels))})"
    step = "" if subscript.step == 1 else f"{subscript.step}*" if subscript.step != -1 else "-"
    start = _affine(subscript.start)
    return f"{step}{subscript.label}" if start == "0" else f"{start} + {step}{subscript.label}"


def _affine(affine: Affine) -> str:
    formula = Formula.constant(affine.constant) if affine.formula is None else affine.formula
    for name, factor in affine.terms:
        formula = formula + Formula.atom(name) * factor
    return str(formula)
