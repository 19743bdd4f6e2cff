"""Contributions as rules, in scatter form: left sides hold the subscripts of the use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import Definition, FreeIndex, Index
from tncompile.network.values.sets import unique
from tncompile.transform.adjoint.contribution import Arranged, Contribution, arranged
from tncompile.transform.build import contraction, product, rule, use
from tncompile.transform.context import Context
from tncompile.transform.extents import formula_expr
from tncompile.transform.flat import Factor
from tncompile.transform.names import other_index


def scattered(context: Context, name: str, contribution: Contribution, output: bool) -> list[Definition]:
    """The rules for ``name[subscripts](indices) = contribution``; helpers come first."""
    rules: list[Definition] = []
    for part in _alike_in_extents(context, _plain_where_alone(contribution)):
        rules += _scattered(context, name, part, output)
    return rules


def alone(contribution: Contribution) -> list[Index]:
    """The indices of the tensor that no factor carries."""
    carried = {i for factor in contribution.factors for i in factor.use.indices}
    return [i for i in contribution.indices if i not in carried]


def _plain_where_alone(contribution: Contribution) -> Contribution:
    """The contribution with a mere name for each index whose extent has to be said: no factor carries it."""
    lonely = alone(contribution)
    names = {i.name for f in contribution.factors for i in f.use.indices}
    names |= {i.name for i in contribution.indices if not i.subscripts}
    plain: dict[Index, Index] = {}
    for index in contribution.indices:
        if index in lonely and index.subscripts and index not in plain:
            name = index.name
            while name in names:
                name += "'"
            names.add(name)
            plain[index] = Index(name)
    return replace(contribution, indices=tuple(plain.get(i, i) for i in contribution.indices))


def uniform(context: Context, contribution: Contribution) -> list[Contribution]:
    """The contribution cut so that one member never sums over indices of different extents."""
    order = np.lexsort((contribution.shapes, contribution.positions))
    members, shapes = contribution.positions[order], contribution.shapes[order]
    if not ((np.diff(members) == 0) & (np.diff(shapes) != 0)).any():
        return [contribution]
    parts: list[Contribution] = []
    for shape in unique(shapes):
        parts += contribution.only(context, contribution.shapes == shape)
    return parts


def _alike_in_extents(context: Context, contribution: Contribution) -> list[Contribution]:
    """The contribution cut into members of one shape, where the rule has to say an extent."""
    table = context.network.tables.tensors[contribution.tensor]
    blocks = table.block_of[contribution.positions]
    if not alone(contribution) or (blocks == blocks[0]).all():
        return [contribution]
    parts: list[Contribution] = []
    for block in unique(blocks):
        parts += contribution.only(context, blocks == block)
    return parts


def _scattered(context: Context, name: str, contribution: Contribution, output: bool) -> list[Definition]:
    form = arranged(context, contribution)
    copies = _copies(contribution.indices)
    lonely = alone(contribution)
    if not copies and not lonely:
        free = contribution.indices
        body = contraction(contribution.coefficient, form.factors, free, form.inner)
        return [rule(name, form.subscripts, free, body, form.outer, output)]
    core, rules = _core(context, name, contribution, form)
    return [*rules, *_spread(context, name, contribution, form, core, output)]


def _core(
    context: Context, name: str, contribution: Contribution, form: Arranged
) -> tuple[Factor, list[Definition]]:
    """The sum itself over each index once, as one factor; a rule of its own where it is not one already."""
    free = [i for i in dict.fromkeys(contribution.indices) if i not in alone(contribution)]
    single = len(form.factors) == 1 and not form.inner and contribution.coefficient is None
    if single and set(form.factors[0].use.indices) <= set(free):
        return form.factors[0], []
    inner = context.names.fresh(f"{name}_sum")
    body = contraction(contribution.coefficient, form.factors, free, form.inner)
    return Factor(use(inner, form.subscripts, free)), [rule(inner, form.subscripts, free, body, form.outer)]


def _spread(
    context: Context, name: str, contribution: Contribution, form: Arranged, core: Factor, output: bool
) -> list[Definition]:
    """The core along the diagonals and along the indices that it lacks."""
    copies = _copies(contribution.indices)
    free = _told_apart(contribution.indices)
    pairs = list(zip(free, contribution.indices, strict=True))
    deltas = [Factor(use("delta", (), [new for new, old in pairs if old == i])) for i in copies]
    said = _with_extents(context, contribution, free)
    rules: list[Definition] = []
    for number, delta in enumerate(deltas):
        last = number == len(deltas) - 1
        there = {*core.use.indices, *delta.use.indices}
        if last:
            return [
                *rules,
                rule(name, form.subscripts, said, contraction(None, (core, delta), free), form.outer, output),
            ]
        kept = [i for i in free if i in there]
        inner = context.names.fresh(f"{name}_part")
        partly = [s for s, i in zip(said, free, strict=True) if i in there]
        rules.append(rule(inner, form.subscripts, partly, contraction(None, (core, delta), kept), form.outer))
        core = Factor(use(inner, form.subscripts, kept))
    return [rule(name, form.subscripts, said, product(None, (core,)), form.outer, output)]


def _copies(indices: Sequence[Index]) -> list[Index]:
    return [i for i, count in Counter(indices).items() if count > 1]


def _told_apart(indices: Sequence[Index]) -> list[Index]:
    """The indices with another name for each repetition."""
    free: list[Index] = []
    for index in indices:
        free.append(other_index(index, {*free, *indices}) if index in free else index)
    return free


def _with_extents(context: Context, contribution: Contribution, free: Sequence[Index]) -> list[FreeIndex]:
    """The free indices, those that nothing carries with their extents."""
    table = context.network.tables.tensors[contribution.tensor]
    shape = table.blocks[int(table.block_of[contribution.positions[0]])].shape
    lonely = alone(contribution)
    return [
        FreeIndex(new, formula_expr(extent.formula)) if old in lonely else FreeIndex(new)
        for new, old, extent in zip(free, contribution.indices, shape, strict=True)
    ]
