"""Tensors and definitions, or some of their members, that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tncompile.network.network import Network
from tncompile.network.syntax import Definition, Loop, Name, Range, Use
from tncompile.network.syntax.text import expression_text
from tncompile.network.syntax.walk import nodes_of
from tncompile.network.values.rows import Ints
from tncompile.network.written.build import Written
from tncompile.network.written.families import Declared
from tncompile.network.written.messages import line_of, listed, plain_member
from tncompile.network.written.rules import Defined
from tncompile.network.written.sites import Site
from tncompile.source import Diagnostic, Source, Span
from tncompile.source.records import record

Table = Declared | Defined


@record(eq=False)
class Unused:
    """The members of a tensor or definition that nothing uses."""

    name: str
    word: str
    table: Table
    members: Ints
    span: Span


def unused_members(net: Network, written: Written) -> Iterator[Diagnostic]:
    """Warnings for inputs, weights, constants and definitions that nothing uses; tensors with the same members together."""
    uses = _uses(written)
    found = [one for one in _find(net, written, uses) if len(one.members)]
    while found:
        first = found[0]
        alike = [one for one in found if _same_part(first, one)]
        found = [one for one in found if one not in alike]
        subject = listed([_described(one) for one in alike])
        verb = "are" if len(alike) > 1 or (not _whole(first) and len(first.members) > 1) else "is"
        yield Diagnostic(
            f"{subject} {verb} never used",
            first.span,
            "warning",
            help="" if _whole(first) else _loop_that_ends_early(first, uses.get(first.name, ()), net.source),
        )


def _uses(written: Written) -> dict[str, list[tuple[Definition, Site]]]:
    uses: dict[str, list[tuple[Definition, Site]]] = {}
    for group in written.groups:
        for site in group.body.walk():
            if site.positions is not None:
                uses.setdefault(site.name, []).append((group.rule.definition, site))
    return uses


def _find(
    net: Network, written: Written, uses: Mapping[str, Sequence[tuple[Definition, Site]]]
) -> Iterator[Unused]:
    tables: list[tuple[str, str, Table, Span]] = [
        (name, table.tensor.role, table, table.tensor.name_span) for name, table in written.declared.items()
    ]
    tables += [
        (name, "definition", table, table.rules[0].definition.name_span)
        for name, table in written.defined.items()
        if name not in net.outputs
    ]
    for name, word, table, span in tables:
        used = np.zeros(len(table.members), np.bool_)
        for _, site in uses.get(name, ()):
            used[site.positions] = True
        yield Unused(name, word, table, np.flatnonzero(~used), span)


def _whole(one: Unused) -> bool:
    return len(one.members) == len(one.table.members)


def _same_part(first: Unused, other: Unused) -> bool:
    """Whether two tensors lack the same members; whole tensors are told one by one."""
    if first is other:
        return True
    if _whole(first) or _whole(other) or len(first.members) != len(other.members):
        return False
    return np.array_equal(first.table.members[first.members], other.table.members[other.members])


def _described(one: Unused) -> str:
    if _whole(one):
        return f"{one.word} `{one.name}`"
    texts = [f"`{plain_member(one.name, member)}`" for member in one.table.members[one.members[:3]]]
    if len(one.members) > 3:
        texts = [*texts[:2], f"{len(one.members) - 2} more"]
    return f"{one.word}{'s' if len(one.members) > 1 else ''} {listed(texts)}"


def _loop_that_ends_early(one: Unused, uses: Sequence[tuple[Definition, Site]], source: Source | None) -> str:
    """The loop whose range stops short of the members that are not used."""
    lacking = one.table.members[one.members]
    for definition, site in uses:
        assert isinstance(site.node, Use)
        assert site.positions is not None
        used = one.table.members[site.positions]
        for column, subscript in enumerate(site.node.subscripts):
            names = [node.name for node in nodes_of(subscript) if isinstance(node, Name)]
            for loop in _loops(definition):
                if (
                    not isinstance(loop.domain, Range)
                    or not set(loop.variables) & set(names)
                    or not len(used)
                ):
                    continue
                where = line_of(source, loop.span).replace(" (line", " on line").rstrip(")")
                if lacking[:, column].min() > used[:, column].max():
                    return f"the loop{where} ends at {expression_text(loop.domain.last, tight=True)}"
                if lacking[:, column].max() < used[:, column].min():
                    return f"the loop{where} begins at {expression_text(loop.domain.first, tight=True)}"
    return ""


def _loops(definition: Definition) -> Iterator[Loop]:
    return (node for node in nodes_of(definition) if isinstance(node, Loop))
