"""Orders of the axes of a buffer that would suit one step, given the orders of the other buffers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tncompile.plan.schedule import Access, Buffer, Gather, Span, Step

Order = tuple[int, ...]


def suggested_orders(
    name: str, step: Step, orders: Mapping[str, Order], buffers: Mapping[str, Buffer]
) -> Iterator[Order]:
    """Orders for the buffer ``name`` that spare the step copies."""
    everything = [step.result, *step.operands]
    sequences = [_labels(access, buffers[access.buffer], orders[access.buffer]) for access in everything]
    for place, access in enumerate(everything):
        if access.buffer != name:
            continue
        wishes = _of_result(sequences) if place == 0 else _of_operand(place, sequences)
        for wish in wishes:
            yield _order(access, buffers[name], orders[name], wish)


def _of_operand(place: int, sequences: Sequence[Sequence[str]]) -> Iterator[Sequence[str]]:
    result, own = sequences[0], sequences[place]
    others = [sequence for number, sequence in enumerate(sequences) if number not in (0, place)]
    partner = others[0] if len(others) == 1 else []
    summed = [label for label in partner if label in own and label not in result]
    summed += [label for label in own if label not in result and label not in summed]
    shared = [label for label in result if label in own and label in partner]
    alone = [label for label in result if label in own and label not in partner]
    yield [*shared, *alone, *summed]
    yield [*shared, *summed, *alone]
    yield [*summed, *(label for label in result if label in own)]


def _of_result(sequences: Sequence[Sequence[str]]) -> Iterator[Sequence[str]]:
    result, *operands = sequences
    for first, second in (operands, operands[::-1]) if len(operands) == 2 else [(o, ()) for o in operands]:
        shared = [label for label in first if label in second and label in result]
        alone = [label for label in first if label in result and label not in second]
        rest = [label for label in second if label in result and label not in first]
        yield [*shared, *alone, *rest]
        yield [*(label for label in first if label in result), *rest]
        yield [*rest, *(label for label in first if label in result)]


def _labels(access: Access, buffer: Buffer, order: Order) -> list[str]:
    """The labels of an access in the order of memory."""
    found = [_label(access, buffer, axis) for axis in order]
    return [label for label in dict.fromkeys(found) if label is not None]


def _label(access: Access, buffer: Buffer, axis: int) -> str | None:
    family = len(buffer.family)
    if axis >= family:
        return access.indices[axis - family]
    subscript = access.subscripts[axis]
    if isinstance(subscript, Span):
        return subscript.label
    return subscript.labels[0] if isinstance(subscript, Gather) and subscript.labels else None


def _order(access: Access, buffer: Buffer, current: Order, wish: Sequence[str]) -> Order:
    """Axes that the step takes at one position first, then those of the labels wished for, then the rest."""
    ranks = {label: rank for rank, label in enumerate(wish)}
    labels = {axis: _label(access, buffer, axis) for axis in current}
    return tuple(
        sorted(
            current, key=lambda axis: -1 if labels[axis] is None else ranks.get(str(labels[axis]), len(ranks))
        )
    )
