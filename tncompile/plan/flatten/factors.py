"""A product taken apart: its factors, what it sums, its loops."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tncompile.network import Index, Number, Range
from tncompile.plan.flatten.group import mentions
from tncompile.plan.flatten.terms import (
    BuiltIn,
    Inside,
    Leaf,
    Over,
    Product,
    Reduction,
    Sum,
    Term,
    Value,
    rebuilt,
    reduced,
    renamed,
    unbound,
    walk,
)
from tncompile.plan.flatten.values import Frame, Numbers, literal
from tncompile.source.records import record

if TYPE_CHECKING:
    from tncompile.plan.flatten.lower import Lowering

SHORTEST_CHAIN = 4  # rounds


@record(eq=False)
class Factor:
    """One factor; ``inner``: it stands inside the summed loop; ``divides``: the product is divided by it.

    ``nest`` is where it stands: its place among the factors of each product around it, from the outside in.
    """

    term: Term
    inner: bool = False
    divides: bool = False
    nest: tuple[int, ...] = ()


@record(eq=False)
class Chain:
    """A ``prod`` over one range whose rounds are joined by wires, as its rounds one by one."""

    inside: Inside
    rounds: tuple[Term, ...]


@dataclass(eq=False)
class Factors:
    """The parts of a product. Its summed indices are ``summed``; it is also summed over the rounds of ``loop``."""

    factors: list[Factor] = field(default_factory=list)
    builtins: list[BuiltIn] = field(default_factory=list)
    summed: list[Index] = field(default_factory=list)
    numbers: Numbers = field(default_factory=Numbers)
    chains: list[Chain] = field(default_factory=list)
    loop: Inside | None = None

    def resolve_deltas(self) -> None:
        """A ``delta`` with a summed index makes that index the other one."""
        for _ in range(sum(len(b.wires) for b in self.builtins)):
            found = next(
                (pair for b in self.builtins if b.name == "delta" and (pair := self._joinable(b))), None
            )
            if found is None:
                break
            self._rename(*found)
            self.summed = [wire for wire in self.summed if wire != found[0]]
        ones = [
            BuiltIn("one", b.wires[:1]) for b in self.builtins if b.name == "delta" and len(set(b.wires)) == 1
        ]
        self.builtins = [b for b in self.builtins if b.name == "one" or len(set(b.wires)) > 1] + ones

    def _joinable(self, delta: BuiltIn) -> tuple[Index, Index] | None:
        """A summed index of a ``delta`` and another index of it."""
        for wire in delta.wires:
            others = [other for other in delta.wires if other != wire]
            if wire in self.summed and others:
                free = [other for other in others if other not in self.summed]
                return wire, (free or others)[0]
        return None

    def _rename(self, old: Index, new: Index) -> None:
        def wire(index: Index) -> Index:
            return new if index == old else index

        self.factors = [replace(factor, term=renamed(factor.term, wire)) for factor in self.factors]
        self.builtins = [BuiltIn(b.name, tuple(map(wire, b.wires))) for b in self.builtins]


class Gatherer:
    """Takes a term apart for the rows of a frame. Raises NeedsSplit."""

    def __init__(self, lowering: Lowering, frame: Frame) -> None:
        self.lowering, self.frame = lowering, frame
        self.found = Factors()
        self.nest: tuple[int, ...] = ()

    def gather(self, term: Term, inner: bool = False) -> None:
        """Notes the factors of a term, those of products inside it too."""
        match term:
            case Product(factors=factors, inverted=inverted):
                for place, (factor, below) in enumerate(zip(factors, inverted, strict=True)):
                    if below:
                        self.found.factors.append(Factor(factor, inner, divides=True))
                    else:
                        self._gather_at(place, factor, inner)
            case Over(op="sum", body=body, wires=wires) if not isinstance(body, Sum):
                self.found.summed += wires
                self.gather(body, inner)
            case BuiltIn():
                self.found.builtins.append(term)
            case Sum(terms=(only,), signs=(sign,)):
                self.found.numbers.add(literal(sign))
                self.gather(only, inner)
            case Reduction(op="prod", arguments=arguments):
                for argument in arguments:
                    self._gather_rounds(argument, inner)
            case Reduction(op="sum", arguments=(argument,)) if argument.loops:
                self._gather_loop(argument, inner)
            case _:
                self._note(term, inner)

    def open_ties(self) -> None:
        """Loops whose rounds touch different wires are written out where a ``delta`` may make one of these another one."""
        tied = {wire.name for b in self.found.builtins if b.name == "delta" for wire in b.wires}
        if tied:
            self.found.factors = [
                replace(factor, term=self._opened(factor.term, self.around(factor.inner), tied))
                for factor in self.found.factors
            ]

    def _opened(self, term: Term, frame: Frame, tied: set[str]) -> Term:
        if not isinstance(term, Reduction):
            return rebuilt(term, lambda inner: self._opened(inner, frame, tied))
        if not any(_tells_apart(one, tied) for one in term.arguments):
            return term
        parts: list[Term] = []
        for one in term.arguments:
            parts += self.lowering.rounds(one, frame) if one.loops else [one.body]
        return reduced(term.op, [self._opened(part, frame, tied) for part in parts])

    def around(self, inner: bool) -> Frame:
        """The frame of the product, or that of the loop it is summed over."""
        return self.frame.inside(self.found.loop) if inner and self.found.loop is not None else self.frame

    def open_chains(self) -> None:
        """The rounds of the chains become factors like others."""
        chains, self.found.chains = self.found.chains, []
        for chain in chains:
            for place, term in enumerate(chain.rounds):
                self._gather_at(place, term, False)

    def _note(self, term: Term, inner: bool) -> None:
        self.found.factors.append(Factor(term, inner, nest=self.nest))

    def _gather_at(self, place: int, term: Term, inner: bool) -> None:
        """Gathers one factor of a product, which stands at a place among the others."""
        around = self.nest
        self.nest = (*around, place)
        self.gather(term, inner)
        self.nest = around

    def _gather_rounds(self, argument: Inside, inner: bool) -> None:
        """A ``prod`` over a loop: one factor if it is element by element, else a factor for each round."""
        if not argument.loops:
            self.gather(argument.body, inner)
            return
        frame = self.around(inner)
        steady = self.lowering.steady(argument)
        counts = np.bincount(argument.parent, minlength=frame.rows.count)
        if steady is not None and (counts != 1).any():
            self._note(Reduction("prod", (steady,)), inner)
            return
        rounds = self.lowering.rounds(argument, frame)
        if frame is self.lowering.top and _is_chain(argument, frame):
            self.found.chains.append(Chain(argument, tuple(rounds)))
            return
        for place, term in enumerate(rounds):
            self._gather_at(place, term, inner)

    def _gather_loop(self, argument: Inside, inner: bool) -> None:
        """A ``sum`` over a loop: its variable joins the search for an order as if it were an index."""
        frame = self.around(inner)
        steady = self.lowering.steady(argument)
        if steady is None or _sums_unlike_extents(argument.body):
            rounds = self.lowering.rounds(argument, frame)
            self._note(Sum(tuple(rounds), (1,) * len(rounds)), inner)
        elif not len(steady.parent):
            self._note(Value(Number("0")), inner)
        elif isinstance(steady.body, Sum) and len(steady.body.terms) > 1:
            parts = [Reduction("sum", (replace(steady, body=part),)) for part in steady.body.terms]
            self._note(Sum(tuple(parts), steady.body.signs), inner)
        elif inner or self.found.loop is not None:
            self._note(Reduction("sum", (steady,)), inner)
        else:
            self.found.loop = steady
            self.gather(steady.body, True)


def _tells_apart(inside: Inside, names: set[str]) -> bool:
    """Whether the rounds of a loop touch different wires of one of these names."""
    return any(wire.name in names and mentions(wire, inside.variables) for wire in unbound(inside.body))


def _sums_unlike_extents(term: Term) -> bool:
    """Whether a sum in a loop is longer in some rounds than in others: one index cannot say that."""
    return any(
        wire in over.wires and bool((extents != extents[:1]).any())
        for over in walk(term, loops=False)
        if isinstance(over, Over)
        for leaf in walk(over.body, loops=False)
        if isinstance(leaf, Leaf) and leaf.extents
        for wire, extents in zip(leaf.use.indices, leaf.extents, strict=True)
    )


def _is_chain(argument: Inside, frame: Frame) -> bool:
    """Whether a loop is one range, with steps of 1 and equally many rounds (enough to matter) in each row."""
    if len(argument.loops) != 1 or not isinstance(argument.loops[0].domain, Range) or not frame.rows.count:
        return False
    values = argument.rows.column(argument.variables[0]).reshape(frame.rows.count, -1)
    return values.shape[1] >= SHORTEST_CHAIN and bool((np.diff(values, axis=1) == 1).all())
