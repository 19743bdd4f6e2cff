"""The definitions that `order` adds: each is known by what it computes, so that nothing is computed twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from tncompile.network import (
    Definition,
    Expr,
    FreeIndex,
    Index,
    Ints,
    Item,
    ListExpr,
    Loop,
    Name,
    Negative,
    Network,
    Node,
    Number,
    Range,
    Rows,
    Size,
    Statement,
    Tensor,
    Use,
    children,
    map_children,
    nodes_of,
)
from tncompile.network.describe import describe_rows
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.network.values.lookup import find_members
from tncompile.network.values.sets import unique_rows
from tncompile.plan.flatten.group import Group, distinct, mentions
from tncompile.plan.flatten.naming import AddedNames
from tncompile.plan.flatten.sums import Recurrences
from tncompile.plan.flatten.terms import Leaf
from tncompile.plan.flatten.values import Frame, Operation, literal, same_everywhere


@dataclass(eq=False)
class Entry:
    """One added definition; ``rows`` collects the values of ``variables`` for which it is needed."""

    name: str
    variables: tuple[str, ...]
    indices: tuple[FreeIndex, ...]
    body: Expr
    loops: tuple[Loop, ...]
    rows: list[Rows] = field(default_factory=list)


class Registry:
    """Definitions and constants added, in the order in which they were needed, with the rules between them."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.names = AddedNames(net)
        self.recurrences = Recurrences(net)
        self.entries: dict[object, Entry] = {}
        self.constants: dict[object, str] = {}
        self.declared: list[Statement] = []
        self.items: list[Entry | Definition] = []

    # --- intermediates ------------------------------------------------------------------------

    def intermediate(
        self,
        group: Group,
        frame: Frame,
        operation: Operation,
        coefficient: Expr | None,
        indices: tuple[FreeIndex, ...],
    ) -> Leaf:
        """A use of the definition that computes an operation."""
        body = operation.body(coefficient)
        bound = {name for node in nodes_of(body) if isinstance(node, Loop) for name in node.variables}
        known = set(_value_names(body)) - bound
        variables = tuple(name for name in frame.rows.names if name in known)
        values = {name: Name(f"${place}") for place, name in enumerate(variables)}
        key = _renamed_wires(substitute(body, values), tuple(substitute(i, values) for i in indices))
        entry = self.entries.get(key)
        if entry is None:
            name = self.names.joined(operation.hint, group.definition.name)
            others = set(frame.rows.names) - set(variables)
            entry = Entry(name, variables, *_plain_wires(indices, body, others), frame.loops)
            self.entries[key] = entry
            self.items.append(entry)
        entry.rows.append(
            distinct({n: frame.rows.column(v) for n, v in zip(entry.variables, variables, strict=True)})
        )
        use = Use(entry.name, tuple(Name(v) for v in variables), tuple(free.index for free in indices))
        return Leaf(use, tuple(operation.extents[free.index] for free in indices))

    def has_members(self, use: Use, rows: Rows) -> bool:
        """Whether what a use leads to in some rows is there: in the network, or needed elsewhere in the same rows."""
        if not rows.count or not use.subscripts:
            return True
        wanted = np.stack([self.net.scope.integers(subscript, rows) for subscript in use.subscripts], axis=1)
        if use.name in self.net.tables.tensors:
            return bool((find_members(self.net.tables.tensors[use.name].members, wanted) >= 0).all())
        known = [one.columns.T for e in self.entries.values() if e.name == use.name for one in e.rows]
        return bool(known) and bool((find_members(unique_rows(np.concatenate(known)), wanted) >= 0).all())

    # --- numbers that depend on loops ---------------------------------------------------------

    def number(self, frame: Frame, expr: Expr) -> Expr | Leaf:
        """A number that holds no loop variable, or a use of a constant declared for it."""
        variables = tuple(name for name in frame.rows.names if mentions(expr, [name]))
        if not variables:
            return expr
        column = self.net.scope.numbers(expr, frame.rows)
        if same_everywhere(column):
            return literal(column[0].item())
        rows = distinct({name: frame.rows.column(name) for name in variables})
        family = _generic_loops(rows)
        if self.net.scope.expand(family)[0].count != rows.count:
            return self.listed(frame, column, variables)
        key = (
            substitute(expr, {name: Name(f"${place}") for place, name in enumerate(variables)}),
            rows.columns.tobytes(),
        )
        if key not in self.constants:
            self.constants[key] = self.names.numbered("factor")
            self.declared.append(Tensor("constant", self.constants[key], family, (), value=expr))
        return Leaf(Use(self.constants[key], tuple(map(Name, variables)), ()), ())

    def listed(
        self, frame: Frame, column: Ints | np.typing.NDArray[np.generic], variables: tuple[str, ...]
    ) -> Expr | Leaf:
        """The same for numbers given one by one: a family of constants over the smallest box."""
        if same_everywhere(column):
            return literal(column[0].item())
        rows = distinct({name: frame.rows.column(name) for name in variables})
        family = _generic_loops(rows)
        box = self.net.scope.expand(family)[0]
        values = dict(
            zip(
                map(tuple, frame.rows.columns[[frame.rows.names.index(n) for n in variables]].T.tolist()),
                column.tolist(),
                strict=True,
            )
        )
        items = tuple(_real(values.get(tuple(member), 0)) for member in box.columns.T.tolist())
        name, numbers = self.names.numbered("factor"), self.names.numbered("factors")
        self.declared.append(Size(numbers, family, ListExpr(items), real=True))
        value = _item(numbers, variables)
        self.declared.append(Tensor("constant", name, family, (), value=value))
        return Leaf(Use(name, tuple(map(Name, variables)), ()), ())

    # --- rules --------------------------------------------------------------------------------

    def rule(self, definition: Definition, rows: Rows, body: Expr, indices: tuple[FreeIndex, ...]) -> None:
        """The rules of the file's own definition for some of its rows."""
        self.items += self.described(replace(definition, body=body, indices=indices), rows)

    def statements(self) -> list[Statement]:
        """Everything added, the rules among them."""
        found: list[Statement] = []
        for item in self.items:
            if isinstance(item, Entry):
                found += self.entry_rules(item)
            else:
                found.append(item)
        return [*self.declared, *found]

    def entry_rules(self, entry: Entry) -> list[Definition]:
        """The rules of an added definition, for all rows that need it."""
        columns = np.concatenate([rows.columns for rows in entry.rows], axis=1)
        rows = distinct(dict(zip(entry.variables, columns, strict=True)))
        loops = _own_loops(entry, rows)
        subscripts = tuple(map(Name, entry.variables))
        definition = Definition("plain", entry.name, subscripts, entry.indices, entry.body, loops)
        if not entry.variables:
            return [definition]
        return self.described(definition, rows)

    def described(self, definition: Definition, rows: Rows) -> list[Definition]:
        """One rule for each loop nest that the rows need."""
        nests = describe_rows(definition.loops, rows, self.net.scope, lambda: self.names.numbered("rows"))
        rules = []
        for nest in nests:
            self.declared += nest.lists
            rule = replace(definition, loops=())
            rules.append(replace(substitute(rule, nest.values), loops=nest.loops))
        return rules

    # --- trying -------------------------------------------------------------------------------

    def snapshot(self) -> Callable[[], None]:
        """A function that takes back everything that is added from now on."""
        names, entries, constants = deepcopy(self.names), dict(self.entries), dict(self.constants)
        lengths = [len(entry.rows) for entry in entries.values()]
        declared, items = len(self.declared), len(self.items)

        def restore() -> None:
            self.names, self.entries, self.constants = names, entries, constants
            for entry, length in zip(entries.values(), lengths, strict=True):
                del entry.rows[length:]
            del self.declared[declared:], self.items[items:]

        return restore


