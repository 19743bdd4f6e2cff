"""Instances of one rule that share an equation, and the tree of what they compute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from tncompile.network import (
    UNIT_ROWS,
    Add,
    Binary,
    Call,
    Definition,
    Expr,
    Extent,
    Formula,
    Index,
    Ints,
    Multiply,
    Name,
    Negative,
    Network,
    Node,
    Reduce,
    Rows,
    RuleClass,
    Use,
    nodes_of,
)
from tncompile.network import (
    Over as OverNode,
)
from tncompile.network.syntax.substitute import integer
from tncompile.network.values.sets import unique, unique_rows
from tncompile.network.written.body import has_structure
from tncompile.plan.flatten.numeric import numeric
from tncompile.plan.flatten.terms import (
    BuiltIn,
    Column,
    Function,
    Inside,
    Leaf,
    Over,
    Product,
    Reduction,
    Sum,
    Term,
    Value,
    conjugated,
    walk,
)
from tncompile.plan.flatten.values import NeedsSplit
from tncompile.source.records import record


@record(eq=False)
class Group:
    """Some rows of a rule; ``extents`` of each class are those of the indices outside of loops."""

    net: Network
    definition: Definition
    rows: Rows
    equation: Expr
    classes: tuple[RuleClass, ...]

    @cached_property
    def free(self) -> tuple[Index, ...]:
        """The wires of the left side, loops written out."""
        found: list[Index] = []
        for free in self.definition.indices:
            if not free.index.loops:
                found.append(self.wire(free.index))
                continue
            plain = replace(free.index, loops=())
            rows, _ = self.net.scope.expand(free.index.loops, self.rows.take(np.arange(1)))
            found += [self.wire(plain, rows.take(np.array([round_]))) for round_ in range(rows.count)]
        return tuple(found)

    @cached_property
    def said(self) -> dict[tuple[str, tuple[int, ...]], Index]:
        """The wire for each index, known by its name and its subscripts in the first row."""
        return {}

    def wire(self, index: Index, rows: Rows | None = None) -> Index:
        """The one `Index` for all ways to say it; ``rows`` gives the values of inner loop variables."""
        if not index.subscripts:
            return index
        first = self.rows.take(np.arange(1)) if rows is None else rows
        key = index.name, tuple(int(self.net.scope.integers(s, first)[0]) for s in index.subscripts)
        mentions_inner = rows is not None and mentions(index, rows.names[len(self.rows.names) :])
        if key not in self.said:
            plain = Index(index.name, tuple(integer(value) for value in key[1])) if mentions_inner else index
            self.said[key] = self.fresh_wire(plain) if plain in self.given else plain
            self.taken.add(self.said[key])
        return self.said[key]

    @cached_property
    def given(self) -> set[Index]:
        """Wires that were made to tell others apart."""
        return set()

    @cached_property
    def bound(self) -> dict[Index, Extent]:
        """The extents of wires that sums inside of loops bind; the tables know those outside only."""
        return {}

    def note_extents(self, term: Term) -> None:
        """Makes known how long the wires are that sums inside a term bind, from its uses."""
        for over in (inner for inner in walk(term) if isinstance(inner, Over)):
            for leaf in (inner for inner in walk(over.body) if isinstance(inner, Leaf)):
                # A loop without a round knows no extents.
                for wire, extents in zip(leaf.use.indices, leaf.extents, strict=bool(leaf.extents)):
                    if wire in over.wires and len(extents) and (extents == extents[0]).all():
                        length = int(extents[0])
                        self.bound[wire] = Extent(length, Formula.constant(length))

    @cached_property
    def taken(self) -> set[Index]:
        """All wires in use."""
        return {node for node in nodes_of(self.equation) if isinstance(node, Index)}

    def fresh_wire(self, wire: Index) -> Index:
        """A wire like this one that is not in use yet."""
        number, found = 1, wire
        while found in self.taken:
            found = Index(wire.name, (*wire.subscripts, integer(number)))
            number += 1
        self.given.add(found)
        self.taken.add(found)
        return found

    def extent(self, wire: Index) -> tuple[Ints, Extent | None]:
        """The extent of a wire outside of loops for each row, and as one `Extent` where all classes agree.
        Raises NeedsSplit for one that only loops know."""
        if any(wire not in c.extents for c in self.classes) and wire not in self.bound:
            raise NeedsSplit(alone=True)
        found = [c.extents[wire] if wire in c.extents else self.bound[wire] for c in self.classes]
        column = np.concatenate(
            [np.full(c.rows.count, e.value) for c, e in zip(self.classes, found, strict=True)]
        )
        return column, found[0] if all(extent == found[0] for extent in found) else None

    @cached_property
    def tree(self) -> Term:
        """What the equation computes."""
        return _Builder(self).build(self.equation, self.rows, ())


def groups_of(net: Network) -> Iterator[Group]:
    """The classes of a network's rules, those with one equation and left side together, in the order of the file."""
    found: dict[tuple[int, Expr, tuple[Index, ...]], list[RuleClass]] = {}
    for rule_class in sorted(net.tables.classes, key=lambda c: c.number):
        found.setdefault((rule_class.number, rule_class.equation, rule_class.free), []).append(rule_class)
    for classes in found.values():
        yield group_of(net, classes)


