"""A product over a range whose rounds are joined by wires, as a recurrence: one rule instead of a rule for
each pair.

``prod(A[k](a[k-1], a[k]) for k in 1..d)`` becomes ``chain[k](..) = chain[k-1](..) * A[k](a[k-1], a[k])``:
rounds in which the wires play the same parts share a rule, so the text stays short whatever the range.
Both directions are tried, with and without the factors at the near end as the start.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from tncompile.network import Definition, Expr, Index, Ints, Name, Range, Use
from tncompile.network.syntax.substitute import integer, shifted
from tncompile.plan.flatten.factors import Chain, Factor, Factors, Gatherer
from tncompile.plan.flatten.terms import (
    BuiltIn,
    Leaf,
    Over,
    Product,
    Term,
    product_of,
    put_in,
    renamed,
    restricted,
    unbound,
    walk,
)
from tncompile.plan.flatten.values import Frame, NeedsSplit
from tncompile.plan.search.contraction import Numbers as Floats
from tncompile.plan.search.contraction import contraction
from tncompile.plan.search.paths import best_path
from tncompile.source.records import record

if TYPE_CHECKING:
    from tncompile.plan.flatten.lower import Lowering

MOST_COMPARED = 120  # factors up to which a recurrence is compared to the best order
WORTH = 2.0  # a recurrence may cost so many times what the best order costs, for its short text
Wires = tuple[Index, ...]


@record(eq=False)
class Step:
    """One round: what each occurrence of a wire in it is, and what is carried before and after."""

    round: int
    occurring: Wires
    before: Wires
    after: Wires

    def parts(self) -> dict[Index, int]:
        """The parts that wires play: numbers in the order of their first occurrence."""
        found: dict[Index, int] = {}
        for wire in (*self.occurring, *self.before, *self.after):
            found.setdefault(wire, len(found))
        return found

    def pattern(self) -> tuple[tuple[int, ...], ...]:
        """Equal for rounds that one rule can say."""
        part = self.parts()
        return tuple(tuple(part[wire] for wire in some) for some in (self.occurring, self.before, self.after))


@record(eq=False)
class Plan:
    """Steps in an order, started from some factors."""

    backwards: bool
    start: tuple[int, ...]
    runs: tuple[tuple[Step, ...], ...]
    cost: float


def swept(lowering: Lowering, gatherer: Gatherer) -> None:
    """Replaces the chains of a product by one factor, where a recurrence is worth it."""
    found = gatherer.found
    if not found.chains or found.builtins or found.loop is not None:
        return
    chain = _together(found.chains)
    if chain is None:
        return
    sweep = _Sweep(lowering, found, chain)
    if not sweep.known():
        return
    plan = min(sweep.plans(), key=lambda plan: plan.cost)
    if 2 * len(plan.runs) > len(chain.rounds) + 2 or plan.cost > WORTH * sweep.best_cost():
        return
    restore = lowering.registry.snapshot()
    try:
        sweep.carry_out(plan)
    except NeedsSplit:
        restore()  # its rounds need rules of their own after all
    else:
        found.chains = []


def _together(chains: Sequence[Chain]) -> Chain | None:
    """Chains over the same range as one; None if their ranges differ."""
    first = chains[0]
    values = first.inside.rows.column(first.inside.variables[0])
    bodies = [first.inside.body]
    for chain in chains[1:]:
        variable = chain.inside.variables[0]
        if not np.array_equal(chain.inside.rows.column(variable), values):
            return None
        bodies.append(put_in(chain.inside.body, {variable: Name(first.inside.variables[0])}))
    rounds = tuple(product_of(some) for some in zip(*(chain.rounds for chain in chains), strict=True))
    return Chain(replace(first.inside, body=product_of(bodies)), rounds)


class _Sweep:
    def __init__(self, lowering: Lowering, found: Factors, chain: Chain) -> None:
        self.lowering, self.found, self.chain = lowering, found, chain
        self.inside, self.count = chain.inside, len(chain.rounds)
        self.said = tuple(unbound(self.inside.body))
        self.occurring = [tuple(unbound(term)) for term in chain.rounds]
        self.rest = [tuple(unbound(factor.term)) for factor in found.factors]
        self.outer = lowering.top.rows.count
        self.columns = dict(_leaf_extents(self.inside.body))
        self.extents: dict[Index, Ints] = {}
        for factor in found.factors:
            self.extents.update(_leaf_extents(factor.term))
        for number, wires in enumerate(self.occurring):
            for text, wire in zip(self.said, wires, strict=True):
                if text in self.columns:
                    self.extents[wire] = self.columns[text].reshape(self.outer, self.count)[:, number]

    def known(self) -> bool:
        """Whether the extent of every wire is known from a tensor, and no wire is tied by a ``delta``."""
        wires = {wire for some in (*self.occurring, *self.rest) for wire in some}
        terms = [self.inside.body, *(factor.term for factor in self.found.factors)]
        return wires <= self.extents.keys() and not any(
            isinstance(n, BuiltIn) for term in terms for n in walk(term)
        )

    # --- plans --------------------------------------------------------------------------------

    def plans(self) -> Iterator[Plan]:
        """The recurrences in both directions, with and without a start."""
        for backwards in (False, True):
            near = set(self.occurring[-1 if backwards else 0])
            start = tuple(
                place
                for place, wires in enumerate(self.rest)
                if near & set(wires) and not self.found.factors[place].divides
            )
            for chosen in [(), start] if start else [()]:
                steps = self.steps(backwards, chosen)
                keys = groupby(enumerate(steps), key=lambda one: (one[0] == 0, one[1].pattern()))
                runs = tuple(tuple(step for _, step in group) for _, group in keys)
                yield Plan(backwards, chosen, runs, self.cost(runs, chosen))

    def steps(self, backwards: bool, start: Sequence[int]) -> list[Step]:
        order = list(range(self.count))[:: -1 if backwards else 1]
        last_round = {wire: place for place, number in enumerate(order) for wire in self.occurring[number]}
        needed = {wire for place, some in enumerate(self.rest) if place not in start for wire in some}
        summed = set(self.found.summed)
        carried = _ordered([wire for place in start for wire in self.rest[place]], self.lowering.group.free)
        steps = []
        for place, number in enumerate(order):
            wires = (*carried, *self.occurring[number])
            kept = [w for w in wires if w in needed or w not in summed or last_round.get(w, -1) > place]
            after = _ordered(kept, self.lowering.group.free)
            steps.append(Step(number, self.occurring[number], carried, after))
            carried = after
        return steps

    def cost(self, runs: Sequence[Sequence[Step]], start: Sequence[int]) -> float:
        """What the recurrence costs, with the factors before and after it."""
        total = 0.0
        for place, run in enumerate(runs):
            carried = [tuple(run[0].before)] if place or start else []
            sayings = dict(zip(self.said, run[0].occurring, strict=True))
            atoms = [
                tuple(sayings.get(wire, ("inner", wire)) for wire in some)
                for some in _atoms(self.inside.body)
            ]
            extents: dict[Hashable, Floats] = {
                wire: self.run_column(run, wire).astype(np.float64) for wire in run[0].parts()
            }
            where = self.rows_of(run)
            for text, column in self.columns.items():
                extents[("inner", text)] = column[where].astype(np.float64)
            total += self.cheapest([*carried, *atoms], run[0].after, extents, len(where))
        outer: dict[Hashable, Floats] = {w: column.astype(np.float64) for w, column in self.extents.items()}
        before = [self.rest[place] for place in start]
        total += self.cheapest(before, runs[0][0].before, outer, self.outer)
        after = [runs[-1][-1].after, *(some for place, some in enumerate(self.rest) if place not in start)]
        return total + self.cheapest(after, self.free_of(after), outer, self.outer)

    def best_cost(self) -> float:
        """What the cheapest order without a recurrence costs; infinite where it is not worth a search."""
        atoms: list[tuple[Hashable, ...]] = []
        extents: dict[Hashable, Floats] = {w: c.astype(np.float64) for w, c in self.extents.items()}
        for number, term in enumerate(self.chain.rounds):
            columns = dict(_leaf_extents(term))
            for some in _atoms(term):
                atoms.append(
                    tuple(wire if wire in self.extents else ("inner", number, wire) for wire in some)
                )
                extents.update(
                    {
                        label: columns[label[2]].astype(np.float64)
                        for label in atoms[-1]
                        if isinstance(label, tuple)
                    }
                )
        atoms += self.rest
        if len(atoms) > MOST_COMPARED:
            return float("inf")
        return self.cheapest(atoms, self.free_of(atoms), extents, self.outer)

    def free_of(self, atoms: Sequence[Sequence[Hashable]]) -> list[Hashable]:
        summed = set(self.found.summed)
        return [label for some in atoms for label in some if isinstance(label, Index) and label not in summed]

    def cheapest(
        self,
        atoms: Sequence[Sequence[Hashable]],
        free: Sequence[Hashable],
        extents: Mapping[Hashable, Floats],
        rows: int,
    ) -> float:
        problem = contraction(atoms, free, extents, np.ones(rows), self.lowering.objective)
        return problem.path_cost(best_path(problem))

    # --- rows and columns ---------------------------------------------------------------------

    def rows_of(self, run: Sequence[Step]) -> Ints:
        """The rows of the loop in which a run's rounds stand."""
        rounds = sorted(step.round for step in run)
        where: Ints = (np.arange(self.outer)[:, None] * self.count + np.array(rounds)).reshape(-1)
        return where

    def run_column(self, run: Sequence[Step], wire: Index) -> Ints:
        """The extents, over the rows of a run, of what plays the part of ``wire`` in its first round."""
        part = run[0].parts()[wire]
        ordered = sorted(run, key=lambda step: step.round)
        return np.stack([self.extents[list(step.parts())[part]] for step in ordered], axis=1).reshape(-1)

    # --- carrying out -------------------------------------------------------------------------

    def carry_out(self, plan: Plan) -> None:
        """Adds the rules of the recurrence; the product gets its last member as a factor."""
        name = self.lowering.registry.names.fresh("chain")
        start = self.start_leaf(plan)
        for place, run in enumerate(plan.runs):
            self.add_rule(plan, run, name, start if place == 0 else None, first=place == 0)
        last = plan.runs[-1][-1]
        leaf = Leaf(
            Use(name, (*map(Name, self.lowering.top.rows.names), self.last_value(plan)), last.after),
            tuple(self.extents[wire] for wire in last.after),
        )
        rest = [factor for place, factor in enumerate(self.found.factors) if place not in plan.start]
        self.found.factors = [*rest, Factor(leaf)]
        seen = {
            wire for some in (*self.occurring, *(self.rest[place] for place in plan.start)) for wire in some
        }
        left = {wire for factor in self.found.factors for wire in unbound(factor.term)}
        self.found.summed = [wire for wire in self.found.summed if wire in left or wire not in seen]

    def start_leaf(self, plan: Plan) -> Leaf | None:
        """The factors at the near end as one array."""
        if not plan.start:
            return None
        factors = [self.found.factors[place].term for place in plan.start]
        before = plan.runs[0][0].before
        gone = tuple(dict.fromkeys(w for place in plan.start for w in self.rest[place] if w not in before))
        term = _summed(product_of(factors), gone)
        leaf = self.lowering.leaf(term, self.lowering.top)
        assert isinstance(leaf, Leaf)
        return leaf

    def add_rule(self, plan: Plan, run: Sequence[Step], name: str, start: Leaf | None, first: bool) -> None:
        where = self.rows_of(run)
        names = self.names_in(run)
        sayings = {text: names[wire] for text, wire in zip(self.said, run[0].occurring, strict=True)}
        body = restricted(renamed(self.inside.body, lambda wire: sayings.get(wire, wire)), where)
        factors = [body]
        if start is not None:
            indices = tuple(names.get(wire, wire) for wire in start.use.indices)
            factors = [replace(start, use=replace(start.use, indices=indices)), body]
        elif not first:
            factors = [self.previous(plan, run, name, names), body]
        after = tuple(names[wire] for wire in run[0].after)
        gone = tuple(names[wire] for wire in run[0].parts() if names[wire] not in after)
        frame = Frame(
            self.inside.rows.take(where),
            self.lowering.top.loops + self.inside.loops,
            self.lowering.top,
            self.inside.parent[where],
        )
        expr, indices_said = self.lowering.finished(_summed(product_of(factors), gone), frame, after)
        subscripts = tuple(map(Name, frame.rows.names))
        loops = self.lowering.group.definition.loops + self.inside.loops
        definition = Definition("plain", name, subscripts, indices_said, expr, loops)
        self.lowering.registry.items += self.lowering.registry.described(definition, frame.rows)

    def previous(self, plan: Plan, run: Sequence[Step], name: str, names: Mapping[Index, Index]) -> Leaf:
        """The member of the recurrence that a round takes up."""
        variable = shifted(Name(self.inside.variables[0]), 1 if plan.backwards else -1)
        subscripts = (*map(Name, self.lowering.top.rows.names), variable)
        before = tuple(names[wire] for wire in run[0].before)
        return Leaf(
            Use(name, subscripts, before), tuple(self.run_column(run, wire) for wire in run[0].before)
        )

    def names_in(self, run: Sequence[Step]) -> dict[Index, Index]:
        """How a rule says each wire of its first round: as the body does, or as outside of the loop."""
        names: dict[Index, Index] = {}
        for text, wire in zip(self.said, run[0].occurring, strict=True):
            names.setdefault(wire, text)
        for wire, part in run[0].parts().items():
            if wire not in names:
                steady = all(list(step.parts())[part] == wire for step in run)
                names[wire] = wire if steady else self.lowering.group.fresh_wire(Index(wire.name))
        return names

    def last_value(self, plan: Plan) -> Expr:
        """The loop's value in the last round of the recurrence."""
        column = self.inside.rows.column(self.inside.variables[0]).reshape(self.outer, self.count)
        values = column[:, 0 if plan.backwards else -1]
        domain = self.inside.loops[0].domain
        assert isinstance(domain, Range)
        expr = domain.first if plan.backwards else domain.last
        said = self.lowering.group.net.scope.integers(expr, self.lowering.top.rows)
        return expr if np.array_equal(said, values) else integer(int(values[0]))


def _summed(term: Term, wires: Wires) -> Term:
    return Over("sum", term, wires) if wires else term


def _ordered(wires: Sequence[Index], free: Sequence[Index]) -> Wires:
    """Distinct wires, those of the left side first."""
    distinct = dict.fromkeys(wires)
    return (*(wire for wire in free if wire in distinct), *(wire for wire in distinct if wire not in free))


def _leaf_extents(term: Term) -> Iterator[tuple[Index, Ints]]:
    """The wires of the uses outside of inner loops, with their extents."""
    if isinstance(term, Leaf):
        yield from zip(term.use.indices, term.extents, strict=True)
    for part in term.parts:
        yield from _leaf_extents(part)


def _atoms(term: Term) -> list[Wires]:
    """The wires of each factor of a term."""
    match term:
        case Product(factors=factors):
            return [wires for factor in factors for wires in _atoms(factor)]
        case Over(op="sum", body=body):
            return _atoms(body)
    return [tuple(unbound(term))]
