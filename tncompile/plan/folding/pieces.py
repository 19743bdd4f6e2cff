"""Drafts with buffers and places for what they read and write, and with the instances that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tncompile.network import Extent, Ints, Rows, RuleClass, expression_text
from tncompile.plan.folding.buffers import Home, Layout
from tncompile.plan.folding.drafts import Draft, Operation, Read
from tncompile.source.records import record


@record(eq=False)
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


@record(eq=False)
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
    first: int


def pieces_of(drafts: Sequence[Draft], layout: Layout) -> tuple[Piece, ...]:
    """The pieces of drafts, in the same order; their instances are numbered one after the other."""
    firsts = np.cumsum([0, *(len(draft.rows) for draft in drafts)]).tolist()
    producers: dict[str, Ints] = {}
    for draft, first in zip(drafts, firsts, strict=False):
        found = producers.setdefault(
            draft.source, np.full(len(layout.homes[draft.source].which), -1, np.int64)
        )
        found[draft.target] = np.arange(first, first + len(draft.rows))
    return tuple(
        _piece(draft, first, layout, producers) for draft, first in zip(drafts, firsts, strict=False)
    )


def _piece(draft: Draft, first: int, layout: Layout, producers: Mapping[str, Ints]) -> Piece:
    operands = tuple(_operand(draft, read, layout, producers) for read in draft.reads)
    buffer, places = _located(layout.homes[draft.source], draft.target, layout)
    indices = layout.free(draft.rule)
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


def _operand(draft: Draft, read: Read, layout: Layout, producers: Mapping[str, Ints]) -> Operand:
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
