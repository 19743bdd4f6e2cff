"""Indices that cannot be summed as they stand, and free indices that nothing carries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tncompile.network.syntax import Call, Over, Reduce, Use
from tncompile.network.syntax.text import expression_text
from tncompile.network.values.rows import Ints
from tncompile.network.values.sets import within
from tncompile.network.written.extents import ExtentGraph
from tncompile.network.written.messages import index_text, left_side, listed
from tncompile.network.written.rules import Group
from tncompile.network.written.sites import Site, Slot
from tncompile.network.written.summation import Held, Summation, slot_keys
from tncompile.source import Diagnostic, Note
from tncompile.source.records import record


@record(eq=False)
class Lone:
    """An index that stands alone: the use that carries it, the row there, its extent."""

    site: Site
    slot: Slot
    row: int
    value: int
    generic: int


def find_lone(sums: Summation, extents: ExtentGraph) -> list[Lone]:
    """The indices of an instance that stand alone, one for each place, with their extents."""
    found = []
    for site, keys in sums.lone:
        for slot in site.slots:
            alone = within(slot_keys(slot, sums.width), keys)
            labels = extents.labels[slot.wires]
            alone &= extents.values[labels] == extents.highest[labels]  # a contradiction is told elsewhere
            # The first row where the extent is not 1, or else the first where it is not always 1 (0: not known).
            values, generics = extents.values[labels], extents.generics[labels]
            for unusual in (values > 1, (generics != 1) & (values > 0)):
                wrong = alone & unusual
                if wrong.any():
                    row = int(np.argmax(wrong))
                    label = labels[row]
                    found.append(
                        Lone(site, slot, row, int(extents.values[label]), int(extents.generics[label]))
                    )
                    break
    return found


def sum_errors(
    group: Group, root: Site, free: Sequence[Slot], sums: Summation, extents: ExtentGraph
) -> list[Diagnostic]:
    """What is wrong with the sums of one instance of a class."""
    found = [_not_carried(group, root, slot) for slot in _uncarried(group, free, sums.held[root])]
    found += [_unknown(site, slot) for site, slot in sums.unknown]
    found += [_ambiguous(group, site, keys, sums) for site, keys in sums.ambiguous]
    lone = [one for one in find_lone(sums, extents) if one.value > 1]
    if len(lone) == 2 and lone[0].value == lone[1].value and lone[0].slot.index != lone[1].slot.index:
        found.append(_two_alone(lone[0], lone[1]))
    else:
        found += [_alone(one, free, sums, extents) for one in lone]
    return found


# --- the left side ---------------------------------------------------------------------------


def _uncarried(group: Group, free: Sequence[Slot], held: Held) -> Iterator[Slot]:
    for slot, said in zip(free, group.said, strict=True):
        if said is None and not within(slot.wires, held.keys).all():
            yield slot


def _not_carried(group: Group, root: Site, slot: Slot) -> Diagnostic:
    name = index_text(slot.index)
    left = left_side(group.rule.definition, {slot.index.name: f"{name} in 1..C"})
    return Diagnostic(
        f"nothing on the right carries the free index `{name}`",
        slot.index.span,
        values=root.rows.values(0),
        help=f"remove it, or say its extent: `{left}`",
    )


# --- sums ------------------------------------------------------------------------------------


def _unknown(site: Site, slot: Slot) -> Diagnostic:
    assert isinstance(site.node, Over)
    return Diagnostic(
        f"nothing inside this `{site.node.op}` carries `{index_text(slot.index)}`",
        slot.index.span,
        values=site.rows.values(0) if site.rows.count else (),
    )


def _two_alone(first: Lone, second: Lone) -> Diagnostic:
    names = [index_text(one.slot.index) for one in (first, second)]
    places = [
        f"`{name}` (in `{_member(one.site)}`)" for name, one in zip(names, (first, second), strict=True)
    ]
    return Diagnostic(
        f"{listed(places)} each stand alone and both have extent {first.value}",
        second.slot.index.span,
        values=second.site.rows.values(second.row),
        notes=(Note(first.slot.index.span, f"`{names[0]}` stands here"),),
        help=f"the same index? or write `sum(... over {names[0]})`",
    )


def _alone(one: Lone, free: Sequence[Slot], sums: Summation, extents: ExtentGraph) -> Diagnostic:
    name = index_text(one.slot.index)
    whole = expression_text(one.site.node)
    help = f"where it is meant: `sum({whole} over {name})`"
    others = [slot for slot in free if extents.values[extents.labels[slot.wires[0]]] == one.value]
    term = sums.held[one.site].keys
    missing = [
        index_text(slot.index)
        for slot in others
        if not within(slot.wires % sums.width, term % sums.width).all()
    ]
    if missing:
        help = f"`{missing[0]}` has the same extent: the same index? or write `sum({whole} over {name})`"
    return Diagnostic(
        f"`{name}` stands alone in `{_member(one.site)}`: nothing else in its product carries it, "
        f"and its extent is {one.value}",
        one.slot.index.span,
        values=one.site.rows.values(one.row),
        help=help,
    )


def _member(site: Site) -> str:
    assert isinstance(site.node, Use)
    return expression_text(Use(site.node.name, site.node.subscripts, ()))[:-2]


# --- two readings ----------------------------------------------------------------------------


def _ambiguous(group: Group, site: Site, keys: Ints, sums: Summation) -> Diagnostic:
    wire = int(keys[0] % sums.width)
    function = _function_that_joins(site, wire, sums)
    inside = _uses_with(function, wire)
    outside = [use for use in _uses_with(site, wire) if use[0] not in {s for s, _ in inside}]
    slot = inside[0][1]
    name = index_text(slot.index)
    joined = listed(list(dict.fromkeys(f"`{_member(use)}`" for use, _ in inside)))
    stands = (
        listed(list(dict.fromkeys(f"`{_member(use)}`" for use, _ in outside)))
        if outside
        else "another factor"
    )
    notes = (Note(outside[0][1].index.span, f"`{name}` stands outside here"),) if outside else ()
    return Diagnostic(
        f"is `{name}` summed inside `{_function_name(function)}` or outside? "
        f"It joins {joined} inside, and stands in {stands} outside",
        slot.index.span,
        values=inside[0][0].rows.values(0),
        notes=notes,
        help=f"rename the inner `{name}`, or define {_proposal(group, site, function, wire)}",
    )


def _function_that_joins(site: Site, wire: int, sums: Summation) -> Site:
    """The outermost function below a site inside which two factors join a wire."""
    for below in site.walk():
        joins = sums.held[below].inside % sums.width == wire
        if below.kind in ("function", "finished", "over") and joins.any() and below is not site:
            return below
    return site


def _uses_with(site: Site, wire: int) -> list[tuple[Site, Slot]]:
    return [
        (below, slot)
        for below in site.walk()
        if below.kind == "use"
        for slot in below.slots
        if (slot.wires == wire).any()
    ]


def _function_name(function: Site) -> str:
    node = function.node
    if function.kind == "finished":
        return "/"
    if isinstance(node, Call):
        return node.function
    return node.op if isinstance(node, Reduce | Over) else "^"


def _proposal(group: Group, root: Site, function: Site, wire: int) -> str:
    """A definition for the argument of a function."""
    argument = function.children[0]
    inside = set(argument.walk())
    stand = {int(w) for slot in group.free for w in slot.wires[:1]}
    for site in root.walk():
        if site.kind == "use" and site not in inside:
            stand |= {int(w) for slot in site.slots for w in slot.wires[:1]}
    indices: dict[str, None] = {}
    for site in argument.walk():
        for slot in site.slots if site.kind == "use" else ():
            if len(slot.wires) and int(slot.wires[0]) in stand and int(slot.wires[0]) != wire:
                indices[index_text(slot.index)] = None
    return f"`z({', '.join(indices)}) = {expression_text(argument.node)}`"
