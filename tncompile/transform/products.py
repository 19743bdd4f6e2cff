"""Products over loops as chains, each factor multiplied to those before it."""

from __future__ import annotations

from collections.abc import Iterator

from tncompile.network import Definition, FreeIndex, Index, Network, Statement, verify
from tncompile.network.syntax.substitute import shifted
from tncompile.transform.adjoint.instances import RuleRows, rules_of
from tncompile.transform.adjoint.stretches import Line, Stretch
from tncompile.transform.build import product, rule, use
from tncompile.transform.context import Context
from tncompile.transform.flat import Factor, Reduction


def chained_products(flat: Network) -> Network:
    """A flat network in which ``p(o) = prod(A[k](o) for k in 1..d)`` is ``p_upto[k](o) = p_upto[k-1](o) * A[k](o)``.

    Its gradient then shares what comes before each factor with the product itself. Left as they are: products of less
    than two factors, and such that are the same along an index.
    """
    context = Context(flat)
    chains = {rule.number: list(_chain(context, rule)) for rule in rules_of(flat) if _is_long(rule)}
    if not chains:
        return flat
    definitions: list[Statement] = []
    for number, definition in enumerate(flat.definitions):
        definitions += chains.get(number, [definition])
    others = [statement for statement in flat.statements if not isinstance(statement, Definition)]
    return verify(flat.replace([*others, *context.lists, *definitions]), "chained_products")


def _is_long(part: RuleRows) -> bool:
    form = part.form
    if not isinstance(form, Reduction) or form.op != "prod":
        return False
    free = {index.index for index in part.definition.indices}
    counts = [0] * part.rows.count
    for parent in part.uses[0].parent.tolist():
        counts[parent] += 1
    return set(form.factor.use.indices) == free and min(counts, default=0) > 1


def _chain(context: Context, part: RuleRows) -> Iterator[Definition]:
    assert isinstance(part.form, Reduction)
    line = Line(context, part, part.form)
    definition = part.definition
    name = context.names.fresh(f"{definition.name}_upto")
    free: tuple[FreeIndex, ...] = definition.indices
    indices: tuple[Index, ...] = tuple(index.index for index in free)

    def upto(stretch: Stretch, step: int = 0) -> Factor:
        return Factor(use(name, (*stretch.owner.subscripts, shifted(stretch.place, step)), indices))

    for stretch in line.stretches("first"):
        yield rule(name, upto(stretch).use.subscripts, free, product(None, (stretch.factor,)), stretch.loops)
    for stretch in line.stretches("middle"):
        body = product(None, (upto(stretch, -1), stretch.factor))
        yield rule(name, upto(stretch).use.subscripts, free, body, stretch.loops)
    for stretch in line.stretches("last"):
        body = product(None, (upto(stretch, -1), stretch.factor))
        output = definition.role == "output"
        yield rule(definition.name, stretch.owner.subscripts, free, body, stretch.loops, output)
