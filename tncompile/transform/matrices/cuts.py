"""The members that a cut names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import UNIT_ROWS, Cut, CutItem, Expr, Loop, Name, Network, Range
from tncompile.source import Diagnostic, Fault, TnError

Members = Mapping[str, Sequence[int]]  # positions of members by name


def find_cut(
    net: Network, cut: str | Sequence[CutItem]
) -> tuple[Sequence[CutItem], Sequence[CutItem] | None]:
    """Rows and columns of a named cut, or the items themselves as rows. Raises TnError."""
    if not isinstance(cut, str):
        return tuple(cut), None
    if cut not in net.cuts:
        raise TnError(f"`{net.name}` has no cut `{cut}`; it has {', '.join(net.cuts) or 'none'}", net.source)
    found: Cut = net.cuts[cut]
    return found.rows, found.columns


def cut_members(net: Network, items: Sequence[CutItem]) -> dict[str, list[int]]:
    """The members that the items of a cut name, by tensor or definition, each once and in order. Raises TnError."""
    found: dict[str, set[int]] = {}
    for item in items:
        try:
            found.setdefault(item.name, set()).update(_members(net, item))
        except Fault as fault:
            raise TnError([fault.diagnostic], net.source) from fault
    return {name: sorted(members) for name, members in found.items()}


def cut_warnings(net: Network) -> list[Diagnostic]:
    """A warning for each named cut that means nothing at the bound sizes: an error once it is used."""
    found: list[Diagnostic] = []
    for name, cut in net.cuts.items():
        for items in (cut.rows, cut.columns or ()):
            try:
                cut_members(net, items)
            except TnError as error:
                found += [
                    replace(d, message=f"cut `{name}`: {d.message}", kind="warning")
                    for d in error.diagnostics
                ]
    return found


def _members(net: Network, item: CutItem) -> list[int]:
    table = net.tables.tensors.get(item.name)
    if table is None or table.role not in ("input", "definition"):
        raise Fault(Diagnostic(f"`{item.name}` is no input and no definition", item.span))
    if not item.subscripts:
        return list(range(len(table.members)))
    # A range in a subscript is a loop of its own.
    loops: list[Loop] = list(item.loops)
    subscripts: list[Expr] = []
    for number, subscript in enumerate(item.subscripts):
        if isinstance(subscript, Range):
            loops.append(Loop((f"[{number}]",), subscript))
            subscripts.append(Name(f"[{number}]"))
        else:
            subscripts.append(subscript)
    rows = net.scope.expand(loops)[0] if loops else UNIT_ROWS
    columns = [net.scope.integers(subscript, rows) for subscript in subscripts]
    positions = table.find(np.array(columns, np.int64).reshape(len(columns), rows.count).T)
    if (positions < 0).any():
        row = int(np.argmax(positions < 0))
        member = ", ".join(str(int(column[row])) for column in columns)
        raise Fault(Diagnostic(f"`{item.name}[{member}]` is outside the family of `{item.name}`", item.span))
    return [int(p) for p in positions]
