"""`inline` definitions put into the network at each use."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard, cast

import numpy as np

from tncompile.network import (
    Binary,
    Call,
    Choice,
    Definition,
    Expr,
    Index,
    Ints,
    Loop,
    Looped,
    Multiply,
    Name,
    Network,
    Node,
    Over,
    Reduce,
    RuleClass,
    Statement,
    Use,
    map_children,
    nodes_of,
    outermost,
    verify,
)
from tncompile.network.syntax.substitute import integer, substitute
from tncompile.source import Fault, TnError
from tncompile.transform.names import Names
from tncompile.transform.solve import Unsolvable, solved

DEPTH = 100  # how deep in an expression a body may be put
BODIES = 300  # bodies that are put in altogether


def inline_definitions(net: Network) -> Network:
    """The same network without `inline`: bodies stand at their uses, with indices of their own.

    A definition stays one, a plain one, where putting it in cannot help or cannot be said: for uses
    inside a function, a divisor or a power (there the contraction ends anyway), for bodies with
    functions, for families defined through their own members, where the subscripts of a member do not
    say which instance of which rule defines it, where a cut names it, and where bodies within bodies
    would become too many.
    """
    rules = _rules_of(net, [d.name for d in net.definitions if d.role == "inline"])
    return _put_in(net, rules, _fitting(net, rules)) if rules else net


def merge_single_uses(net: Network, apart: Collection[str] = ()) -> Network:
    """The network with every definition put in that is used once, but for those ``apart``; itself if there is none.

    A definition that is used once is part of the network around it, so this changes no value; it lets
    an order of contraction run across definitions.
    """
    used: dict[str, Ints] = {}
    for use in (use for rule_class in net.tables.classes for use in rule_class.uses):
        name, members = use.use.name, len(net.tables.tensors[use.use.name].members)
        used[name] = used.get(name, np.zeros(members, np.int64)) + np.bincount(
            use.positions, minlength=members
        )
    once = [
        d.name
        for d in net.definitions
        if d.role == "plain" and d.name not in apart and d.name in used and used[d.name].max() == 1
    ]
    rules = _rules_of(net, once)
    fitting = _fitting(net, rules)
    return _put_in(net, rules, fitting) if fitting else net


def _put_in(
    net: Network, rules: Mapping[str, Sequence[Definition]], fitting: Mapping[str, Sequence[Definition]]
) -> Network:
    """The network with the rules that fit put in. Those that only a ``delta`` ties to the rest are tried with it: whether
    anything says their extents then, the tables know."""
    try:
        put = net.replace(_Inliner(net, fitting).run())
        _ = put.tables
    except TnError:
        put = net.replace(_Inliner(net, _fitting(net, rules, by_delta=False)).run())
    return verify(put, "inline")


def _rules_of(net: Network, names: Sequence[str]) -> dict[str, list[Definition]]:
    rules: dict[str, list[Definition]] = {name: [] for name in names}
    for definition in net.definitions:
        if definition.name in rules:
            rules[definition.name].append(definition)
    return rules


def _fitting(
    net: Network, rules: Mapping[str, Sequence[Definition]], by_delta: bool = True
) -> dict[str, Sequence[Definition]]:
    """The definitions whose bodies can stand at their uses; what a cut names stays. ``by_delta``: those too that in some
    rows have a free index only in a ``delta``."""
    cuts = {item.name for cut in net.cuts.values() for item in (*cut.rows, *(cut.columns or ()))}
    cuts |= _silent(net, by_delta)
    fitting = {name: own for name, own in rules.items() if name not in cuts and all(map(_can_be_put_in, own))}
    return {name: own for name, own in fitting.items() if not _reaches(fitting, name)}


def _silent(net: Network, by_delta: bool) -> set[str]:
    """The definitions that in some rows carry a free index nowhere: there their left side alone says its extent."""
    return {
        one.definition.name
        for one in net.tables.classes
        if one.rows.count and not _carries_free(one, by_delta)
    }


def _carries_free(one: RuleClass, by_delta: bool) -> bool:
    uses = [use.use for use in one.uses if len(use.positions)]  # a loop may have no round
    uses += [use for use in outermost(one.equation, Use) if by_delta and use.name == "delta"]
    carried = {index.name for use in uses for index in use.indices}
    return carried.issuperset(index.name for index in one.free)


def _can_be_put_in(rule: Definition) -> bool:
    try:
        solved(rule, rule.subscripts)
    except Unsolvable:
        return False
    names = [free.index.name for free in rule.indices]
    carried = {
        index.name for use in _uses(rule.body) if use.name not in ("one", "delta") for index in use.indices
    }
    return (
        len(set(names)) == len(names)
        and carried.issuperset(names)
        and not any(map(_closes, nodes_of(rule.body)))
        and not any(_joins(node, names) for node in nodes_of(rule.body) if _is_conjugate(node))
    )


def _uses(body: Node) -> list[Use]:
    return [node for node in nodes_of(body) if isinstance(node, Use)]


def _is_conjugate(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "conj"


def _joins(part: Node, names: Sequence[str]) -> bool:
    """Whether two uses share one of these indices: under a ``conj`` that would have two readings."""
    carried = [n.name for use in _uses(part) for n in dict.fromkeys(use.indices)]
    return any(carried.count(name) > 1 for name in names)


def _joining(rules: Mapping[str, Sequence[Definition]]) -> set[str]:
    """The definitions whose bodies cannot stand under a ``conj``, because they or bodies inside join a free index."""
    found = {
        name
        for name, own in rules.items()
        if any(_joins(rule.body, [free.index.name for free in rule.indices]) for rule in own)
    }
    uses = {name: {use.name for rule in own for use in _uses(rule.body)} for name, own in rules.items()}
    while more := {name for name, used in uses.items() if used & found} - found:
        found |= more
    return found


def _closes(node: Node) -> bool:
    """Whether sums inside a node are finished there."""
    match node:
        case Call(function=function):
            return function != "conj"
        case Multiply(factors=factors, inverted=inverted):
            return any(below and _uses(factor) for factor, below in zip(factors, inverted, strict=True))
        case Reduce(op=op) | Over(op=op):
            return op in ("max", "min")
        case Binary(left=left):
            return bool(_uses(left))
    return False


def _reaches(rules: Mapping[str, Sequence[Definition]], start: str) -> bool:
    """Whether an inline definition depends on itself."""
    seen: set[str] = set()
    pending = [start]
    while pending:
        for rule in rules.get(pending.pop(), ()):
            for use in _uses(rule.body):
                if use.name == start:
                    return True
                if use.name in rules and use.name not in seen:
                    seen.add(use.name)
                    pending.append(use.name)
    return False


class _Inliner:
    def __init__(self, net: Network, rules: Mapping[str, Sequence[Definition]]) -> None:
        self.net, self.rules = net, rules
        self.names = Names(net)
        self.kept: set[str] = set()
        self.bodies = 0
        self.joining = _joining(rules)

    def run(self) -> list[Statement]:
        """The statements with every use replaced; rules that are still used stay, as plain ones."""
        result = [s if self.goes(s) else self.replaced(s) for s in self.net.statements]
        done: set[str] = set()
        while self.kept - done:
            name = min(self.kept - done)
            done.add(name)
            result = [self.replaced(s) if isinstance(s, Definition) and s.name == name else s for s in result]
        return [s for s in result if not (self.goes(s) and s.name not in done)]

    def goes(self, statement: Statement) -> TypeGuard[Definition]:
        """Whether a statement is a rule that is put in elsewhere."""
        return isinstance(statement, Definition) and statement.name in self.rules

    def replaced(self, statement: Statement) -> Statement:
        if not isinstance(statement, Definition):
            return statement
        role = "plain" if statement.role == "inline" else statement.role
        return replace(statement, role=role, body=cast(Expr, self.visit(statement.body, False, (), 0)))

    def visit(self, node: Node, closed: bool, around: tuple[str, ...], depth: int) -> Node:
        """``closed``: inside a function; ``around``: the variables of the loops around the node."""
        if isinstance(node, Use) and node.name in self.rules:
            room = not closed and depth < DEPTH and self.bodies < BODIES
            body = self.body_at(node, around) if room else None
            if body is None:
                self.kept.add(node.name)
                return node
            self.bodies += 1
            return self.visit(body, closed, around, depth + 1)
        if isinstance(node, Multiply):
            parts = zip(node.factors, node.inverted, strict=True)
            factors = [
                cast(Expr, self.visit(factor, closed or below, around, depth + 1)) for factor, below in parts
            ]
            return replace(node, factors=tuple(factors))
        if _is_conjugate(node) and any(use.name in self.joining for use in _uses(node)):
            closed = True
        inside = closed or _closes(node)
        if isinstance(node, Looped):
            around = (*around, *(variable for loop in node.loops for variable in loop.variables))
        return map_children(node, lambda child: self.visit(child, inside, around, depth + 1))

    def body_at(self, use: Use, around: tuple[str, ...]) -> Expr | None:
        """What stands for a use: the body of the rule that defines the member; None if that cannot be said."""
        result: Expr | None = None
        for rule in reversed(self.rules[use.name]):
            values, condition = solved(rule, use.subscripts)
            body = self.body_of(rule, use, values, around)
            if body is None:
                return None
            result = body if result is None else Choice(body, condition, result)
        return result

    def body_of(
        self, rule: Definition, use: Use, values: Mapping[str, Expr], around: tuple[str, ...]
    ) -> Expr | None:
        """The body of a rule with the loop variables and indices of a use.

        In a loop each round gets inner indices of its own.
        """
        free = [index.index for index in rule.indices]
        pairs = list(zip(free, use.indices, strict=False))
        if len(free) == len(use.indices) and all(_alike(rule.body, f, g, values) for f, g in pairs):
            wires = {index.name: (index, given) for index, given in pairs}
            own = self.own_names(rule, set(wires))
            body = cast(Expr, _renamed(rule.body, own, wires, tuple(map(Name, around))))
            return substitute(body, {own[name]: value for name, value in values.items()})
        return None if around else self.tied(rule, use, values)

    def tied(self, rule: Definition, use: Use, values: Mapping[str, Expr]) -> Expr | None:
        """The body with new indices throughout, those of the left side tied to the ones given by `delta`."""
        own = self.own_names(rule, set())
        put = {own[name]: value for name, value in values.items()}

        def said(node: Node) -> Node:
            return substitute(_renamed(node, own, {}, ()), put)

        try:
            free = [i for f in rule.indices for i in self.written_out(cast(Index, said(f.index)))]
            given = [i for index in use.indices for i in self.written_out(index)]
        except Fault:
            return None  # their loops depend on loops around
        if len(free) != len(given):
            return None
        body = cast(Expr, said(rule.body))
        links = [Use("delta", (), pair) for pair in zip(free, given, strict=True)]
        return Multiply((body, *links), (False,) * (1 + len(links)))

    def written_out(self, index: Index) -> list[Index]:
        """An index with a loop, once for each round. Raises Fault where the loop depends on others."""
        if not index.loops:
            return [index]
        rows, _ = self.net.scope.expand(index.loops)
        rounds = [
            dict(zip(rows.names, map(integer, column), strict=True)) for column in rows.columns.T.tolist()
        ]
        return [
            replace(index, subscripts=tuple(substitute(s, put) for s in index.subscripts), loops=())
            for put in rounds
        ]

    def own_names(self, rule: Definition, free: set[str]) -> dict[str, str]:
        """New names for the inner indices of a rule and for all its loop variables."""
        inner = dict.fromkeys(
            n.name for n in nodes_of(rule.body) if isinstance(n, Index) and n.name not in free
        )
        variables = dict.fromkeys(v for n in nodes_of(rule) if isinstance(n, Loop) for v in n.variables)
        return {name: self.names.fresh(name) for name in (*inner, *variables)}


def _alike(body: Expr, free: Index, given: Index, values: Mapping[str, Expr]) -> bool:
    """Whether ``given`` can stand for the free index wherever that occurs in the body."""
    said = [n for n in nodes_of(body) if isinstance(n, Index) and n.name == free.name]
    if not free.loops and not given.loops:
        return all(index == free for index in said)
    if any(index.loops and index != free for index in said):
        return False
    own = [v for loop in free.loops for v in loop.variables]
    others = [v for loop in given.loops for v in loop.variables]
    if len(own) != len(others) or free.subscripts != tuple(map(Name, own)):
        return False
    put = {**values, **dict(zip(own, map(Name, others), strict=True))}
    loops = [substitute(replace(loop, variables=()), put) for loop in free.loops]
    return loops == [replace(loop, variables=()) for loop in given.loops]


def _renamed(
    node: Node, own: Mapping[str, str], wires: Mapping[str, tuple[Index, Index]], around: tuple[Name, ...]
) -> Node:
    """A body with the wires of a use, and with names of its own (and subscripts ``around``) for everything else."""
    node = map_children(node, lambda child: _renamed(child, own, wires, around))
    match node:
        case Index(name=name) if name in wires:
            free, given = wires[name]
            if not free.loops or node.loops:
                return given
            variables = [v for loop in given.loops for v in loop.variables]
            put = dict(zip(variables, node.subscripts, strict=True))
            return replace(given, subscripts=tuple(substitute(s, put) for s in given.subscripts), loops=())
        case Index(name=name, subscripts=subscripts) if name in own:
            return replace(node, name=own[name], subscripts=(*subscripts, *around))
        case Name(name=name) if name in own:
            return Name(own[name])
        case Loop(variables=variables) if variables:
            return replace(node, variables=tuple(own[v] for v in variables))
    return node
