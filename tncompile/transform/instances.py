"""The rules of a flat network with the rows they stand for, and which members need an adjoint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tncompile.network import Definition, Ints, Network, Rows, RuleClass, TensorTable, Use
from tncompile.transform.flat import Apply, Form, flat_form, uses_of

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class UseRows:
    """One use of a rule over all its instances: loop values, member read, and member defined."""

    use: Use
    rows: Rows
    parent: Ints  # the instance of the rule, a position in its rows
    positions: Ints  # members of the tensor used
    target: Ints  # members of the definition
    smooth: bool  # whether anything flows back through it


@dataclass(frozen=True, eq=False)
class RuleRows:
    """One rule over all its instances; ``uses`` follow the reading order of its body."""

    definition: Definition
    form: Form
    rows: Rows
    target: Ints
    uses: tuple[UseRows, ...]


def rules_of(flat: Network) -> tuple[RuleRows, ...]:
    """Every rule of a flat network that has instances, classes taken together."""
    classes: dict[int, list[RuleClass]] = {}
    for rule_class in flat.tables.classes:
        classes.setdefault(rule_class.number, []).append(rule_class)
    definitions = flat.definitions
    return tuple(_rule_rows(definitions[number], classes[number]) for number in sorted(classes))


def _rule_rows(definition: Definition, classes: list[RuleClass]) -> RuleRows:
    form = flat_form(definition)
    starts = np.cumsum([0, *(c.rows.count for c in classes)])
    uses: list[UseRows] = []
    for number, use in enumerate(uses_of(definition.body)):
        tables = [c.uses[number] for c in classes]
        parent = np.concatenate([t.parent + start for t, start in zip(tables, starts, strict=False)])
        target = np.concatenate([c.target[t.parent] for c, t in zip(classes, tables, strict=True)])
        positions = np.concatenate([t.positions for t in tables])
        rows = _joined([t.rows for t in tables])
        uses.append(UseRows(use, rows, parent, positions, target, _is_smooth(form)))
    target = np.concatenate([c.target for c in classes])
    return RuleRows(definition, form, _joined([c.rows for c in classes]), target, tuple(uses))


def _joined(parts: list[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    return Rows(parts[0].names, np.concatenate([p.columns for p in parts], axis=1), sum(p.count for p in parts))


def _is_smooth(form: Form) -> bool:
    return not (isinstance(form, Apply) and form.function in ("step", "sign"))


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
    pairs = [
        (u.positions + starts[u.use.name], u.target + starts[r.definition.name]) for r in rules for u in r.uses if u.smooth
    ]
    nothing = np.zeros(0, np.int64)
    below = np.concatenate([nothing, *(p[0] for p in pairs)])
    above = np.concatenate([nothing, *(p[1] for p in pairs)])
    sources = [n for n, t in tables.items() if (t.role == "weight" if wrt is None else n in wrt)]
    depends = _reachable(_members(tables, starts, sources), below, above, total)
    reaches = _reachable(_members(tables, starts, outputs), above, below, total)
    both = depends & reaches
    return {name: both[start : start + len(tables[name].members)] for name, start in starts.items()}


def _members(tables: Mapping[str, TensorTable], starts: Mapping[str, int], names: Collection[str]) -> list[int]:
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
