"""Extents that disagree, and extents that nothing says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush

import numpy as np

from tncompile.network.syntax.text import expression_text
from tncompile.network.values.formula import Formula
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.sets import within
from tncompile.network.written.extents import ExtentGraph, Known, Link
from tncompile.network.written.families import Declared
from tncompile.network.written.messages import column_of, index_text, left_side, line_of, plain_member
from tncompile.network.written.rules import Defined, Group
from tncompile.network.written.sites import Slot
from tncompile.source import Diagnostic, Note, Source
from tncompile.source.records import record

AGAINST = (
    1 << 20
)  # the cost of a step from a use to the definition used: definitions say their own extents first


@record
class Saying:
    """One row of a batch: an axis of a member, which says the extent of a wire."""

    batch: Known | Link
    row: int


@record(eq=False)
class Contradiction:
    """A wire of which two sayings differ."""

    wire: int
    first: Saying
    first_value: int
    second: Saying
    second_value: int

    @property
    def uses(self) -> list[str]:
        """The definitions that say an extent here because they are used."""
        links = [saying.batch for saying in (self.first, self.second) if isinstance(saying.batch, Link)]
        return [link.tensor for link in links if not link.left]

    def follows_from(self, broken: set[str]) -> bool:
        """Whether a definition that is used here has a problem of its own."""
        return any(name in broken for name in self.uses)


def formula_said(graph: ExtentGraph, wire: int, generic: int) -> Formula | None:
    """The formula of the first axis that gives a wire (or what is joined to it) this extent at generic sizes."""
    label = graph.labels[wire]
    for batch in graph.known:
        rows = np.flatnonzero((graph.labels[batch.wires] == label) & (batch.generics == generic))
        if len(rows):
            return graph.formula(batch, int(rows[0]))
    return None


def contradictions(graph: ExtentGraph, generic: bool = False) -> list[Contradiction]:
    """Wires with two extents: at the bound sizes, or at generic ones where the bound ones agree.

    Those that declared axes alone show come first.
    """
    low, high = (graph.generics, graph.generics_highest) if generic else (graph.values, graph.highest)
    apart = (low < high) & (graph.source >= 0)
    if generic:
        apart &= graph.values == graph.highest
    if not apart.any():
        return []
    return _Spread(graph, apart, generic).contradictions()


class _Spread:
    """Carries extents from where they are said, nearest first, through the components that contradict themselves."""

    def __init__(self, graph: ExtentGraph, apart: np.typing.NDArray[np.bool_], generic: bool) -> None:
        self.value: dict[int, int] = {}
        self.why: dict[int, Saying] = {}
        self.known: list[tuple[int, int, Saying]] = []
        self.edges: list[tuple[int, int, Saying]] = []  # wire, axis of a definition
        for batch in graph.known:
            said = batch.generics if generic else batch.values
            for row in np.flatnonzero(apart[graph.labels[batch.wires]]).tolist():
                self.known.append((int(batch.wires[row]), int(said[row]), Saying(batch, row)))
        for link in graph.links:
            for row in np.flatnonzero(apart[graph.labels[link.wires]]).tolist():
                self.edges.append((int(link.wires[row]), int(link.nodes[row]), Saying(link, row)))
        self.spread()

    def spread(self) -> None:
        around: dict[int, list[tuple[int, int, Saying]]] = {}
        for wire, node, saying in self.edges:
            left = isinstance(saying.batch, Link) and saying.batch.left
            around.setdefault(wire, []).append((node, 1 if left else AGAINST, saying))
            around.setdefault(node, []).append((wire, AGAINST if left else 1, saying))
        queue: list[tuple[int, int, int, int]] = []
        sayings = [saying for _, _, saying in self.known]
        for order, (wire, value, _) in enumerate(self.known):
            heappush(queue, (0, order, wire, value))
        while queue:
            distance, order, node, value = heappop(queue)
            if node in self.value:
                continue
            self.value[node], self.why[node] = value, sayings[order]
            for other, cost, saying in around.get(node, ()):
                if other not in self.value:
                    sayings.append(saying)
                    heappush(queue, (distance + cost, len(sayings) - 1, other, value))

    def contradictions(self) -> list[Contradiction]:
        found = [
            Contradiction(wire, self.why[wire], self.value[wire], saying, value)
            for wire, value, saying in self.known
            if self.value[wire] != value
        ]
        found += [
            Contradiction(wire, self.why[wire], self.value[wire], saying, self.value[node])
            for wire, node, saying in self.edges
            if wire in self.value and node in self.value and self.value[wire] != self.value[node]
        ]
        told: set[tuple[object, ...]] = set()
        kept = []
        for one in found:
            key = (
                one.first.batch.slot.index.span,
                one.second.batch.slot.index.span,
                one.second.batch.group.rule.number,
            )
            if key not in told:
                told.add(key)
                kept.append(one)
        return sorted(kept, key=lambda one: (len(one.uses) > 0, one.second.batch.group.rule.number))


def describe(
    one: Contradiction,
    declared: Mapping[str, Declared],
    defined: Mapping[str, Defined],
    source: Source | None,
) -> Diagnostic:
    """An index with two extents, both places, loop values."""
    sayings = sorted(((one.first, one.first_value), (one.second, one.second_value)), key=_place)
    texts = [f"{value} as {axis_text(saying, declared, defined)}" for saying, value in sayings]
    second = sayings[1][0].batch
    slot, span = second.slot, second.slot.index.span
    return Diagnostic(
        f"index `{index_text(slot.index)}` has two extents: {texts[0]}, {texts[1]}{column_of(source, span)}",
        span,
        help=_declarations([saying for saying, _ in sayings], declared, source),
        values=second.rows.values(sayings[1][0].row),
        notes=(Note(sayings[0][0].batch.slot.index.span, f"here it is {sayings[0][1]}"),),
    )


def _place(item: tuple[Saying, int]) -> int:
    return item[0].batch.slot.index.span.start


def axis_text(saying: Saying, declared: Mapping[str, Declared], defined: Mapping[str, Defined]) -> str:
    """What a saying is about: ``axis 1 of `G[1]` ``, or the extent that stands on the left."""
    batch = saying.batch
    if batch.positions is None:
        assert isinstance(batch, Known)
        assert batch.said is not None
        return f"said on the left (1..{expression_text(batch.said)})"
    members = (declared[batch.tensor] if batch.tensor in declared else defined[batch.tensor]).members
    member = plain_member(batch.tensor, members[batch.positions[saying.row]])
    return f"axis {batch.axis + 1} of `{member}`"


def _declarations(sayings: Sequence[Saying], declared: Mapping[str, Declared], source: Source | None) -> str:
    parts = []
    for name in dict.fromkeys(s.batch.tensor for s in sayings if s.batch.tensor in declared):
        tensor = declared[name].tensor
        axes = ", ".join(expression_text(axis.extent) for axis in tensor.axes)
        line = line_of(source, tensor.span).replace(" (line", " on line").rstrip(")")
        parts.append(f"`{name}` is declared ({axes}){line}")
    return "; ".join(parts)


def undetermined(
    groups: Sequence[Group], graph: ExtentGraph, tainted: Ints
) -> Iterator[tuple[Group, Slot, Rows, int]]:
    """Indices whose extent nothing says, once for all that are joined; not those that hang on something unknown."""
    silent = graph.source[graph.labels] < 0
    silent &= ~within(graph.labels, graph.labels[tainted])
    told: set[tuple[int, str]] = set()
    for group in groups if silent.any() else ():
        slots = [(slot, group.rows) for slot in group.free]
        slots += [(slot, site.rows) for site in group.body.walk() for slot in site.slots]
        for slot, rows in slots:
            bad = silent[slot.wires]
            if not bad.any():
                continue
            place = group.rule.number, slot.index.name
            if place not in told:
                yield group, slot, rows, int(np.argmax(bad))
            told.add(place)
            silent &= ~within(graph.labels, graph.labels[slot.wires[bad]])


def describe_undetermined(group: Group, slot: Slot, rows: Rows, row: int) -> Diagnostic:
    """An index without an extent."""
    free = any(slot.index.name == other.index.name for other in group.free)
    name = index_text(slot.index)
    left = left_side(group.rule.definition, {slot.index.name: f"{name} in 1..H"})
    return Diagnostic(
        f"nothing says the extent of index `{name}`",
        slot.index.span,
        values=rows.values(row),
        help=f"say it on the left: `{left}`" if free else "an axis of a declared tensor says it",
    )
