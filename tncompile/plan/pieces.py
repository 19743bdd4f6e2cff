"""The classes of a flat network, split until each operand and each result lies in one buffer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from tncompile.network import Add, Expr, Extent, Ints, Network, Number, Rows, RuleClass, expression_text
from tncompile.plan.buffers import Home, Layout
from tncompile.transform.flat import Apply, Combine, Contract, Factor, Form, flat_form


@dataclass(frozen=True)
class Operation:
    """What a step does with its operands; the fields are those of `Step`."""

    op: Literal["contract", "combine", "apply", "reduce"]
    coefficients: tuple[Expr | None, ...] = ()
    constant: Expr | None = None
    function: str = ""
    arguments: tuple[int | Expr, ...] = ()


@dataclass(frozen=True, eq=False)
class Operand:
    """One operand of a piece: for each row, and each round of the loops inside, where it lies.

    ``members`` and ``producers`` are (rows, inner), ``places`` is (family axes, rows, inner).
    ``producers`` are the instances that define what is read, -1 where it is declared.
    """

    buffer: str
    source: str  # the key of `Layout.homes`; "" for a delta
    members: Ints
    places: Ints
    indices: tuple[str, ...]
    conjugate: bool
    producers: Ints


@dataclass(frozen=True, eq=False)
class Piece:
    """Instances of one class whose operands, each, lie in one buffer.

    Row i is instance ``first + i``. ``inner`` holds the variables of the loops inside the equation:
    ``inner_values`` is (variables, rows, inner).
    """

    rule: RuleClass
    operation: Operation
    rows: Rows
    source: str
    target: Ints
    buffer: str
    places: Ints
    indices: tuple[str, ...]
    extents: dict[str, Extent]
    operands: tuple[Operand, ...]
    inner: tuple[str, ...]
    inner_values: Ints
    first: int = field(default=0)


@dataclass(frozen=True, eq=False)
class _Read:
    """An operand before it has a buffer: members of a tensor, (rows, inner)."""

    source: str
    members: Ints
    indices: tuple[str, ...]
    conjugate: bool


@dataclass(frozen=True, eq=False)
class _Draft:
    """A part of a class: what a piece is made of."""

    rule: RuleClass
    operation: Operation
    rows: Ints  # rows of the class
    source: str
    target: Ints
    reads: tuple[_Read, ...]
    inner: tuple[str, ...]
    inner_values: Ints


def pieces_of(network: Network, layout: Layout) -> tuple[Piece, ...]:
    """All pieces of a flat network, in the order of its rules. Raises InternalError if it is not flat."""
    drafts = [
        part for rule in network.tables.classes if rule.rows.count for part in _split(_draft(rule), layout)
    ]
    firsts = np.cumsum([0, *(len(draft.rows) for draft in drafts)]).tolist()
    producers: dict[str, Ints] = {}
    for draft, first in zip(drafts, firsts, strict=False):
        found = producers.setdefault(draft.source, np.full(len(layout.homes[draft.source].which), -1, np.int64))
        found[draft.target] = np.arange(first, first + len(draft.rows))
    return tuple(
        _piece(draft, first, layout, producers) for draft, first in zip(drafts, firsts, strict=False)
    )


def _piece(draft: _Draft, first: int, layout: Layout, producers: dict[str, Ints]) -> Piece:
    operands = tuple(_operand(draft, read, layout, producers) for read in draft.reads)
    buffer, places = _located(layout.homes[draft.source], draft.target, layout)
    indices = tuple(expression_text(free.index) for free in draft.rule.definition.indices)
    extents = {expression_text(index): extent for index, extent in draft.rule.extents.items()}
    for name, labels in [(buffer, indices), *((operand.buffer, operand.indices) for operand in operands)]:
        extents.update(zip(labels, layout.buffers[name].shape, strict=True))
    return Piece(
        rule=draft.rule,
        operation=draft.operation,
        rows=draft.rule.rows.take(draft.rows),
        source=draft.source,
        target=draft.target,
        buffer=buffer,
        places=places,
        indices=indices,
        extents=extents,
        operands=operands,
        inner=draft.inner,
        inner_values=draft.inner_values,
        first=first,
    )


def _operand(draft: _Draft, read: _Read, layout: Layout, producers: dict[str, Ints]) -> Operand:
    if not read.source:
        extents = {expression_text(index): extent for index, extent in draft.rule.extents.items()}
        buffer = layout.delta(tuple(extents[index] for index in read.indices)).name
        nowhere = np.full(read.members.shape, -1, np.int64)
        places = np.zeros((0, *read.members.shape), np.int64)
        return Operand(buffer, "", read.members, places, read.indices, read.conjugate, nowhere)
    buffer, places = _located(layout.homes[read.source], read.members, layout)
    found = producers.get(read.source)
    nowhere = np.full(read.members.shape, -1, np.int64)
    defined = nowhere if found is None else found[read.members]
    return Operand(buffer, read.source, read.members, places, read.indices, read.conjugate, defined)


def _located(home: Home, members: Ints, layout: Layout) -> tuple[str, Ints]:
    """The buffer of members that lie in one, and their positions on each of its family axes."""
    name = home.buffers[int(home.which[members.flat[0]])] if members.size else home.buffers[0]
    axes = len(layout.buffers[name].family)
    return name, home.places[:axes][:, members]


# --- from a class to a draft -----------------------------------------------------------------


def _draft(rule: RuleClass) -> _Draft:
    form = flat_form(replace(rule.definition, body=rule.equation))
    operation, factors = _operation(form)
    count = rule.rows.count
    uses = iter(rule.uses)
    reads: list[_Read] = []
    inner: tuple[str, ...] = ()
    values = np.zeros((0, count, 1), np.int64)
    for factor in factors:
        indices = tuple(expression_text(index) for index in factor.use.indices)
        if factor.use.name == "delta":
            reads.append(_Read("", np.zeros((count, 1), np.int64), indices, factor.conjugate))
            continue
        use = next(uses)
        if not use.rows.count:
            operation, reads = _empty(operation), []
            break
        width = use.rows.count // count
        reads.append(_Read(factor.use.name, use.positions.reshape(count, width), indices, factor.conjugate))
        names, columns = use.rows.names[len(rule.rows.names) :], use.rows.columns[len(rule.rows.names) :]
        inner, values = names, columns.reshape(len(names), count, width)
    return _Draft(
        rule, operation, np.arange(count), rule.definition.name, rule.target, tuple(reads), inner, values
    )


def _empty(operation: Operation) -> Operation:
    """The value of a sum or product over nothing."""
    return Operation("combine", constant=Number("1") if operation.function == "prod" else None)


def _operation(form: Form) -> tuple[Operation, tuple[Factor, ...]]:
    match form:
        case Contract(coefficient=coefficient, factors=factors):
            return Operation("contract", (coefficient,)), factors
        case Combine(terms=terms):
            numbers = tuple(term.coefficient for term in terms if term.factor is None and term.coefficient is not None)
            constant = None if not numbers else numbers[0] if len(numbers) == 1 else Add(numbers, (1,) * len(numbers))
            kept = [(term.coefficient, term.factor) for term in terms if term.factor is not None]
            return Operation("combine", tuple(c for c, _ in kept), constant), tuple(f for _, f in kept)
        case Apply(function=function, arguments=arguments):
            used = [argument for argument in arguments if isinstance(argument, Factor)]
            places = iter(range(len(used)))
            listed = tuple(next(places) if isinstance(argument, Factor) else argument for argument in arguments)
            return Operation("apply", function=function, arguments=listed), tuple(used)
        case _:
            return Operation("reduce", function=form.op), (form.factor,)


# --- from a draft to drafts whose operands lie in one buffer each -----------------------------


def _split(draft: _Draft, layout: Layout) -> Iterator[_Draft]:
    """The draft, its rows grouped by the buffers they touch; sums over several buffers in parts."""
    blocks = [layout.homes[read.source].which[read.members] for read in draft.reads if read.source]
    touched = [layout.homes[draft.source].which[draft.target][:, None]]
    touched += [block[:, :1] if (block == block[:, :1]).all() else block for block in blocks]
    for rows in _groups(np.concatenate(touched, axis=1)):
        part = _some_rows(draft, rows)
        if all((block[rows] == block[rows][:, :1]).all() for block in blocks):
            yield part
        else:
            yield from _partial(part, layout)


def _groups(keys: Ints) -> list[Ints]:
    """The rows with equal keys, groups in the order of their first rows."""
    if (keys == keys[:1]).all():
        return [np.arange(len(keys))]
    _, firsts, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(group))[:-1])
    return [parts[number] for number in np.argsort(firsts, kind="stable")]


def _some_rows(draft: _Draft, rows: Ints) -> _Draft:
    reads = tuple(replace(read, members=read.members[rows]) for read in draft.reads)
    values = draft.inner_values[:, rows]
    return replace(draft, rows=draft.rows[rows], target=draft.target[rows], reads=reads, inner_values=values)


def _partial(draft: _Draft, layout: Layout) -> Iterator[_Draft]:
    """A sum or product over members in several buffers: one part for each, then the parts together."""
    homes = [layout.homes[read.source].which[read.members[0]] for read in draft.reads if read.source]
    parts: list[str] = []
    for chosen in _groups(np.stack(homes, axis=1)):
        reads = tuple(replace(r, members=r.members[:, chosen]) if r.source else r for r in draft.reads)
        part = replace(draft, reads=reads, inner_values=draft.inner_values[:, :, chosen])
        parts.append(_new_source(draft, layout))
        yield replace(part, source=parts[-1], target=np.arange(len(draft.rows)))
    yield from _joined(draft, parts, layout)


def _joined(draft: _Draft, parts: Sequence[str], layout: Layout) -> Iterator[_Draft]:
    """The partial results together: a sum, an element-by-element function, or products of two at a time."""
    reads = [_own_read(draft, part) for part in parts]
    draft = replace(draft, inner=(), inner_values=np.zeros((0, len(draft.rows), 1), np.int64))
    if draft.operation.function == "prod":
        while len(reads) > 2:
            source = _new_source(draft, layout)
            product = replace(draft, operation=Operation("contract"), reads=tuple(reads[:2]))
            yield replace(product, source=source, target=np.arange(len(draft.rows)))
            reads[:2] = [_own_read(draft, source)]
        yield replace(draft, operation=Operation("contract"), reads=tuple(reads))
    elif draft.operation.op == "contract":
        operation = Operation("combine", (None,) * len(reads))
        yield replace(draft, operation=operation, reads=tuple(reads))
    else:
        arguments = tuple(range(len(reads)))
        operation = Operation("apply", function=draft.operation.function, arguments=arguments)
        yield replace(draft, operation=operation, reads=tuple(reads))


def _own_read(draft: _Draft, source: str) -> _Read:
    indices = tuple(expression_text(free.index) for free in draft.rule.definition.indices)
    return _Read(source, np.arange(len(draft.rows))[:, None], indices, False)


def _new_source(draft: _Draft, layout: Layout) -> str:
    """A buffer for partial results of a draft, found in the layout's homes under its name."""
    return layout.partial(draft.rule.definition.name, draft.target)
