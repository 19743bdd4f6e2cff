"""From the tree of a rule to flat operations: everything but products, which `product.py` brings into order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import (
    Binary,
    Call,
    Expr,
    Extent,
    FreeIndex,
    Index,
    Ints,
    Looped,
    Multiply,
    Number,
    Reduce,
    nodes_of,
)
from tncompile.network import (
    Over as OverNode,
)
from tncompile.plan.flatten.group import Group, mentions
from tncompile.plan.flatten.product import lower_product
from tncompile.plan.flatten.registry import Registry
from tncompile.plan.flatten.rounds import constant_wires, rounds_of
from tncompile.plan.flatten.sums import rearranged
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
    product_of,
    reduced,
    unbound,
    walk,
)
from tncompile.plan.flatten.values import (
    Frame,
    NeedsSplit,
    Operation,
    Scaled,
    alias,
    carries,
    formula_expr,
    joined_extents,
    literal,
    mentions_wire,
    number_alone,
    same_everywhere,
)
from tncompile.plan.search.objective import Objective
from tncompile.transform.build import combination
from tncompile.transform.flat import Term as FlatTerm
from tncompile.transform.flat import signed

LONG_SUM = 100  # terms


class Lowering:
    """Lowers what one group computes; intermediates go to the registry."""

    def __init__(self, group: Group, registry: Registry, objective: Objective) -> None:
        self.group, self.registry, self.objective = group, registry, objective
        self.top = Frame(group.rows, group.definition.loops)

    def run(self) -> None:
        """Adds the rules of the group. Raises NeedsSplit."""
        said = {free.index: free.extent for free in self.group.definition.indices}
        body, indices = self.finished(self.group.tree, self.top, self.group.free, said)
        self.registry.rule(self.group.definition, self.group.rows, body, indices)

    def finished(
        self,
        term: Term,
        frame: Frame,
        wires: Sequence[Index],
        said: Mapping[Index, Expr | None] | None = None,
    ) -> tuple[Expr, tuple[FreeIndex, ...]]:
        """The flat right side of a rule for a term, and its left side's indices; those that nothing
        carries say their extents (``said``: as the file does)."""
        value = self.lower(term, frame)
        operation = self.operation(value, frame)
        body = operation.body(value.coefficient if operation.scalable and value.content is not None else None)
        return body, self.free_indices(wires, body, frame, said or {})

    def free_indices(
        self, wires: Sequence[Index], body: Expr, frame: Frame, said: Mapping[Index, Expr | None]
    ) -> tuple[FreeIndex, ...]:
        """Free indices, with their extents where the file says them, or the body does not tell them in every row; a
        ``delta`` alone tells nothing."""
        silent = wires and self.sums_nothing(body, frame)
        carried = any(carries(body, wire) for wire in wires)
        found = []
        for wire in wires:
            extent = said.get(wire)
            is_told = extent is None and not silent and carried and mentions_wire(body, wire)
            found.append(FreeIndex(wire, None if is_told else extent or formula_expr(self.extent(wire))))
        return tuple(found)

    def sums_nothing(self, body: Expr, frame: Frame) -> bool:
        """Whether a loop of a body has no round in some row."""
        loops = [looped.loops for looped in nodes_of(body) if isinstance(looped, Looped) and looped.loops]
        counts = (
            np.bincount(self.group.net.scope.expand(some, frame.rows)[1], minlength=frame.rows.count)
            for some in loops
        )
        return any(bool((count == 0).any()) for count in counts)

    def extent(self, wire: Index) -> Extent:
        """The one extent that an index outside of loops has. Raises NeedsSplit."""
        extent = self.group.extent(wire)[1]
        if extent is None:
            raise NeedsSplit
        return extent

    # --- any term -----------------------------------------------------------------------------

    def lower(self, term: Term, frame: Frame) -> Scaled:
        """A number times an array that computes ``term`` for the rows of ``frame``."""
        match term:
            case Value(expr=expr):
                return self.number(expr, frame)
            case Column(values=values):
                number = self.registry.listed(frame, values, frame.rows.names)
                return Scaled(None, number) if isinstance(number, Leaf) else Scaled(number, None)
            case Sum():
                return self.sum(term, frame)
            case Function():
                return Scaled(None, self.function(term, frame))
            case Over(op="max" | "min"):
                return Scaled(None, self.extreme(term, frame))
            case Over(body=Sum(terms=terms, signs=signs) as body, wires=wires):
                parts = tuple(summed_part(part, wires, body, frame.outer is not None) for part in terms)
                return self.sum(Sum(parts, signs), frame)
            case Reduction():
                return self.reduction(term, frame)
            case Leaf():
                return Scaled(None, term)
        assert isinstance(term, Product | Over | BuiltIn)
        return lower_product(self, term, frame)

    def number(self, expr: Expr, frame: Frame) -> Scaled:
        """A number; one that depends on a loop is a constant of its own."""
        number = self.registry.number(frame, expr)
        return Scaled(None, number) if isinstance(number, Leaf) else Scaled(number, None)

    def leaf(self, term: Term, frame: Frame) -> Leaf | Expr:
        """A use that stands for the whole term, or a number."""
        value = self.lower(term, frame)
        if value.content is None:
            return value.coefficient or Number("1")
        return self.whole(value, frame)

    def whole(self, value: Scaled, frame: Frame) -> Leaf:
        """A use for a scaled array, with its number multiplied in."""
        if isinstance(value.content, Leaf) and value.coefficient is None:
            return value.content
        operation = self.operation(value, frame)
        return self.store(operation, value.coefficient if operation.scalable else None, frame)

    def unscaled(self, value: Scaled, frame: Frame) -> tuple[Expr | None, Leaf | None]:
        """The number and a use of the array."""
        if isinstance(value.content, Operation):
            return value.coefficient, self.store(value.content, None, frame)
        return value.coefficient, value.content

    def operation(self, value: Scaled, frame: Frame) -> Operation:
        """The array as an operation that takes the number of ``value`` if it is scalable, and holds it if not."""
        content = value.content
        if content is None:
            return Operation((), {}, other=value.coefficient or Number("1"))
        if isinstance(content, Leaf):
            return alias(content)
        if value.coefficient is None or content.scalable:
            return content
        return alias(self.store(content, None, frame))

    def store(self, operation: Operation, coefficient: Expr | None, frame: Frame) -> Leaf:
        """A definition of its own for an operation."""
        body = operation.body(coefficient)
        indices = self.free_indices(operation.wires, body, frame, {})
        return self.registry.intermediate(self.group, frame, operation, coefficient, indices)

    # --- sums and functions -------------------------------------------------------------------

    def sum(self, term: Sum, frame: Frame) -> Scaled:
        """Terms added up; a sum of one term is that term."""
        parts: list[FlatTerm] = []
        leaves: list[Leaf] = []
        flat = flat_terms(term)
        if len(flat) > LONG_SUM:
            flat = in_stretches(flat)
        else:
            flat = rearranged(flat, self.registry.recurrences.made_from(self.group.definition.name))
        if len(flat) == 1:
            value = self.lower(flat[0][0], frame)
            return Scaled(signed(value.coefficient, flat[0][1]), value.content)
        for part, sign in flat:
            coefficient, leaf = self.unscaled(self.lower(part, frame), frame)
            leaves += [] if leaf is None else [leaf]
            parts.append(FlatTerm(signed(coefficient, sign), None if leaf is None else leaf.factor))
        extents = joined_extents(leaves)
        return Scaled(None, Operation(tuple(extents), extents, other=combination(parts)))

    def function(self, term: Function, frame: Frame) -> Operation:
        """A function of uses and numbers."""
        arguments = [self.leaf(argument, frame) for argument in term.arguments]
        if term.name == "conj" and isinstance(arguments[0], Leaf):
            return alias(replace(arguments[0], conjugate=not arguments[0].conjugate))
        exprs = [a.factor.expr if isinstance(a, Leaf) else a for a in arguments]
        extents = joined_extents([a for a in arguments if isinstance(a, Leaf)])
        if term.name == "^":
            if isinstance(arguments[1], Leaf):
                raise NeedsSplit(alone=True)
            body: Expr = Binary("^", exprs[0], exprs[1])
        elif term.name == "/":
            body = Multiply((exprs[0], exprs[1]), (False, True))
        else:
            body = Call(term.name, tuple(exprs))
        hint = (term.name,) if term.name.isidentifier() else ()
        names = [a.use.name for a in arguments if isinstance(a, Leaf)]
        return Operation(tuple(extents), extents, other=body, hint=(*hint, *names))

    def extreme(self, term: Over, frame: Frame) -> Leaf | Operation:
        """``max`` or ``min`` over indices."""
        leaf = self.leaf(term.body, frame)
        if not isinstance(leaf, Leaf):
            return number_alone(leaf)
        wires = tuple(wire for wire in term.wires if wire in leaf.use.indices)
        if not wires:
            return leaf
        extents = {wire: extent for wire, extent in joined_extents([leaf]).items() if wire not in wires}
        body = OverNode(term.op, leaf.factor.expr, wires)
        return Operation(tuple(extents), extents, other=body, hint=(term.op, leaf.use.name))

    # --- loops --------------------------------------------------------------------------------

    def reduction(self, term: Reduction, frame: Frame) -> Scaled:
        """A reduction over loops."""
        parts: tuple[Term, ...] = tuple(
            Reduction(term.op, (i,)) if i.loops else i.body for i in term.arguments
        )
        if len(parts) > 1:
            return self.lower(reduced(term.op, parts), frame)
        if not term.arguments[0].loops:
            return self.lower(parts[0], frame)
        if term.op in ("sum", "prod"):
            return lower_product(self, term, frame)
        inside = self.steady(term.arguments[0])
        if inside is None:
            return self.lower(Function(term.op, tuple(self.rounds(term.arguments[0], frame))), frame)
        return self.elementwise(term.op, inside, frame)

    def steady(self, inside: Inside) -> Inside | None:
        """The argument if its wires are the same in every round, said without the loop's variables."""
        wires = constant_wires(self.group, inside)
        return None if wires is None else replace(inside, body=wires)

    def rounds(self, inside: Inside, frame: Frame) -> list[Term]:
        """The argument written out, one term for each round. Raises NeedsSplit."""
        found = rounds_of(self.group, inside, frame.rows)
        if found is None:
            raise NeedsSplit(alone=len(self.group.classes) == 1)
        return found

    def elementwise(self, op: str, inside: Inside, frame: Frame) -> Scaled:
        """``prod``, ``max`` or ``min`` of one array over loops, element by element."""
        counts = round_counts(inside, frame)
        if not counts.any():
            return Scaled(None, None)
        if not counts.all():
            raise NeedsSplit(alone=len(self.group.classes) == 1)
        inner = frame.inside(inside)
        leaf = self.leaf(inside.body, inner)
        if not isinstance(leaf, Leaf):
            return self.repeated(op, Scaled(leaf, None), counts)
        if not mentions(leaf.use, inside.variables):
            first = np.searchsorted(inside.parent, np.arange(frame.rows.count))
            return self.repeated(op, Scaled(None, with_rows(leaf, first)), counts)
        if len(set(leaf.use.indices)) < len(leaf.use.indices):
            leaf = self.store(alias(leaf), None, inner)
        first = np.searchsorted(inside.parent, np.arange(frame.rows.count))
        extents = {wire: extent[first] for wire, extent in joined_extents([leaf]).items()}
        body = Reduce(op, (Looped(leaf.factor.expr, inside.loops),))  # type: ignore[arg-type]
        return Scaled(None, Operation(tuple(extents), extents, other=body, hint=(op, leaf.use.name)))

    def repeated(self, op: str, value: Scaled, counts: Ints) -> Scaled:
        """The same array as often as ``counts`` says."""
        if op != "prod" or (counts == 1).all():
            return value
        if not same_everywhere(counts):
            raise NeedsSplit(alone=True)
        exponent = literal(int(counts[0]))
        if value.content is None:
            return Scaled(Binary("^", value.coefficient or Number("1"), exponent), None)
        assert isinstance(value.content, Leaf)
        extents = joined_extents([value.content])
        body = Binary("^", value.content.factor.expr, exponent)
        return Scaled(
            None, Operation(tuple(extents), extents, other=body, hint=("power", value.content.use.name))
        )


