"""Writing out loops: from the rows around a loop to the rows inside it."""

from __future__ import annotations

import numpy as np

from tncompile.network.syntax import Loop, Range
from tncompile.network.syntax.text import expression_text
from tncompile.network.values.evaluation import Evaluation
from tncompile.network.values.held import Lists
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.sets import unique
from tncompile.source import Diagnostic, Fault

CHUNK = 1_000_000  # loop steps tried at once, so that a filter over a long range needs little memory


def loop_description(loop: Loop) -> str:
    """``k in 1..d if k > 2``, as in the text."""
    names = loop.variables[0] if len(loop.variables) == 1 else f"({', '.join(loop.variables)})"
    domain = loop.domain
    text = (
        f"{expression_text(domain.first)}..{expression_text(domain.last)}"
        if isinstance(domain, Range)
        else expression_text(domain)
    )
    condition = f" if {expression_text(loop.condition)}" if loop.condition is not None else ""
    return (f"{names} in " if loop.variables else "") + text + condition


def loop_rows(scope: Evaluation, loop: Loop, rows: Rows) -> tuple[Rows, Ints]:
    """The rows of one loop inside each of the given rows, and which of these each belongs to. Raises Fault."""
    names = loop.variables or (f"[{len(rows.names)}]",)
    if isinstance(loop.domain, Range):
        return _ranged(scope, loop, loop.domain, rows, names)
    return _listed(scope, loop, rows, names)


def _ranged(
    scope: Evaluation, loop: Loop, domain: Range, rows: Rows, names: tuple[str, ...]
) -> tuple[Rows, Ints]:
    first = scope.integers(domain.first, rows)
    counts = np.maximum(scope.integers(domain.last, rows) - first + 1, 0)
    total = _count(scope, loop, counts)
    ends = np.cumsum(counts)
    shift = first - (ends - counts)
    found, parents, kept = [np.zeros((len(rows.names) + 1, 0), np.int64)], [np.zeros(0, np.int64)], 0
    for start in range(0, total, CHUNK):
        places = np.arange(start, min(start + CHUNK, total))
        parent = np.searchsorted(ends, places, side="right")
        part, parent = _filtered(
            scope, loop, rows.extended(names, parent, (places + shift[parent])[None, :]), parent
        )
        kept += part.count
        scope.count_steps(0, kept, loop)
        found.append(part.columns)
        parents.append(parent)
    return Rows(rows.names + names, np.concatenate(found, axis=1), kept), np.concatenate(parents)


def _count(scope: Evaluation, loop: Loop, counts: Ints) -> int:
    total = int(counts.sum(dtype=np.float64))
    scope.count_steps(total, total if loop.condition is None else 0, loop)
    return total


def _filtered(scope: Evaluation, loop: Loop, rows: Rows, parent: Ints) -> tuple[Rows, Ints]:
    if loop.condition is None or not rows.count:
        return rows, parent
    kept = scope.truths(loop.condition, rows)
    return rows.take(kept), parent[kept]


def _listed(scope: Evaluation, loop: Loop, rows: Rows, names: tuple[str, ...]) -> tuple[Rows, Ints]:
    assert not isinstance(loop.domain, Range)
    lists = scope.lists(loop.domain, rows)
    tables = {int(which): _items(loop, lists, int(which), len(names)) for which in unique(lists.which)}
    counts = np.array([len(tables[which]) for which in lists.which.tolist()], np.int64)
    _count(scope, loop, counts)
    parent = np.repeat(np.arange(rows.count), counts)
    chosen = [tables[which] for which in lists.which.tolist()]
    columns = np.concatenate(chosen).T if chosen else np.zeros((len(names), 0), np.int64)
    return _filtered(scope, loop, rows.extended(names, parent, columns), parent)


def _items(loop: Loop, lists: Lists, which: int, width: int) -> Ints:
    """The items of one list as an array (count, width)."""
    items = lists.pool[which]
    rows = [item if isinstance(item, list) else [item] for item in items]
    if any(len(row) != width or any(isinstance(x, list) for x in row) for row in rows):
        shape = "one integer" if width == 1 else f"a list of {width} integers"
        raise Fault(Diagnostic(f"each item of this list must be {shape}", loop.domain.span))
    return np.array(rows, np.int64).reshape(len(rows), width)