def _real(value: float) -> Expr:
    """A number as a bound `number` is written."""
    return Negative(Number(repr(-float(value)))) if value < 0 else Number(repr(float(value)))


def _item(name: str, variables: Iterable[str]) -> Expr:
    return Item(name, tuple(map(Name, variables)))


def _own_loops(entry: Entry, rows: Rows) -> tuple[Loop, ...]:
    """The loops in which an added definition was met first, for its own variables alone."""
    generic = {loop.variables[0]: loop for loop in _generic_loops(rows)}
    others = {name for loop in entry.loops for name in loop.variables} - set(entry.variables)
    found: list[Loop] = []
    for loop in entry.loops:
        own = [name for name in loop.variables if name in entry.variables]
        if not own:
            continue
        if len(own) < len(loop.variables) or mentions(loop.domain, others):
            found += [generic[name] for name in own]
        elif loop.condition is not None and mentions(loop.condition, others):
            found.append(replace(loop, condition=None))
        else:
            found.append(loop)
    return tuple(found)


def _generic_loops(rows: Rows) -> tuple[Loop, ...]:
    """The smallest box around some rows."""
    lows, highs = rows.columns.min(axis=1), rows.columns.max(axis=1)
    ranges = [Range(integer(int(low)), integer(int(high))) for low, high in zip(lows, highs, strict=True)]
    return tuple(Loop((name,), domain) for name, domain in zip(rows.names, ranges, strict=True))


def _value_names(node: Node) -> Iterator[str]:
    """The names that values depend on: those outside of indices, whose subscripts only tell them apart."""
    if isinstance(node, Name):
        yield node.name
    for child in () if isinstance(node, Index) else children(node):
        yield from _value_names(child)


def _plain_wires(
    indices: tuple[FreeIndex, ...], body: Expr, variables: set[str]
) -> tuple[tuple[FreeIndex, ...], Expr]:
    """Indices and a body with other names for the wires that are told apart by these variables."""
    wires = dict.fromkeys(node for node in nodes_of(body) if isinstance(node, Index))
    taken = {wire.name for wire in wires}
    plain: dict[Index, Index] = {}
    for wire in wires:
        if mentions(wire, variables):
            name = wire.name + "'" * next(
                n for n in range(1, len(wires) + 2) if wire.name + "'" * n not in taken
            )
            taken.add(name)
            plain[wire] = Index(name)

    def visit(node: Node) -> Node:
        return plain.get(node, node) if isinstance(node, Index) else map_children(node, visit)

    return tuple(cast(FreeIndex, visit(index)) for index in indices), cast(Expr, visit(body))


def _renamed_wires(body: Expr, indices: tuple[FreeIndex, ...]) -> tuple[Expr, tuple[Node, ...]]:
    """A body and its free indices with wires numbered as they come, so that equal things look equal."""
    numbers: dict[Index, Index] = {}

    def visit(node: Node) -> Node:
        if isinstance(node, Index):
            return numbers.setdefault(node, Index(f"${len(numbers)}"))
        return map_children(node, visit)

    return cast(Expr, visit(body)), tuple(visit(index) for index in indices)
