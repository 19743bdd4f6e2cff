"""The classes of a flat network in parts, so that each operand and each result lies in one buffer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from tncompile.network import Add, Expr, Ints, Network, Number, RuleClass, expression_text
from tncompile.plan.folding.buffers import Layout
from tncompile.source.records import record
from tncompile.transform.flat import Apply, Combine, Contract, Factor, Form, flat_form


@record
class Operation:
    """What a step does with its operands; the fields are those of `Step`."""

    op: Literal["contract", "combine", "apply", "reduce"]
    coefficients: tuple[Expr | None, ...] = ()
    constant: Expr | None = None
    function: str = ""
    arguments: tuple[int | Expr, ...] = ()
    joins: bool = False  # puts partial results together: the parts have counted what that costs


@record(eq=False)
class Read:
    """An operand before it has a buffer: members of a tensor, (rows, inner)."""

    source: str
    members: Ints
    indices: tuple[str, ...]
    conjugate: bool


@record(eq=False)
class Draft:
    """A part of a class: what a piece is made of."""

    rule: RuleClass
    operation: Operation
    rows: Ints  # rows of the class
    source: str
    target: Ints
    reads: tuple[Read, ...]
    inner: tuple[str, ...]
    inner_values: Ints


def drafts_of(network: Network, layout: Layout) -> list[Draft]:
    """All parts of all classes, in the order of the rules. Raises InternalError if the network is not flat."""
    return [
        part for rule in network.tables.classes if rule.rows.count for part in _split(_draft(rule), layout)
    ]


# --- from a class to a draft -----------------------------------------------------------------


def _draft(rule: RuleClass) -> Draft:
    form = flat_form(replace(rule.definition, body=rule.equation))
    operation, factors = _operation(form)
    count = rule.rows.count
    uses = iter(rule.uses)
    reads: list[Read] = []
    inner: tuple[str, ...] = ()
    values = np.zeros((0, count, 1), np.int64)
    for factor in factors:
        indices = tuple(expression_text(index) for index in factor.use.indices)
        if factor.use.name == "delta":
            reads.append(Read("", np.zeros((count, 1), np.int64), indices, factor.conjugate))
            continue
        use = next(uses)
        if not use.rows.count:
            operation, reads = _empty(operation), []
            break
        width = use.rows.count // count
        reads.append(Read(factor.use.name, use.positions.reshape(count, width), indices, factor.conjugate))
        names, columns = use.rows.names[len(rule.rows.names) :], use.rows.columns[len(rule.rows.names) :]
        inner, values = names, columns.reshape(len(names), count, width)
    return Draft(
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
            numbers = tuple(
                term.coefficient for term in terms if term.factor is None and term.coefficient is not None
            )
            constant = (
                None
                if not numbers
                else numbers[0]
                if len(numbers) == 1
                else Add(numbers, (1,) * len(numbers))
            )
            kept = [(term.coefficient, term.factor) for term in terms if term.factor is not None]
            return Operation("combine", tuple(c for c, _ in kept), constant), tuple(f for _, f in kept)
        case Apply(function=function, arguments=arguments):
            used = [argument for argument in arguments if isinstance(argument, Factor)]
            places = iter(range(len(used)))
            listed = tuple(
                next(places) if isinstance(argument, Factor) else argument for argument in arguments
            )
            return Operation("apply", function=function, arguments=listed), tuple(used)
        case _:
            return Operation("reduce", function=form.op), (form.factor,)


# --- from a draft to drafts whose operands lie in one buffer each -----------------------------


def _split(draft: Draft, layout: Layout) -> Iterator[Draft]:
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


def _some_rows(draft: Draft, rows: Ints) -> Draft:
    reads = tuple(replace(read, members=read.members[rows]) for read in draft.reads)
    values = draft.inner_values[:, rows]
    return replace(draft, rows=draft.rows[rows], target=draft.target[rows], reads=reads, inner_values=values)


def _partial(draft: Draft, layout: Layout) -> Iterator[Draft]:
    """A sum or product over members in several buffers: one part for each, then the parts together."""
    homes = [layout.homes[read.source].which[read.members[0]] for read in draft.reads if read.source]
    parts: list[str] = []
    for chosen in _groups(np.stack(homes, axis=1)):
        reads = tuple(replace(r, members=r.members[:, chosen]) if r.source else r for r in draft.reads)
        part = replace(draft, reads=reads, inner_values=draft.inner_values[:, :, chosen])
        parts.append(_new_source(draft, layout))
        yield replace(part, source=parts[-1], target=np.arange(len(draft.rows)))
    yield from _joined(draft, parts, layout)


def _joined(draft: Draft, parts: Sequence[str], layout: Layout) -> Iterator[Draft]:
    """The partial results together: a sum, an element-by-element function, or products of two at a time."""
    reads = [_own_read(draft, part, layout) for part in parts]
    draft = replace(draft, inner=(), inner_values=np.zeros((0, len(draft.rows), 1), np.int64))
    if draft.operation.function == "prod":
        product = replace(draft, operation=Operation("contract", joins=True))
        while len(reads) > 2:
            source = _new_source(draft, layout)
            yield replace(product, reads=tuple(reads[:2]), source=source, target=np.arange(len(draft.rows)))
            reads[:2] = [_own_read(draft, source, layout)]
        yield replace(product, reads=tuple(reads))
        return
    operation = Operation("combine", (None,) * len(reads), joins=True)
    if draft.operation.op == "reduce":
        arguments = tuple(range(len(reads)))
        operation = Operation("apply", function=draft.operation.function, arguments=arguments, joins=True)
    yield replace(draft, operation=operation, reads=tuple(reads))


def _own_read(draft: Draft, source: str, layout: Layout) -> Read:
    return Read(source, np.arange(len(draft.rows))[:, None], layout.free(draft.rule), False)


def _new_source(draft: Draft, layout: Layout) -> str:
    """A buffer for partial results of a draft, found in the layout's homes under its name."""
    return layout.partial(draft.rule.definition.name, draft.target)
