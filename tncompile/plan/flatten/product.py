"""Products: a number times factors, each made one array, then contracted in the cheapest order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tncompile.network import Expr, Index, Ints, Multiply, Number, Use
from tncompile.plan.flatten.factors import Factor, Gatherer
from tncompile.plan.flatten.group import mentions
from tncompile.plan.flatten.pairs import Contractor
from tncompile.plan.flatten.sweep import swept
from tncompile.plan.flatten.terms import Leaf, Reduction, Term, unbound
from tncompile.plan.flatten.values import Frame, Operation, Scaled, formula_expr, joined_extents
from tncompile.plan.search.paths import written_path
from tncompile.transform.build import times

if TYPE_CHECKING:
    from tncompile.plan.flatten.lower import Lowering


def lower_product(lowering: Lowering, term: Term, frame: Frame) -> Scaled:
    """A product as a number times one array. Raises NeedsSplit."""
    gatherer = Gatherer(lowering, frame)
    gatherer.gather(term)
    swept(lowering, gatherer)
    gatherer.open_chains()
    gatherer.open_ties()
    return _Lowered(lowering, gatherer).run()


class _Lowered:
    def __init__(self, lowering: Lowering, gatherer: Gatherer) -> None:
        self.lowering, self.gatherer = lowering, gatherer
        self.found, self.frame = gatherer.found, gatherer.frame
        self.leaves: list[Leaf] = []
        self.in_loop: list[bool] = []
        self.nests: list[tuple[int, ...]] = []  # of the leaves that are factors; the others come last

    def run(self) -> Scaled:
        found = self.found
        found.resolve_deltas()
        plain = not (found.summed or found.builtins or found.loop)
        if plain and len(found.factors) == 1 and not found.factors[0].divides:
            value = self.lower_one(found.factors[0].term, self.frame)
            return Scaled(times(found.numbers.product(), value.coefficient), value.content)
        divisor = self.last_divisor()
        for factor in found.factors:
            if factor is not divisor:
                self.lower_factor(factor)
        self.settle_builtins()
        self.settle_loop()
        value = Scaled(found.numbers.product(), self.contracted())
        return value if divisor is None else self.quotient(value, divisor)

    def lower_factor(self, factor: Factor) -> None:
        frame = self.gatherer.around(factor.inner)
        number, leaf = self.lowering.unscaled(self.lower_one(factor.term, frame), frame)
        if factor.divides and leaf is not None:
            leaf = self.lowering.store(divided(Number("1"), leaf), None, frame)
        self.found.numbers.add(number, factor.divides)
        if leaf is not None:
            self.leaves.append(leaf)
            self.in_loop.append(factor.inner)
            self.nests.append(factor.nest)

    def lower_one(self, term: Term, frame: Frame) -> Scaled:
        if isinstance(term, Reduction) and term.op == "prod":
            return self.lowering.elementwise("prod", term.arguments[0], frame)
        return self.lowering.lower(term, frame)

    # --- divisors -----------------------------------------------------------------------------

    def last_divisor(self) -> Factor | None:
        """The one divisor by which the finished product can be divided: nothing is summed over its indices."""
        divisors = [factor for factor in self.found.factors if factor.divides and not factor.inner]
        if len(divisors) != 1 or any(wire in self.found.summed for wire in unbound(divisors[0].term)):
            return None
        return divisors[0]

    def quotient(self, value: Scaled, divisor: Factor) -> Scaled:
        """A product divided by the last of its factors."""
        number, below = self.lowering.unscaled(self.lowering.lower(divisor.term, self.frame), self.frame)
        if below is None:
            self.found.numbers.add(number, inverted=True)
            return Scaled(self.found.numbers.product(), value.content)
        if number is not None:
            below = self.lowering.whole(Scaled(number, below), self.frame)
        if value.content is None:
            return Scaled(None, divided(value.coefficient or Number("1"), below))
        _, above = self.lowering.unscaled(Scaled(None, value.content), self.frame)
        assert above is not None
        return Scaled(value.coefficient, divided(above, below))

    # --- what is not a factor -----------------------------------------------------------------

    def settle_builtins(self) -> None:
        """What is left of ``delta`` is a use; a summed index that nothing carries counts its extent."""
        for builtin in self.found.builtins:
            if builtin.name == "delta":
                extents = tuple(self.extent_column(wire) for wire in builtin.wires)
                self.leaves.append(Leaf(Use("delta", (), builtin.wires), extents))
                self.in_loop.append(False)
        carried = {wire for leaf in self.leaves for wire in leaf.use.indices}
        for wire in self.found.summed:
            if wire not in carried:
                self.found.numbers.add(formula_expr(self.lowering.extent(wire)))

    def extent_column(self, wire: Index) -> Ints:
        """The extent of an index for each row of the product."""
        for leaf, inner in zip(self.leaves, self.in_loop, strict=True):
            if wire in leaf.use.indices and not inner:
                return leaf.extents[leaf.use.indices.index(wire)]
        column = self.lowering.group.extent(wire)[0]
        frame, rows = self.frame, np.arange(self.frame.rows.count)
        while frame.outer is not None and frame.parent is not None:
            rows, frame = frame.parent[rows], frame.outer
        return column[rows]

    def settle_loop(self) -> None:
        """Factors that do not depend on the loop leave it, where they are there without a round too; if none stays, its
        rounds are counted."""
        loop = self.found.loop
        if loop is None:
            return
        counts = np.bincount(loop.parent, minlength=self.frame.rows.count)
        without_rounds = self.frame.rows.take(np.flatnonzero(counts == 0))
        first = np.searchsorted(loop.parent, np.arange(self.frame.rows.count))
        for place, leaf in enumerate(self.leaves):
            if self.in_loop[place]:
                self.in_loop[place] = mentions(
                    leaf.use, loop.variables
                ) or not self.lowering.registry.has_members(leaf.use, without_rounds)
                extents = tuple(extent[np.minimum(first, len(extent) - 1)] for extent in leaf.extents)
                self.leaves[place] = replace(leaf, extents=extents)
        if any(self.in_loop):
            return
        number = self.lowering.registry.listed(self.frame, counts, self.frame.rows.names)
        if isinstance(number, Leaf):
            self.leaves.append(number)
            self.in_loop.append(False)
        else:
            self.found.numbers.add(number)

    def contracted(self) -> Leaf | Operation | None:
        if not self.leaves:
            return None
        loop = self.found.loop if any(self.in_loop) else None
        nests = [*self.nests, *[()] * (len(self.leaves) - len(self.nests))]
        return Contractor(
            self.lowering, self.frame, self.leaves, self.found.summed, loop, self.in_loop, written_path(nests)
        ).run()


def divided(above: Leaf | Expr, below: Leaf) -> Operation:
    """One array, or a number, divided by an array."""
    extents = joined_extents([leaf for leaf in (above, below) if isinstance(leaf, Leaf)])
    top = above.factor.expr if isinstance(above, Leaf) else above
    hint = ("inverse", below.use.name) if not isinstance(above, Leaf) else ()
    return Operation(
        tuple(extents), extents, other=Multiply((top, below.factor.expr), (False, True)), hint=hint
    )
