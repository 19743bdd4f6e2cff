"""What a flat network costs: exact counts for each class of instances, as numbers and as formulas in the sizes.

A contraction of two arrays that sums something costs 2 FLOPs for each combination of all its indices and
loop rounds (a multiplication and an addition), one that sums nothing, or has one operand, costs 1; to
copy costs none. A number in front (-1 too) costs 1 for each element of the result. A sum of n terms costs n - 1
for each element, a function 1. A reduction costs 1 for each element it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tncompile.network import (
    Extent,
    Formula,
    Index,
    Ints,
    Loop,
    Name,
    Network,
    Range,
    Rows,
    RuleClass,
    UseTable,
    nodes_of,
)
from tncompile.network.describe import describe_rows
from tncompile.plan.flatten.group import mentions
from tncompile.source.records import record
from tncompile.transform.flat import Apply, Combine, Contract, Factor, Form, Reduction, flat_form

ONE = Extent(1, Formula.constant(1))
ZERO = Extent(0, Formula.constant(0))


@record
class ClassCost:
    """The cost of the instances of one rule that have equal shapes, all together.

    ``number`` is the position of the rule in ``Network.definitions``.
    """

    name: str
    number: int
    instances: Extent
    flops: Extent
    writes: Extent  # elements written


@record
class Cost:
    """The cost of a flat network."""

    classes: tuple[ClassCost, ...]

    @property
    def flops(self) -> Extent:
        """Floating-point operations."""
        return total(one.flops for one in self.classes)

    @property
    def writes(self) -> Extent:
        """Elements written."""
        return total(one.writes for one in self.classes)


def cost(flat: Network) -> Cost:
    """The exact cost of a flat network; raises InternalError where a rule is not flat."""
    return Cost(tuple(_class_cost(flat, one) for one in flat.tables.classes))


def total(extents: Iterable[Extent]) -> Extent:
    """A sum."""
    value, formula = 0, Formula.constant(0)
    for extent in extents:
        value, formula = value + extent.value, formula + extent.formula
    return Extent(value, formula)


def times(left: Extent, right: Extent | int) -> Extent:
    """A product."""
    if isinstance(right, int):
        return Extent(left.value * right, left.formula * right)
    return Extent(left.value * right.value, left.formula * right.formula)


def product(extents: Iterable[Extent]) -> Extent:
    """A product of any number of extents."""
    result = ONE
    for extent in extents:
        result = times(result, extent)
    return result


def _class_cost(net: Network, rule_class: RuleClass) -> ClassCost:
    definition = rule_class.definition
    form = flat_form(replace(definition, body=rule_class.equation))
    instances = _instances(net, rule_class)
    result = product(rule_class.extents[index] for index in _free(net, rule_class))
    writes = times(instances, result)
    flops = _flops(net, rule_class, form, instances, writes)
    return ClassCost(definition.name, rule_class.number, instances, flops, writes)


def _free(net: Network, rule_class: RuleClass) -> Sequence[Index]:
    """The indices of the left side, loops written out: as many as the members have axes."""
    table = net.tables.tensors[rule_class.definition.name]
    block = table.blocks[int(table.block_of[rule_class.target[0]])] if rule_class.target.size else None
    free = tuple(rule_class.extents)
    return free[: len(block.shape)] if block is not None else ()


def _flops(net: Network, rule_class: RuleClass, form: Form, instances: Extent, writes: Extent) -> Extent:
    match form:
        case Contract(coefficient=coefficient, factors=factors, loops=loops):
            inner = _everything(net, rule_class, factors, loops, instances)
            summed = bool(loops) or inner != writes or _sums(rule_class, net, factors)
            return total(
                [times(inner, len(factors) - 1 + summed), times(writes, int(coefficient is not None))]
            )
        case Combine(terms=terms):
            scaled = sum(term.factor is not None and term.coefficient is not None for term in terms)
            return times(writes, len(terms) - 1 + scaled)
        case Apply(arguments=arguments, function=function):
            return times(writes, len(arguments) - 1 if function in ("max", "min") else 1)
        case Reduction(factor=factor, loops=loops):
            return _everything(net, rule_class, (factor,), loops, instances)


def _sums(rule_class: RuleClass, net: Network, factors: Sequence[Factor]) -> bool:
    """Whether an index is summed, even one of extent 1."""
    free = set(_free(net, rule_class))
    return any(index not in free for factor in factors for index in factor.use.indices)


def _everything(
    net: Network, rule_class: RuleClass, factors: Sequence[Factor], loops: Sequence[Loop], instances: Extent
) -> Extent:
    """All combinations of the indices of some factors and of the result, over all instances and rounds."""
    free = _free(net, rule_class)
    if not loops:
        indices = dict.fromkeys([*free, *(index for factor in factors for index in factor.use.indices)])
        return times(instances, product(rule_class.extents[index] for index in indices))
    uses = rule_class.uses
    rows, blocks = uses[0].rows, np.stack([_blocks(net, use) for use in uses])
    variants, which = np.unique(blocks, axis=1, return_inverse=True)
    counts = np.bincount(which.reshape(-1), minlength=variants.shape[1])
    rounds = _rounds(net, loops, rows, instances)
    parts = []
    for variant, count in zip(variants.T, counts.tolist(), strict=True):
        extents = {index: rule_class.extents[index] for index in free}
        for use, block in zip(uses, variant.tolist(), strict=True):
            shape = net.tables.tensors[use.use.name].blocks[block].shape
            extents.update(zip(use.use.indices, shape, strict=True))
        often = rounds if len(counts) == 1 else Extent(count, Formula.constant(count))
        parts.append(times(often, product(extents.values())))
    return total(parts)


def _blocks(net: Network, use: UseTable) -> Ints:
    return net.tables.tensors[use.use.name].block_of[use.positions]


# --- counts ------------------------------------------------------------------------------------


def _instances(net: Network, rule_class: RuleClass) -> Extent:
    """How many instances a class has, in the sizes where its loops are ranges."""
    count = rule_class.rows.count
    nests = describe_rows(rule_class.definition.loops, rule_class.rows, net.scope, lambda: "rows")
    if any(nest.lists for nest in nests):
        return Extent(count, Formula.constant(count))
    return _checked(net, count, _sum([_size(net, nest.loops) for nest in nests]))


def _rounds(net: Network, loops: Sequence[Loop], rows: Rows, instances: Extent) -> Extent:
    """How many rounds loops inside a rule have, over all instances."""
    size = _size(net, loops)
    return _checked(net, rows.count, None if size is None else size * instances.formula)


def _size(net: Network, loops: Sequence[Loop]) -> Formula | None:
    """The number of rounds as a formula; None where a range depends on a loop, or has a condition."""
    size = Formula.constant(1)
    variables = [name for loop in loops for name in loop.variables]
    for loop in loops:
        domain = loop.domain
        if not isinstance(domain, Range) or loop.condition is not None:
            return None
        if mentions(domain, variables) or any(_is_unknown(net, name) for name in _names(domain)):
            return None
        size = size * (net.scope.formula(domain.last) - net.scope.formula(domain.first) + 1)
    return size


def _names(domain: Range) -> list[str]:
    return [node.name for node in nodes_of(domain) if isinstance(node, Name)]


def _is_unknown(net: Network, name: str) -> bool:
    return net.scope.lookup(name) is None


def _sum(sizes: Sequence[Formula | None]) -> Formula | None:
    result = Formula.constant(0)
    for size in sizes:
        if size is None:
            return None
        result = result + size
    return result


def _checked(net: Network, count: int, formula: Formula | None) -> Extent:
    """The count with its formula, if that gives it."""
    values: Mapping[str, int] = {name: value for name, value in net.sizes.items() if isinstance(value, int)}
    if formula is not None and set(formula.atoms()) <= values.keys() and formula.value(values) == count:
        return Extent(count, formula)
    return Extent(count, Formula.constant(count))
