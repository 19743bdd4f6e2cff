"""Writing a network out: the one place where all of it is checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tncompile.network.syntax import Definition, Let, Statement, Tensor
from tncompile.network.tables import Tables
from tncompile.network.values.limits import INSTANCES
from tncompile.network.values.rows import Ints, Rows
from tncompile.network.values.scope import Scope
from tncompile.network.written.body import BodyBuilder
from tncompile.network.written.choices import split_by_choices
from tncompile.network.written.classes import alike, part_by_indices, part_into_classes
from tncompile.network.written.conflicts import contradictions, describe, describe_undetermined, undetermined
from tncompile.network.written.contents import check_contents
from tncompile.network.written.cycles import find_cycle
from tncompile.network.written.extents import join_extents
from tncompile.network.written.families import declare_all
from tncompile.network.written.finding import Finder
from tncompile.network.written.finish import declared_table, defined_table, write_class
from tncompile.network.written.lone import sum_errors
from tncompile.network.written.naming import BUILT_IN_TENSORS, check_names
from tncompile.network.written.problems import Problems
from tncompile.network.written.rules import Group, Rule, Said, gather_definitions, read_rules, said_extents
from tncompile.network.written.settle import NeedsWritingOut, settle
from tncompile.network.written.sites import Slot
from tncompile.network.written.wires import connect
from tncompile.source import Diagnostic, Source


def build_tables(statements: Sequence[Statement], scope: Scope, source: Source | None) -> Tables:
    """Writes a network out. Raises TnError with every problem of the network, in file order."""
    return Written(statements, scope, source).tables()


class Written:
    """A network on its way to its tables: instances, indices, extents; and the problems met.

    ``source`` is the text that the statements came from, where there is one.
    """

    def __init__(self, statements: Sequence[Statement], scope: Scope, source: Source | None) -> None:
        self.source, self.scope, self.problems = source, scope, Problems()
        tensors = [statement for statement in statements if isinstance(statement, Tensor)]
        definitions = [statement for statement in statements if isinstance(statement, Definition)]
        check_names(statements, source, self.problems)
        self.evaluate_lets(statements)
        if not any(definition.role == "output" for definition in definitions):
            self.problems.add(Diagnostic("this network has no output", help="`output score() = ...`"))
        self.declared = declare_all(self.scope, tensors, self.problems)
        check_contents(self.scope, self.declared.values(), self.problems)
        rules = read_rules(self.scope, definitions, self.problems)
        self.defined = gather_definitions(rules, self.problems)
        self.refuse_too_many(rules)
        self.refuse_empty_outputs(definitions)
        self.finder = Finder(self.declared, self.defined, source, self.problems)
        self.wires = 0
        self.groups = [part for group in self.read_bodies(rules) for part in self.connected(group)]
        self.extents = join_extents(self.scope, self.groups, self.declared, self.defined, self.wires)
        self.judge_extents()
        self.classes = [
            alike(group, which, self.wires)
            for group in self.groups
            for which in part_into_classes(group, self.extents)
        ]
        self.judge_sums()
        self.judge_silence()
        for diagnostic in find_cycle(self.groups, self.defined, self.source):
            self.problems.add(diagnostic)

    def tables(self) -> Tables:
        """The tables; raises TnError if there is any problem."""
        self.problems.raise_all(self.source)
        classes = [write_class(one, self.extents) for one in self.classes]
        tensors = {name: declared_table(self.scope, declared) for name, declared in self.declared.items()}
        tensors |= {name: defined_table(defined, self.extents) for name, defined in self.defined.items()}
        return Tables(tensors, tuple(classes))

    # --- instances ----------------------------------------------------------------------------

    def evaluate_lets(self, statements: Sequence[Statement]) -> None:
        """Notes lets without a value, whether anything reads them or not: generated modules name lets."""
        for statement in statements:
            if isinstance(statement, Let):
                with self.problems.catching():
                    self.scope.lookup(statement.name)

    def refuse_too_many(self, rules: Sequence[Rule]) -> None:
        """Raises TnError where the network as a whole is past the limit."""
        total = sum(rule.rows.count for rule in rules) + sum(len(d.members) for d in self.declared.values())
        if total > INSTANCES:
            message = f"this network has {total:,} members; the limit is {INSTANCES:,}"
            self.problems.add(Diagnostic(message, help="make the sizes in the ranges smaller"))
            self.problems.raise_all(self.source)

    def refuse_empty_outputs(self, definitions: Sequence[Definition]) -> None:
        """Notes outputs without a member: the loops of all their rules are empty."""
        outputs = {d.name: d for d in definitions if d.role == "output" and self.problems.readable(d)}
        for name, definition in outputs.items():
            if name in self.defined and not len(self.defined[name].members):
                message = f"the output `{name}` has no members at these sizes: its loop is empty"
                self.problems.add(Diagnostic(message, definition.name_span), name)

    def read_bodies(self, rules: Sequence[Rule]) -> list[Group]:
        """All instances, by rule and by the choices they take."""
        builder = BodyBuilder(self.scope, self.finder)
        lefts: list[tuple[Rule, Rows, Ints, list[Slot], list[Said | None]]] = []
        for rule in rules:
            if not self.problems.readable(rule.definition):
                continue
            name = rule.definition.name
            with self.problems.catching(name):
                target = self.defined[name].find(rule.subscripts)
                for which in split_by_choices(self.scope, rule.definition, rule.rows):
                    rows = rule.rows.take(which)
                    free = builder.slots([free.index for free in rule.definition.indices], rows)
                    np.maximum.at(self.defined[name].axes, target[which], len(free))
                    said = said_extents(self.scope, rule.definition, free, rows)
                    lefts.append((rule, rows, target[which], free, said))
        groups = []
        for rule, rows, target, free, said in lefts:
            self.finder.rule = rule.definition.name
            body = builder.build(rule.definition.body, rows, np.arange(rows.count))
            if not builder.faults:
                groups.append(Group(rule, rows, target, free, said, body))
            while builder.faults:
                self.problems.add(builder.faults.pop(0), rule.definition.name)
        return groups

    def connected(self, group: Group) -> list[Group]:
        """The group with its indices numbered; instances whose loops must be written out become groups of their own."""
        self.wires = connect(group.body, group.free, self.wires)
        if not group.may_sum_unlike_indices():
            return [group]
        kept: list[Ints] = []
        written: list[Group] = []
        for which in part_by_indices(group):
            one = alike(group, which, self.wires)
            try:
                settle(one.root, one.sums, len(group.rows.names))
                kept.append(which)
            except NeedsWritingOut:
                written += [self.written_out(group, which[i : i + 1]) for i in range(len(which))]
        if not written:
            return [group]
        return ([group.restrict(np.sort(np.concatenate(kept)))] if kept else []) + written

    def written_out(self, group: Group, which: Ints) -> Group:
        rows = group.rows.take(which)
        body = BodyBuilder(self.scope, self.finder, True).build(
            group.rule.definition.body, rows, np.zeros(1, np.int64)
        )
        single = group.restrict(which)
        single.body = body
        self.wires = connect(body, single.free, self.wires)
        return single

    # --- judging ------------------------------------------------------------------------------

    def judge_extents(self) -> None:
        """Notes extents that disagree."""
        for one in contradictions(self.extents):
            if not one.follows_from(self.problems.broken):
                name = one.second.batch.group.rule.definition.name
                self.problems.add(describe(one, self.declared, self.defined, self.source), name)

    def judge_silence(self) -> None:
        """Notes indices whose extent nothing says, unless that has another cause that is noted."""
        for group, slot, rows, row in undetermined(self.groups, self.extents, self.unknown_wires()):
            self.problems.add(describe_undetermined(group, slot, rows, row), group.rule.definition.name)

    def unknown_wires(self) -> Ints:
        """Wires of uses that lead nowhere, or to a definition that is not fully known, because of a problem noted."""
        parts = [np.zeros(0, np.int64)]
        for group in self.groups:
            for site in group.body.walk():
                if site.kind != "use" or site.name in BUILT_IN_TENSORS:
                    continue
                if site.positions is None or site.name in self.problems.broken:
                    parts += [slot.wires for slot in site.slots]
        return np.concatenate(parts)

    def judge_sums(self) -> None:
        """Notes what is wrong with the sums of each class, once for each place."""
        for one in self.classes:
            for found in sum_errors(one.group, one.root, one.free, one.sums, self.extents):
                self.problems.add(found)


__all__ = ["Written", "build_tables"]
