"""Which instance of a rule defines a member: loop variables from subscripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tncompile.network import (
    Add,
    Compare,
    Definition,
    Expr,
    Logic,
    Loop,
    Name,
    Number,
    Range,
)
from tncompile.network.syntax.substitute import integer_value, shifted, substitute


class Unsolvable(Exception):
    """A rule whose loop variables do not follow from the subscripts of a member in a simple way."""


def solved(rule: Definition, subscripts: Sequence[Expr]) -> tuple[dict[str, Expr], Expr]:
    """The loop variables of ``rule`` for the member with ``subscripts``, and when the rule defines it.

    Subscripts on the left may be a variable, a variable with an offset, or any expression in variables
    that are found elsewhere. Raises Unsolvable.
    """
    values: dict[str, Expr] = {}
    variables = {name for loop in rule.loops for name in loop.variables}
    tests: list[Expr] = []
    rest: list[tuple[Expr, Expr]] = []
    for own, given in zip(rule.subscripts, subscripts, strict=True):
        found = _variable(own, variables)
        if found is not None and found[0] not in values:
            values[found[0]] = shifted(given, -found[1])
        else:
            rest.append((own, given))
    if set(values) != variables:
        raise Unsolvable
    tests += [Compare((given, substitute(own, values)), ("==",)) for own, given in rest]
    for loop in rule.loops:
        tests += _domain(loop, values)
    if not tests:
        tests = [Compare((Number("1"), Number("1")), ("==",))]
    return values, tests[0] if len(tests) == 1 else Logic("and", tuple(tests))


def _variable(expr: Expr, variables: set[str]) -> tuple[str, int] | None:
    """A loop variable and the offset added to it, if the expression is no more than that."""
    match expr:
        case Name(name=name) if name in variables:
            return name, 0
        case Add(terms=(Name(name=name), offset), signs=(1, sign)) if name in variables:
            value = integer_value(offset)
            return None if value is None else (name, sign * value)
    return None


def _domain(loop: Loop, values: Mapping[str, Expr]) -> list[Expr]:
    """When the values of a loop's variables lie in its range."""
    if not isinstance(loop.domain, Range):
        raise Unsolvable
    value = values[loop.variables[0]]
    first, last = substitute(loop.domain.first, values), substitute(loop.domain.last, values)
    tests: list[Expr] = [Compare((first, value, last), ("<=", "<="))]
    if loop.condition is not None:
        tests.append(substitute(loop.condition, values))
    return tests
