"""Loops inside a rule: are their rounds alike, and if not, what is each of them?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tncompile.network import Expr, Index, Ints, Name, Rows, nodes_of
from tncompile.network.syntax.substitute import integer, shifted, substitute
from tncompile.plan.flatten.group import Group, mentions
from tncompile.plan.flatten.terms import (
    Function,
    Inside,
    Over,
    Reduction,
    Term,
    Value,
    put_in,
    rebuilt,
    renamed,
    restricted,
    unbound,
    walk,
)


def constant_wires(group: Group, inside: Inside) -> Term | None:
    """The body if its unbound wires are the same in all rounds, said without loop variables, and no
    exponent depends on the round; else None."""
    if any(_power_of(term, inside.variables) for term in walk(inside.body)):
        return None
    first = inside.rows.take(np.flatnonzero(inside.parent == 0))
    if not _alike_further_in(group, inside.body, np.arange(inside.rows.count), first.count):
        return None
    known: dict[Index, Index] = {}
    for wire in unbound(inside.body):
        if wire in known or not first.count or not mentions(wire, inside.variables):
            continue
        if _deeper(group, wire, first):
            return None
        columns = [group.net.scope.integers(subscript, first) for subscript in wire.subscripts]
        if any((column != column[0]).any() for column in columns):
            return None
        known[wire] = group.wire(wire, first.take(np.arange(1)))
    return renamed(inside.body, lambda wire: known.get(wire, wire)) if known else inside.body


def _alike_further_in(group: Group, term: Term, round_of: Ints, rounds: int) -> bool:
    """Whether loops further in touch the same wires in each of the first ``rounds``: one round will stand for all.
    ``round_of`` is the round of each row of the term."""
    if not isinstance(term, Reduction):
        return all(_alike_further_in(group, part, round_of, rounds) for part in term.parts)
    return all(
        _touches_alike(group, one, round_of[one.parent], rounds)
        and _alike_further_in(group, one.body, round_of[one.parent], rounds)
        for one in term.arguments
    )


def _touches_alike(group: Group, inner: Inside, round_of: Ints, rounds: int) -> bool:
    """Whether a loop further in says the same wires, in the same order, in each of the first ``rounds``."""
    which = np.flatnonzero(round_of < rounds)
    counts = np.bincount(round_of[which], minlength=rounds)
    rows = inner.rows.take(which)
    for wire in dict.fromkeys(unbound(inner.body)):
        if not mentions(wire, inner.variables) or _deeper(group, wire, inner.rows):
            continue
        for column in (group.net.scope.integers(subscript, rows) for subscript in wire.subscripts):
            if (column == column[:1]).all():
                continue
            if (counts != counts[0]).any():
                return False
            in_rounds = column.reshape(rounds, -1)
            if (in_rounds != in_rounds[0]).any():
                return False
    return True


def _power_of(term: Term, variables: tuple[str, ...]) -> bool:
    if not isinstance(term, Function) or term.name != "^":
        return False
    exponent = term.arguments[1]
    return isinstance(exponent, Value) and mentions(exponent.expr, variables)


def rounds_of(group: Group, inside: Inside, rows: Rows) -> list[Term] | None:
    """The rounds as terms of their own; None where the rows do not have the same number of rounds,
    where a variable cannot be said in those of the rule, or where a sum binds wires of loops further in."""
    counts = np.bincount(inside.parent, minlength=rows.count)
    if not rows.count or (counts != counts[0]).any():
        return None
    found: list[Term] = []
    starts = np.arange(rows.count) * counts[0]
    for number in range(int(counts[0])):
        values = _values(inside, rows, starts + number)
        if values is None:
            return None
        body = restricted(put_in(inside.body, values), starts + number)
        round_rows = inside.rows.take(starts[:1] + number)
        if _binds_deeper(group, body, round_rows):
            return None
        found.append(_own_wires(group, body, values, inside, round_rows))
        group.note_extents(found[-1])
    return found


def _values(inside: Inside, rows: Rows, which: Ints) -> dict[str, Expr] | None:
    """What the loop's variables are in one round: numbers, or variables of the rule with an offset."""
    values: dict[str, Expr] = {}
    for name in inside.variables:
        column = inside.rows.column(name)[which]
        if (column == column[0]).all():
            values[name] = integer(int(column[0]))
            continue
        offsets = [(outer, column - rows.column(outer)) for outer in rows.names]
        fitting = [(outer, int(offset[0])) for outer, offset in offsets if (offset == offset[0]).all()]
        if not fitting:
            return None
        values[name] = shifted(Name(fitting[0][0]), fitting[0][1])
    return values


def _own_wires(group: Group, body: Term, values: dict[str, Expr], inside: Inside, rows: Rows) -> Term:
    """The round with its wires said as outside of the loop; those bound inside it get names of their own."""
    said = {
        substitute(wire, values): group.wire(wire, rows)
        for wire in unbound(inside.body)
        if mentions(wire, inside.variables) and not _deeper(group, wire, rows)
    }
    return _bound_apart(group, renamed(body, lambda wire: said.get(wire, wire)))


def _deeper(group: Group, wire: Index, rows: Rows) -> bool:
    """Whether a wire depends on variables of loops further in."""
    names = [node.name for node in nodes_of(wire) if isinstance(node, Name)]
    return any(name not in rows.names and group.net.scope.lookup(name) is None for name in names)


def _binds_deeper(group: Group, body: Term, rows: Rows) -> bool:
    """Whether a sum may bind wires that loops further in say with variables of their own, which cannot be told apart here."""
    for over in walk(body):
        if isinstance(over, Over):
            names = {wire.name for wire in over.wires}
            if any(wire.name in names and _deeper(group, wire, rows) for wire in unbound(over.body)):
                return True
    return False


def _bound_apart(group: Group, term: Term) -> Term:
    if isinstance(term, Over):
        apart = {wire: group.fresh_wire(wire) for wire in term.wires}
        body = renamed(term.body, lambda wire: apart.get(wire, wire))
        term = replace(term, body=body, wires=tuple(apart.values()))
    return rebuilt(term, lambda inner: _bound_apart(group, inner))