def summed_part(part: Term, wires: Sequence[Index], whole: Sum, in_loop: bool) -> Term:
    """A term of a sum that is summed over wires. In a loop their extents are those of the uses beside it, round by round."""
    carried = set(unbound(part))
    counts = {wire: extents_beside(whole, wire) for wire in wires if in_loop and wire not in carried}
    known = [Column(extents) for extents in counts.values() if extents is not None]
    left = tuple(wire for wire in wires if counts.get(wire) is None)
    term = product_of([part, *known])
    return Over("sum", term, left) if left else term


def extents_beside(whole: Sum, wire: Index) -> Ints | None:
    """The extent of a wire for each row, as the uses in a sum say it."""
    uses = (term for term in walk(whole, loops=False) if isinstance(term, Leaf) and wire in term.use.indices)
    return next((use.extents[use.use.indices.index(wire)] for use in uses), None)


def with_rows(leaf: Leaf, rows: Ints) -> Leaf:
    """A use for other rows."""
    return replace(leaf, extents=tuple(extent[rows] for extent in leaf.extents))


def flat_terms(term: Sum, sign: int = 1) -> list[tuple[Term, int]]:
    """The terms of nested sums with their signs."""
    found: list[tuple[Term, int]] = []
    for part, own in zip(term.terms, term.signs, strict=True):
        if isinstance(part, Sum):
            found += flat_terms(part, sign * own)
        else:
            found.append((part, sign * own))
    return found


def in_stretches(flat: Sequence[tuple[Term, int]]) -> list[tuple[Term, int]]:
    """Many terms as fewer, each of them a sum: Python does not read endless expressions."""
    stretches = [flat[start : start + LONG_SUM] for start in range(0, len(flat), LONG_SUM)]
    return [(Sum(tuple(t for t, _ in some), tuple(s for _, s in some)), 1) for some in stretches]


def round_counts(inside: Inside, frame: Frame) -> Ints:
    """How many rounds an argument has in each row."""
    return np.bincount(inside.parent, minlength=frame.rows.count)
