"""The members that rules define, and the instances of each rule grouped by the choices they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tncompile.network.syntax import Definition, Expr, Index
from tncompile.network.values.lookup import find_members
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.scope import Scope
from tncompile.network.values.sets import unique
from tncompile.network.written.arrays import lexicographic_ranks
from tncompile.network.written.messages import member_text
from tncompile.network.written.problems import Problems
from tncompile.network.written.shapes import both_extents, positive_extents
from tncompile.network.written.sites import Site, Slot
from tncompile.source import Diagnostic, Note
from tncompile.source.records import record


@dataclass(eq=False)
class Rule:
    """A definition with its instances; row r defines the member ``subscripts[r]``."""

    definition: Definition
    number: int
    rows: Rows
    subscripts: Ints


@record(eq=False)
class Said:
    """An extent that the left side gives, for each row: at the bound sizes, and at generic ones."""

    expr: Expr
    values: Ints
    generics: Ints


@dataclass(eq=False)
class Group:
    """Instances of one rule that choose alike, with the sites of their body."""

    rule: Rule
    rows: Rows
    target: Ints
    free: Sequence[Slot]
    said: Sequence[Said | None]  # the extents that the left side gives
    body: Site

    def restrict(self, which: Ints) -> Group:
        """The same for some of the rows."""
        free = [slot.take(which) for slot in self.free]
        said = [one and Said(one.expr, one.values[which], one.generics[which]) for one in self.said]
        return Group(
            self.rule, self.rows.take(which), self.target[which], free, said, self.body.restrict(which)
        )

    def may_sum_unlike_indices(self) -> bool:
        """Whether rounds of a loop may sum different indices: one has subscripts, or a loop inside is longer in some."""
        outer = len(self.rows.names)
        inner = [site for site in self.body.walk() if len(site.rows.names) > outer]
        return any(slot.index.subscripts for site in inner for slot in site.slots) or any(
            len(unique(np.bincount(child.parent, minlength=len(site.owner)))) > 1
            for site in inner
            for child in site.children
        )


@dataclass(eq=False)
class Defined:
    """A definition's name with the members that its rules define together, in lexicographic order.

    ``by_rule`` is, for each member, the number of the rule that defines it, ``row`` its row there.
    """

    name: str
    rules: Sequence[Rule]
    members: Ints
    by_rule: Ints
    row: Ints
    axes: Ints  # how many axes each member has; known once the left sides are read

    def find(self, subscripts: Ints) -> Ints:
        return find_members(self.members, subscripts)


def read_rules(scope: Scope, definitions: Sequence[Definition], problems: Problems) -> list[Rule]:
    """The instances of every rule that can be understood."""
    rules = []
    for number, definition in enumerate(definitions):
        if not problems.readable(definition):
            continue
        with problems.catching(definition.name):
            rows, _ = scope.expand(definition.loops)
            columns = [scope.integers(subscript, rows) for subscript in definition.subscripts]
            subscripts = np.stack(columns, axis=1) if columns else np.zeros((rows.count, 0), np.int64)
            rules.append(Rule(definition, number, rows, subscripts))
    return rules


def said_extents(scope: Scope, definition: Definition, free: Sequence[Slot], rows: Rows) -> list[Said | None]:
    """The extents that the left side gives, for each of its indices written out. Raises Fault."""
    plain: dict[Index, Said] = {}
    looped: dict[str, Said] = {}
    for index in definition.indices:
        if index.extent is not None:
            values, generics = both_extents(scope, index.extent, rows)
            said = Said(index.extent, positive_extents(index.extent, values, rows), generics)
            if index.index.loops:
                looped[index.index.name] = said
            else:
                plain[index.index] = said
    return [plain.get(slot.index, looped.get(slot.index.name)) for slot in free]


def gather_definitions(rules: Sequence[Rule], problems: Problems) -> dict[str, Defined]:
    """The members of each name, with an error for each that is defined twice."""
    by_name: dict[str, list[Rule]] = {}
    for rule in rules:
        alike = by_name.setdefault(rule.definition.name, [])
        if alike and alike[0].subscripts.shape[1] != rule.subscripts.shape[1]:
            problems.add(_other_width(alike[0], rule), rule.definition.name)
            problems.leave_alone(rule.definition)
        else:
            alike.append(rule)
    return {name: _gather(name, alike, problems) for name, alike in by_name.items()}


def _other_width(first: Rule, rule: Rule) -> Diagnostic:
    widths = first.subscripts.shape[1], rule.subscripts.shape[1]
    return Diagnostic(
        f"`{rule.definition.name}` has {widths[1]} subscripts here and {widths[0]} elsewhere: "
        "all its members have the same number",
        rule.definition.name_span,
        notes=(Note(first.definition.name_span, f"here are {widths[0]}"),),
    )


def _gather(name: str, rules: Sequence[Rule], problems: Problems) -> Defined:
    members = np.concatenate([rule.subscripts for rule in rules])
    numbers = np.concatenate([np.full(rule.rows.count, i) for i, rule in enumerate(rules)])
    places = np.concatenate([np.arange(rule.rows.count) for rule in rules])
    ranks = lexicographic_ranks(list(members.T), len(members))
    order = np.argsort(ranks, kind="stable")
    again = np.flatnonzero(np.diff(ranks[order]) == 0)
    if len(again):
        _report_twice(name, rules, numbers[order], places[order], again, problems)
    kept = np.delete(order, again + 1)
    return Defined(name, rules, members[kept], numbers[kept], places[kept], np.zeros(len(kept), np.int64))


def _report_twice(
    name: str, rules: Sequence[Rule], numbers: Ints, places: Ints, again: Ints, problems: Problems
) -> None:
    """One error for each pair of rules that define a member in common."""
    told: set[tuple[int, int]] = set()
    for position in again.tolist():
        pair = int(numbers[position]), int(numbers[position + 1])
        if pair in told:
            continue
        told.add(pair)
        first, second = rules[pair[0]], rules[pair[1]]
        rows = int(places[position]), int(places[position + 1])
        if first is second and not first.subscripts.shape[1]:
            problems.add(_one_name_many_times(first), name)
        else:
            problems.add(_defined_twice(name, first, rows[0], second, rows[1]), name)


def _one_name_many_times(rule: Rule) -> Diagnostic:
    definition = rule.definition
    names = [variable for loop in definition.loops for variable in loop.variables]
    indices = ", ".join(free.index.name for free in definition.indices)
    each = " and ".join(names)
    return Diagnostic(
        f"`{definition.name}` is defined {rule.rows.count} times, once for each {each}",
        definition.name_span,
        help=f"`{definition.name}[{', '.join(names)}]({indices})` for a family, "
        f"`{definition.name}({indices}) = sum(... for ...)` for a sum",
    )


def _defined_twice(name: str, first: Rule, first_row: int, second: Rule, second_row: int) -> Diagnostic:
    member = member_text(name, second.subscripts[second_row])
    values = second.rows.values(second_row)
    there = ", ".join(f"{n} = {v}" for n, v in first.rows.values(first_row))
    return Diagnostic(
        f"{member} is defined twice",
        second.definition.name_span,
        values=values,
        notes=(
            Note(
                first.definition.name_span, "it is also defined here" + (f", with {there}" if there else "")
            ),
        ),
        help="begin or end the loop so that each member is defined once" if values or there else "",
    )
