"""The rules of a flat network with the rows they stand for, and which members need an adjoint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tncompile.network import (
    Definition,
    Expr,
    Extent,
    Index,
    Ints,
    Network,
    Rows,
    RuleClass,
    TensorTable,
    Use,
)
from tncompile.network.syntax.substitute import substitute
from tncompile.source.records import record
from tncompile.transform.adjoint.wires import with_one_name_each
from tncompile.transform.context import Context, Piece
from tncompile.transform.flat import Apply, Form, Reduction, flat_form, uses_of

Mask = npt.NDArray[np.bool_]


@record(eq=False)
class UseRows:
    """One use of a rule over all its instances: loop values, instance of the rule, member read."""

    use: Use
    rows: Rows
    parent: Ints
    positions: Ints


@record(eq=False)
class RuleRows:
    """One rule over all its instances, or over some; ``uses`` follow the reading order of its body."""

    definition: Definition
    number: int
    form: Form
    rows: Rows
    target: Ints
    uses: tuple[UseRows, ...]
    class_of: Ints
    extents: tuple[Mapping[Index, Extent], ...]  # of each class

    def shapes(self, indices: Collection[Index]) -> Ints:
        """A number for each instance, the same where all of these indices have the same extents."""
        kinds: dict[tuple[Extent | None, ...], int] = {}
        ordered = sorted(indices, key=lambda index: index.name)
        numbers = [kinds.setdefault(tuple(e.get(i) for i in ordered), len(kinds)) for e in self.extents]
        return np.array(numbers)[self.class_of]

    def only(self, context: Context, chosen: Mask) -> list[RuleRows]:
        """The rule for some of its instances, as one rule or more."""
        if chosen.all():
            return [self]
        definition = self.definition
        pieces = context.restricted(definition.loops, self.rows, chosen, definition.name)
        return [self._piece(piece) for piece in pieces]

    def _piece(self, piece: Piece) -> RuleRows:
        definition = substitute(replace(self.definition, loops=()), piece.values)
        definition = replace(definition, loops=piece.loops)
        place = np.full(self.rows.count, -1)
        place[piece.which] = np.arange(len(piece.which))
        uses: list[UseRows] = []
        for old, use in zip(self.uses, uses_of(definition.body), strict=True):
            kept = place[old.parent] >= 0
            uses.append(UseRows(use, old.rows.take(kept), place[old.parent][kept], old.positions[kept]))
        rows, target = self.rows.take(piece.which), self.target[piece.which]
        return RuleRows(
            definition,
            self.number,
            flat_form(definition),
            rows,
            target,
            tuple(uses),
            self.class_of[piece.which],
            self._substituted_extents(piece),
        )

    def _substituted_extents(self, piece: Piece) -> tuple[Mapping[Index, Extent], ...]:
        """The extents, by indices as they stand in a piece."""
        return tuple({substitute(i, piece.values): extent for i, extent in e.items()} for e in self.extents)


def rules_of(flat: Network) -> tuple[RuleRows, ...]:
    """Every rule of a flat network that has instances, classes taken together."""
    classes: dict[int, list[RuleClass]] = {}
    for rule_class in flat.tables.classes:
        classes.setdefault(rule_class.number, []).append(rule_class)
    definitions = flat.definitions
    return tuple(_rule_rows(flat, definitions[number], classes[number]) for number in sorted(classes))


def _rule_rows(flat: Network, definition: Definition, classes: list[RuleClass]) -> RuleRows:
    rows = _joined([c.rows for c in classes])
    used = [_joined([c.uses[number].rows for c in classes]) for number in range(len(classes[0].uses))]
    definition = with_one_name_each(flat.scope, definition, [rows, *used])
    starts = np.cumsum([0, *(c.rows.count for c in classes)])
    uses: list[UseRows] = []
    for number, use in enumerate(uses_of(definition.body)):
        tables = [c.uses[number] for c in classes]
        parent = np.concatenate([t.parent + start for t, start in zip(tables, starts, strict=False)])
        positions = np.concatenate([t.positions for t in tables])
        uses.append(UseRows(use, used[number], parent, positions))
    target = np.concatenate([c.target for c in classes])
    class_of = np.repeat(np.arange(len(classes)), [c.rows.count for c in classes])
    extents = tuple(c.extents for c in classes)
    return RuleRows(
        definition, classes[0].number, flat_form(definition), rows, target, tuple(uses), class_of, extents
    )


def _joined(parts: list[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    return Rows(
        parts[0].names, np.concatenate([p.columns for p in parts], axis=1), sum(p.count for p in parts)
    )


def _smooth(flat: Network, rule: RuleRows, use: UseRows) -> Mask:
    """The rows of a use through which anything flows back."""
    form = rule.form
    if (isinstance(form, Reduction) and form.op == "power") or (
        isinstance(form, Apply) and form.function in ("step", "sign")
    ):
        return np.zeros(use.rows.count, np.bool_)
    if isinstance(form, Apply) and form.function == "^":
        exponent = form.arguments[1]
        assert isinstance(exponent, Expr)
        smooth: Mask = flat.scope.integers(exponent, use.rows) != 0
        return smooth
    return np.ones(use.rows.count, np.bool_)


def needed_members(
    flat: Network, rules: tuple[RuleRows, ...], wrt: Collection[str] | None, outputs: Collection[str]
) -> Mapping[str, Mask]:
    """For each tensor which members have an adjoint: an output depends on them, and they on something in ``wrt``.

    ``wrt`` None means all weights.
    """
    tables = flat.tables.tensors
    starts: dict[str, int] = {}
    total = 0
    for name, table in tables.items():
        starts[name], total = total, total + len(table.members)
    pairs: list[tuple[Ints, Ints]] = []
    for rule in rules:
        for use in rule.uses:
            kept = _smooth(flat, rule, use)
            target = rule.target[use.parent[kept]] + starts[rule.definition.name]
            pairs.append((use.positions[kept] + starts[use.use.name], target))
    nothing = np.zeros(0, np.int64)
    below = np.concatenate([nothing, *(p[0] for p in pairs)])
    above = np.concatenate([nothing, *(p[1] for p in pairs)])
    sources = [n for n, t in tables.items() if (t.role == "weight" if wrt is None else n in wrt)]
    depends = _reachable(_members(tables, starts, sources), below, above, total)
    reaches = _reachable(_members(tables, starts, outputs), above, below, total)
    both = depends & reaches
    return {name: both[start : start + len(tables[name].members)] for name, start in starts.items()}


def _members(
    tables: Mapping[str, TensorTable], starts: Mapping[str, int], names: Collection[str]
) -> list[int]:
    return [starts[n] + i for n in names for i in range(len(tables[n].members))]


def _reachable(start: list[int], sources: Ints, targets: Ints, total: int) -> Mask:
    """The nodes that can be reached from ``start`` along edges, those in it included."""
    order = np.argsort(sources, kind="stable")
    firsts = np.searchsorted(sources[order], np.arange(total + 1)).tolist()
    ends = targets[order].tolist()
    seen = bytearray(total)
    stack = list(start)
    for node in stack:
        seen[node] = 1
    while stack:
        node = stack.pop()
        for end in ends[firsts[node] : firsts[node + 1]]:
            if not seen[end]:
                seen[end] = 1
                stack.append(end)
    return np.frombuffer(seen, np.bool_).copy()
