"""Products: their factors gathered, brought into the cheapest order, and made pair by pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tncompile.network import Expr, Index, Ints, Multiply, Number, Use
from tncompile.plan.contraction import Numbers as Floats
from tncompile.plan.contraction import contraction
from tncompile.plan.group import mentions
from tncompile.plan.paths import best_path
from tncompile.plan.terms import BuiltIn, Inside, Leaf, Over, Product, Reduction, Sum, Term, Value, renamed
from tncompile.plan.values import Frame, Numbers, Operation, Scaled, leaf_expr, literal, times

if TYPE_CHECKING:
    from tncompile.plan.lower import Lowering

LOOP = "loop"  # the label of the loop that a product is summed over


@dataclass(eq=False)
class Factors:
    """A product taken apart. ``inner`` says of each factor whether it stands inside the summed loop."""

    terms: list[Term] = field(default_factory=list)
    inner: list[bool] = field(default_factory=list)
    divisors: list[bool] = field(default_factory=list)
    builtins: list[BuiltIn] = field(default_factory=list)
    summed: list[Index] = field(default_factory=list)
    loop: Inside | None = None

    def rename(self, old: Index, new: Index) -> None:
        """Another name for a wire, everywhere."""

        def wire(index: Index) -> Index:
            return new if index == old else index

        self.terms = [renamed(term, wire) for term in self.terms]
        self.builtins = [BuiltIn(b.name, tuple(map(wire, b.wires))) for b in self.builtins]


def lower_product(lowering: Lowering, term: Term, frame: Frame) -> Scaled:
    """A product as a number times one array. Raises NeedsSplit."""
    return _Lowered(lowering, frame).run(term)


class _Lowered:
    def __init__(self, lowering: Lowering, frame: Frame) -> None:
        self.lowering, self.frame = lowering, frame
        self.factors = Factors()
        self.numbers = Numbers()
        self.leaves: list[Leaf] = []
        self.in_loop: list[bool] = []

    def run(self, term: Term) -> Scaled:
        self.gather(term, inner=False)
        self.resolve_deltas()
        quotient = self.quotient()
        if quotient is not None:
            return quotient
        factors = self.factors
        if len(factors.terms) == 1 and not (factors.divisors[0] or factors.summed or factors.builtins or factors.loop):
            value = self.lower_one(factors.terms[0], self.frame)
            return Scaled(times(self.numbers.product(), value.coefficient), value.content)
        for factor, inner, divisor in zip(self.factors.terms, self.factors.inner, self.factors.divisors, strict=True):
            self.lower_factor(factor, inner, divisor)
        self.settle_builtins()
        self.settle_loop()
        if not self.leaves:
            return Scaled(self.numbers.product(), None)
        return Scaled(self.numbers.product(), self.contracted())

    # --- taking apart -------------------------------------------------------------------------

    def gather(self, term: Term, inner: bool) -> None:
        """Notes the factors of a term, those of products inside it too."""
        match term:
            case Product(factors=factors, inverted=inverted):
                for factor, below in zip(factors, inverted, strict=True):
                    if below:
                        self.note(factor, inner, divisor=True)
                    else:
                        self.gather(factor, inner)
            case Over(op="sum", body=body, wires=wires) if not isinstance(body, Sum):
                self.factors.summed += wires
                self.gather(body, inner)
            case BuiltIn():
                self.factors.builtins.append(term)
            case Sum(terms=(only,), signs=(sign,)):
                self.numbers.add(literal(sign))
                self.gather(only, inner)
            case Reduction(op="prod", arguments=arguments):
                for argument in arguments:
                    self.gather_rounds(argument, inner)
            case Reduction(op="sum", arguments=(argument,)) if argument.loops:
                self.gather_loop(argument, inner)
            case _:
                self.note(term, inner)

    def note(self, term: Term, inner: bool, divisor: bool = False) -> None:
        self.factors.terms.append(term)
        self.factors.inner.append(inner)
        self.factors.divisors.append(divisor)

    def gather_rounds(self, argument: Inside, inner: bool) -> None:
        """A ``prod`` over a loop: one factor if it is element by element, else a factor for each round."""
        if not argument.loops:
            self.gather(argument.body, inner)
            return
        steady = self.lowering.steady(argument, self.frame)
        if steady is not None:
            self.note(Reduction("prod", (steady,)), inner)
            return
        for term in self.lowering.rounds(argument, self.around(inner)):
            self.gather(term, inner)

    def gather_loop(self, argument: Inside, inner: bool) -> None:
        """A ``sum`` over a loop: its variable joins the search for an order as if it were an index."""
        steady = self.lowering.steady(argument, self.frame)
        if steady is None:
            rounds = self.lowering.rounds(argument, self.around(inner))
            self.note(Sum(tuple(rounds), (1,) * len(rounds)), inner)
        elif isinstance(steady.body, Sum) and len(steady.body.terms) > 1:
            parts = [Reduction("sum", (replace(steady, body=part),)) for part in steady.body.terms]
            self.note(Sum(tuple(parts), steady.body.signs), inner)
        elif inner or self.factors.loop is not None or not len(steady.parent):
            self.note(Reduction("sum", (steady,)) if len(steady.parent) else Value(Number("0")), inner)
        else:
            self.factors.loop = steady
            self.gather(steady.body, True)

    def around(self, inner: bool) -> Frame:
        return self.frame.inside(self.factors.loop) if inner and self.factors.loop is not None else self.frame

    # --- delta and one ------------------------------------------------------------------------

    def resolve_deltas(self) -> None:
        """A ``delta`` with a summed index makes that index the other one."""
        factors = self.factors
        for _ in range(sum(len(b.wires) for b in factors.builtins)):
            found = next((pair for b in factors.builtins if b.name == "delta" and (pair := self.joinable(b))), None)
            if found is None:
                break
            old, new = found
            factors.rename(old, new)
            factors.summed = [wire for wire in factors.summed if wire != old]
        ones = [BuiltIn("one", b.wires[:1]) for b in factors.builtins if b.name == "delta" and len(set(b.wires)) == 1]
        factors.builtins = [b for b in factors.builtins if b.name == "one" or len(set(b.wires)) > 1] + ones

    def joinable(self, delta: BuiltIn) -> tuple[Index, Index] | None:
        """A summed index of a ``delta`` and another index of it."""
        for wire in delta.wires:
            if wire in self.factors.summed:
                others = [other for other in delta.wires if other != wire]
                free = [other for other in others if other not in self.factors.summed]
                if others:
                    return wire, (free or others)[0]
        return None

    def settle_builtins(self) -> None:
        """What is left of ``delta`` is a use; a summed index that nothing carries counts its extent."""
        for builtin in self.factors.builtins:
            if builtin.name == "delta":
                extents = tuple(self.extent_column(wire) for wire in builtin.wires)
                self.leaves.append(Leaf(Use("delta", (), builtin.wires), extents))
                self.in_loop.append(False)
        carried = {wire for leaf in self.leaves for wire in leaf.use.indices}
        for wire in self.factors.summed:
            if wire not in carried:
                from tncompile.plan.lower import formula_expr

                self.numbers.add(formula_expr(self.lowering.extent(wire)))

    def extent_column(self, wire: Index) -> Ints:
        for leaf, inner in zip(self.leaves, self.in_loop, strict=True):
            if wire in leaf.use.indices and not inner:
                return leaf.extents[leaf.use.indices.index(wire)]
        column = self.lowering.group.extent(wire)[0]
        frame, rows = self.frame, np.arange(self.frame.rows.count)
        while frame.outer is not None and frame.parent is not None:
            rows, frame = frame.parent[rows], frame.outer
        return column[rows]

    # --- factors ------------------------------------------------------------------------------

    def quotient(self) -> Scaled | None:
        """A division that stands alone, ``A / B``."""
        factors = self.factors
        if factors.divisors.count(True) != 1 or len(factors.terms) > 2 or factors.summed or factors.builtins:
            return None
        if factors.loop is not None or (self.numbers.product() is not None):
            return None
        divisor = factors.terms[factors.divisors.index(True)]
        rest = [t for t, below in zip(factors.terms, factors.divisors, strict=True) if not below]
        below = self.lowering.leaf(divisor, self.frame)
        if not isinstance(below, Leaf):
            return None
        above = self.lowering.leaf(rest[0], self.frame) if rest else Number("1")
        return Scaled(None, self.divided(above, below))

    def divided(self, above: Leaf | Expr, below: Leaf) -> Operation:
        from tncompile.plan.lower import joined_extents

        leaves = [leaf for leaf in (above, below) if isinstance(leaf, Leaf)]
        extents = joined_extents(leaves)
        top = leaf_expr(above) if isinstance(above, Leaf) else above
        hint = ("inverse", below.use.name) if not isinstance(above, Leaf) else ()
        return Operation(tuple(extents), extents, other=Multiply((top, leaf_expr(below)), (False, True)), hint=hint)

    def lower_factor(self, term: Term, inner: bool, divisor: bool) -> None:
        frame = self.around(inner)
        number, leaf = self.lowering.unscaled(self.lower_one(term, frame), frame)
        if divisor and leaf is not None:
            leaf = self.lowering.store(self.divided(Number("1"), leaf), None, frame)
        self.numbers.add(number, divisor)
        if leaf is not None:
            self.leaves.append(leaf)
            self.in_loop.append(inner)

    def lower_one(self, term: Term, frame: Frame) -> Scaled:
        if isinstance(term, Reduction) and term.op == "prod":
            return self.lowering.elementwise("prod", term.arguments[0], frame)
        return self.lowering.lower(term, frame)

    def settle_loop(self) -> None:
        """Factors that do not depend on the loop leave it; if none does, its rounds are counted."""
        loop = self.factors.loop
        if loop is None:
            return
        first = np.searchsorted(loop.parent, np.arange(self.frame.rows.count))
        for place, leaf in enumerate(self.leaves):
            if self.in_loop[place]:
                self.in_loop[place] = mentions(leaf.use, loop.variables)
                extents = tuple(extent[np.minimum(first, len(extent) - 1)] for extent in leaf.extents)
                self.leaves[place] = replace(leaf, extents=extents)
        if not any(self.in_loop):
            counts = np.bincount(loop.parent, minlength=self.frame.rows.count)
            number = self.lowering.registry.listed(self.frame, counts, self.frame.rows.names)
            if isinstance(number, Leaf):
                self.leaves.append(number)
                self.in_loop.append(False)
            else:
                self.numbers.add(number)

    # --- contraction --------------------------------------------------------------------------

    def contracted(self) -> Leaf | Operation:
        """The factors contracted in pairs."""
        summed = set(self.factors.summed)
        labels = [self.labels(place) for place in range(len(self.leaves))]
        everything = list(dict.fromkeys(label for some in labels for label in some))
        free = [label for label in everything if label != LOOP and label not in summed]
        extents = self.label_extents(everything)
        return Contractor(self, labels, free, extents).run()

    def labels(self, place: int) -> tuple[Hashable, ...]:
        wires = tuple(dict.fromkeys(self.leaves[place].use.indices))
        return (*wires, LOOP) if self.in_loop[place] else wires

    def label_extents(self, labels: Sequence[Hashable]) -> dict[Hashable, Ints]:
        found: dict[Hashable, Ints] = {}
        for leaf in self.leaves:
            for wire, extent in zip(leaf.use.indices, leaf.extents, strict=True):
                found.setdefault(wire, extent)
        if LOOP in labels and self.factors.loop is not None:
            found[LOOP] = np.bincount(self.factors.loop.parent, minlength=self.frame.rows.count)
        return found


class Contractor:
    """Makes the steps of one contraction."""

    def __init__(
        self,
        product: _Lowered,
        labels: Sequence[tuple[Hashable, ...]],
        free: Sequence[Hashable],
        extents: Mapping[Hashable, Ints],
    ) -> None:
        self.product, self.free, self.extents = product, set(free), extents
        self.labels = list(labels)
        self.leaves = list(product.leaves)
        self.remaining = Counter(label for some in labels for label in some)
        self.hints = [(leaf.use.name,) for leaf in self.leaves]
        self.origins = list(range(len(self.leaves)))  # the first factor that each array is made from

    def run(self) -> Leaf | Operation:
        if len(self.leaves) == 1:
            return self.single()
        private, path = self.plan()
        for place in private:
            self.reduce_alone(place)
        pairs = list(path)
        for number, pair in enumerate(pairs):
            partner = self.partner(pairs, number)
            operation = self.pair(*pair, partner)
            if number + 1 == len(pairs):
                return operation
            self.leaves.append(self.stored(operation))
        raise AssertionError("a product of two factors has a last pair")

    def single(self) -> Leaf | Operation:
        kept = tuple(label for label in self.labels[0] if label in self.free)
        if len(kept) == len(self.labels[0]):
            return self.leaves[0]
        return self.operation([0], kept)

    def plan(self) -> tuple[list[int], tuple[tuple[int, int], ...]]:
        """Which factors lose their private indices first, and the path."""
        count = self.product.frame.rows.count
        weights: Floats = np.ones(count)
        private = [
            place
            for place, some in enumerate(self.labels)
            if any(self.remaining[one] == 1 and one not in self.free and (self.extents[one] > 1).any() for one in some)
        ]
        found = []
        for chosen in [[], private] if private else [[]]:
            labels = [self.kept(some) if place in chosen else some for place, some in enumerate(self.labels)]
            floats = {label: column.astype(np.float64) for label, column in self.extents.items()}
            problem = contraction(labels, self.free, floats, weights, self.product.lowering.objective)
            path = best_path(problem)
            alone = [contraction([self.labels[p], ()], self.kept(self.labels[p]), floats, weights, problem.objective) for p in chosen]
            found.append((problem.path_cost(path) + sum(one.path_cost(((0, 1),)) for one in alone), chosen, path))
        _, chosen, path = min(found, key=lambda one: one[0])
        return chosen, path

    def kept(self, labels: Sequence[Hashable]) -> tuple[Hashable, ...]:
        return tuple(label for label in labels if self.remaining[label] > 1 or label in self.free)

    def reduce_alone(self, place: int) -> None:
        kept = self.kept(self.labels[place])
        operation = self.operation([place], kept)
        for label in set(self.labels[place]) - set(kept):
            del self.remaining[label]
        self.labels[place] = kept
        self.leaves[place] = self.stored(operation)

    def partner(self, pairs: Sequence[tuple[int, int]], number: int) -> Sequence[Hashable]:
        """The labels of the array that the result of a pair meets next, if that is known already."""
        result = len(self.product.leaves) + number
        for pair in pairs[number + 1 :]:
            if result in pair:
                other = pair[0] if pair[1] == result else pair[1]
                return self.labels[other] if other < len(self.labels) else ()
        return ()

    def pair(self, left: int, right: int, partner: Sequence[Hashable]) -> Operation:
        left, right = sorted((left, right), key=lambda place: self.origins[place])
        both = [label for label in self.labels[left] if label in self.labels[right]]
        union = list(dict.fromkeys((*self.labels[left], *self.labels[right])))
        self.remaining.subtract(both)
        kept = [label for label in union if self.remaining[label] > 1 or label in self.free]
        for label in union:
            if label not in kept:
                del self.remaining[label]
        operation = self.operation([left, right], self.arranged(kept, partner))
        self.labels.append(tuple(kept))
        self.hints.append(self.hints[left] + self.hints[right])
        self.origins.append(self.origins[left])
        return operation

    def arranged(self, kept: Sequence[Hashable], partner: Sequence[Hashable]) -> tuple[Hashable, ...]:
        """Axes in the order in which a matrix product with the partner wants them: what both keep (the
        batch), what is this one's alone, what is summed, in the order of the partner."""
        summed = [label for label in partner if label in kept and self.remaining[label] == 2 and label not in self.free]
        shared = [label for label in kept if label in partner and label not in summed]
        own = [label for label in kept if label not in partner]
        return (*shared, *own, *summed)

    def operation(self, places: Sequence[int], kept: Sequence[Hashable]) -> Operation:
        leaves = tuple(self.leaves[place] for place in places)
        loop = self.product.factors.loop
        inside = any(LOOP in self.labels[place] for place in places)
        loops = loop.loops if loop is not None and inside and LOOP not in kept else ()
        wires = tuple(label for label in kept if isinstance(label, Index))
        hint = tuple(name for place in places for name in self.hints[place])
        extents = {wire: self.extents[wire] for wire in wires}
        return Operation(wires, extents, leaves, loops, hint=hint if len(places) > 1 else (*hint, "sum"))

    def stored(self, operation: Operation) -> Leaf:
        """The result of a step, as a use; in the frame of the loop if it still depends on it."""
        lowering, frame = self.product.lowering, self.product.frame
        loop = self.product.factors.loop
        body = operation.body()
        if loop is None or operation.loops or not mentions(body, loop.variables):
            return lowering.store(operation, None, frame)
        inner = frame.inside(loop)
        wide = {wire: extent[loop.parent] for wire, extent in operation.extents.items()}
        leaf = lowering.store(replace(operation, extents=wide), None, inner)
        return replace(leaf, extents=tuple(operation.extents[wire] for wire in leaf.use.indices))