def group_of(net: Network, classes: Sequence[RuleClass]) -> Group:
    """One group from classes with one equation."""
    first = classes[0]
    columns = np.concatenate([c.rows.columns for c in classes], axis=1)
    rows = Rows(first.rows.names, columns, sum(c.rows.count for c in classes))
    return Group(net, first.definition, rows, first.equation, tuple(classes))


def mentions(node: Node, names: Iterable[str]) -> bool:
    """Whether one of these variables stands in a node."""
    wanted = set(names)
    return bool(wanted) and any(isinstance(inner, Name) and inner.name in wanted for inner in nodes_of(node))


def extents_of(net: Network, name: str, positions: Ints) -> tuple[Ints, ...]:
    """The extents of the axes of some members of one tensor, a column for each axis."""
    table = net.tables.tensors[name]
    blocks = table.block_of[positions]
    if not len(blocks):
        return tuple(np.zeros(0, np.int64) for _ in table.blocks[0].shape) if table.blocks else ()
    shapes = {int(b): [extent.value for extent in table.blocks[b].shape] for b in unique(blocks)}
    width = len(next(iter(shapes.values())))
    values = np.zeros((len(table.blocks), width), np.int64)
    for block, shape in shapes.items():
        values[block] = shape
    return tuple(values[blocks, axis] for axis in range(width))


class _Builder:
    """From the equation to the tree; the uses come in reading order, as the tables list them."""

    def __init__(self, group: Group) -> None:
        self.group, self.net = group, group.net
        self.uses = [
            np.concatenate([c.uses[n].positions for c in group.classes])
            for n in range(len(group.classes[0].uses))
        ]
        self.next_use = 0

    def build(self, expr: Expr, rows: Rows, inner: tuple[str, ...]) -> Term:
        if not has_structure(expr):
            return Value(expr)
        match expr:
            case Use():
                return self.use(expr, inner)
            case Negative(operand=operand):
                return Sum((self.build(operand, rows, inner),), (-1,))
            case Add(terms=terms, signs=signs):
                return Sum(tuple(self.build(term, rows, inner) for term in terms), signs)
            case Multiply(factors=factors, inverted=inverted):
                return Product(tuple(self.build(factor, rows, inner) for factor in factors), inverted)
            case OverNode(op=op, body=body, indices=indices):
                wires = tuple(self.said(index, inner) for index in indices)
                assert op != "power"  # it is put in behind this stage
                return Over(op, self.build(body, rows, inner), wires)
            case Reduce():
                return self.reduction(expr, rows, inner)
            case Binary(left=left, right=right):
                return Function("^", (self.build(left, rows, inner), Value(right)))
        assert isinstance(expr, Call)
        arguments = tuple(self.build(argument, rows, inner) for argument in expr.arguments)
        if expr.function == "conj":
            return conjugated(arguments[0]) if self.net.field == "complex" else arguments[0]
        return Function(expr.function, arguments)

    def use(self, use: Use, inner: tuple[str, ...]) -> Term:
        wires = tuple(self.said(index, inner) for index in use.indices)
        if use.name == "delta":
            return BuiltIn("delta", wires)
        if use.name == "one":
            return BuiltIn("one", wires)
        positions = self.uses[self.next_use]
        self.next_use += 1
        return Leaf(replace(use, indices=wires), extents_of(self.net, use.name, positions))

    def said(self, index: Index, inner: tuple[str, ...]) -> Index:
        return index if mentions(index, inner) else self.group.wire(index)

    def reduction(self, expr: Reduce, rows: Rows, inner: tuple[str, ...]) -> Term:
        arguments = []
        for looped in expr.arguments:
            found, parent = self.net.scope.expand(looped.loops, rows)
            names = tuple(name for loop in looped.loops for name in loop.variables)
            body = self.build(looped.body, found, inner + names)
            self.group.note_extents(body)
            arguments.append(Inside(body, looped.loops, found, parent))
        result = Reduction(expr.op, tuple(arguments))
        tensors = any(isinstance(node, Use) for node in nodes_of(expr))
        return result if tensors else Column(numeric(result, rows, self.net.scope))


def distinct(columns: Mapping[str, Ints]) -> Rows:
    """The distinct rows of some columns, in order."""
    if not columns:
        return UNIT_ROWS
    stacked = np.array(list(columns.values()), np.int64)
    found = unique_rows(stacked.T).T
    return Rows(tuple(columns), found, found.shape[1])
