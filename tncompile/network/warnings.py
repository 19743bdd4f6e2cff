"""What is no error, but probably not meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from tncompile.network.network import Network
from tncompile.network.syntax import Item, Let, Name, Reduce, Size
from tncompile.network.syntax.walk import nodes_of
from tncompile.network.unused import unused_members
from tncompile.network.values.scope import Scope
from tncompile.network.values.sets import unique, within
from tncompile.network.written.build import Written
from tncompile.network.written.conflicts import Contradiction, axis_text, contradictions, formula_said
from tncompile.network.written.lone import find_lone
from tncompile.network.written.messages import index_text
from tncompile.network.written.sites import Site
from tncompile.network.written.summation import Summation
from tncompile.source import Diagnostic, Note


def warnings(net: Network) -> list[Diagnostic]:
    """What is probably not meant in a correct network, in file order. Raises TnError if it is not correct."""
    written = Written(net.statements, Scope(net.statements), net.source)
    written.problems.raise_all(net.source)
    found = [*unused_members(net, written), *_unused_values(net), *_accidents(written), *_sums(written)]
    return sorted(found, key=lambda diagnostic: diagnostic.span.start)


# --- sizes and lets --------------------------------------------------------------------------


def _unused_values(net: Network) -> Iterator[Diagnostic]:
    read = {
        node.name
        for statement in net.statements
        for node in nodes_of(statement)
        if isinstance(node, Name | Item) and node.name != getattr(statement, "name", "")
    }
    for statement in net.statements:
        if (
            isinstance(statement, Size | Let)
            and statement.name not in read
            and not _in_a_default(net, statement.name)
        ):
            word = "let" if isinstance(statement, Let) else "number" if statement.real else "size"
            yield Diagnostic(f"{word} `{statement.name}` is never used", statement.name_span, "warning")


def _in_a_default(net: Network, name: str) -> bool:
    """Whether the default of a size reads another one; in a network it is replaced by its value."""
    if net.source is None:
        return False
    texts = (
        net.source.text[s.span.start : s.span.end]
        for s in net.statements
        if isinstance(s, Size) and s.name != name and s.span.start >= 0
    )
    return any(re.search(rf"\b{name}\b", text) for text in texts)


# --- extents that agree by accident ----------------------------------------------------------


def _accidents(written: Written) -> Iterator[Diagnostic]:
    for one in contradictions(written.extents, generic=True):
        yield _accident(one, written)


def _accident(one: Contradiction, written: Written) -> Diagnostic:
    graph = written.extents
    sayings = sorted(
        ((one.first, one.first_value), (one.second, one.second_value)),
        key=lambda item: item[0].batch.slot.index.span.start,
    )
    formulas = [formula_said(graph, one.wire, value) for _, value in sayings]
    texts = [
        f"{formula} as {axis_text(saying, written.declared, written.defined)}"
        for formula, (saying, _) in zip(formulas, sayings, strict=True)
    ]
    slot = sayings[1][0].batch.slot
    value = int(graph.values[graph.labels[one.wire]])
    equal = " = ".join(str(formula) for formula in formulas)
    return Diagnostic(
        f"the extents of index `{index_text(slot.index)}` agree only because {equal} (= {value}): {texts[0]}, {texts[1]}",
        slot.index.span,
        "warning",
        values=sayings[1][0].batch.rows.values(sayings[1][0].row),
        notes=(Note(sayings[0][0].batch.slot.index.span, f"here it is {formulas[0]}"),),
    )


# --- sums ------------------------------------------------------------------------------------


def _sums(written: Written) -> Iterator[Diagnostic]:
    told: set[object] = set()
    for one in written.classes:
        for found in [*_alone_by_accident(one.sums, written), *_through_products(one.sums, written)]:
            place = found.span if found.span.start >= 0 else found.message
            if place not in told:
                told.add(place)
                yield found


def _alone_by_accident(sums: Summation, written: Written) -> Iterator[Diagnostic]:
    for one in find_lone(sums, written.extents):
        if one.value != 1:
            continue
        formula = written.extents.extent(int(one.slot.wires[one.row])).formula
        name = index_text(one.slot.index)
        yield Diagnostic(
            f"`{name}` stands alone and is summed; that is no error only because {formula} = 1",
            one.slot.index.span,
            "warning",
            values=one.site.rows.values(one.row),
            help=f"where it is meant, `sum(... over {name})` says so",
        )


def _through_products(sums: Summation, written: Written) -> Iterator[Diagnostic]:
    """One index through a whole `prod` that every factor joins inside, and that stands nowhere else."""
    for site, keys in sums.placed.items():
        if not isinstance(site.node, Reduce) or site.kind != "product" or len(site.owner) == 0:
            continue
        looped = [
            child
            for child, loops in zip(site.children, site.loops, strict=True)
            if loops and len(child.owner)
        ]
        for wire in unique(keys % sums.width).tolist():
            value = int(written.extents.values[written.extents.labels[wire]])
            if value > 1 and looped and all(_joined_in_every_row(child, wire, sums) for child in looped):
                yield _through_product(looped[0], wire)


def _joined_in_every_row(child: Site, wire: int, sums: Summation) -> bool:
    rows = np.arange(len(child.owner)) * sums.width + wire
    return len(rows) > 1 and bool(within(rows, sums.held[child].inside).all())


def _through_product(child: Site, wire: int) -> Diagnostic:
    slots = [
        slot
        for site in child.walk()
        if site.kind == "use"
        for slot in site.slots
        if (slot.wires == wire).any()
    ]
    index = slots[0].index
    variables = ", ".join(child.rows.names[-1:])
    return Diagnostic(
        f"one index `{index_text(index)}` runs through all factors of this `prod`, and every factor joins it inside",
        index.span,
        "warning",
        help=f"`{index.name}[{variables}]` would be one for each factor",
    )
