"""What flows back through sums and products, and what all forms share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field

import numpy as np

from tncompile.network import Definition, Expr, Index, Ints, Loop, Number
from tncompile.source.records import record
from tncompile.transform.adjoint.contribution import Contribution
from tncompile.transform.adjoint.instances import Mask, RuleRows, UseRows
from tncompile.transform.build import conjugate_number, rule, times, use
from tncompile.transform.context import Context, loop_variables, variables_in
from tncompile.transform.flat import Combine, Contract, Factor


@record(eq=False)
class Backward:
    """Adjoints in the making: their names, which members have one, and what has been found so far.

    ``helpers`` are rules that contributions read, kept under the definition they belong to.
    """

    context: Context
    needed: Mapping[str, Mask]
    bars: Mapping[str, str]
    complex: bool
    contributions: dict[str, list[Contribution]] = field(default_factory=dict)
    helpers: dict[str, list[Definition]] = field(default_factory=dict)
    helper_names: dict[tuple[str, int, str], str] = field(default_factory=dict)

    def bar(self, part: RuleRows) -> Factor:
        """The adjoint of what a rule defines, with the subscripts and indices of the rule."""
        return result_of(part.definition, self.bars[part.definition.name])

    def conjugate(self, factor: Factor) -> Factor:
        """The conjugate of a factor, where the numbers are complex."""
        return factor.conjugated() if self.complex else factor

    def add(
        self,
        part: RuleRows,
        used: UseRows,
        factor: Factor,
        coefficient: Expr | None,
        factors: Sequence[Factor],
        loops: Sequence[Loop],
        beside: UseRows | None = None,
    ) -> None:
        """Notes that ``coefficient * factors`` is the adjoint of ``factor``, which may be a conjugate.

        ``beside`` is the use of the other factor of a product.
        """
        if factor.conjugate and self.complex:
            coefficient = conjugate_number(coefficient)
            factors = [f.conjugated() for f in factors]
        indices = {i for f in factors for i in f.use.indices}
        shapes = self._shapes(part, used, indices - set(factor.use.indices), beside)
        plain = plain_indices([*factor.use.indices, *sorted(indices, key=str)], loops)
        whole = Contribution(
            used.use.name,
            factor.use.subscripts,
            tuple(plain.get(i, i) for i in factor.use.indices),
            coefficient,
            tuple(f.with_indices(plain) for f in factors),
            tuple(loops),
            used.rows,
            used.positions,
            shapes,
        )
        chosen = self.needed[used.use.name][used.positions]
        self.contributions.setdefault(used.use.name, []).extend(whole.only(self.context, chosen))

    def _shapes(
        self, part: RuleRows, used: UseRows, summed: Collection[Index], beside: UseRows | None
    ) -> Ints:
        """A number for each row, the same where all summed indices have the same extents."""
        shapes = part.shapes(summed)[used.parent]
        if beside is None or all(index in part.extents[0] for index in summed):
            return shapes
        # An index that depends on a loop of the sum: its extent is known from what it belongs to.
        blocks = self.context.network.tables.tensors[beside.use.name].block_of[beside.positions]
        return np.unique(np.array([shapes, blocks]), axis=1, return_inverse=True)[1].reshape(-1)

    def wants(self, used: UseRows) -> bool:
        """Whether any member that a use leads to has an adjoint."""
        return bool(self.needed[used.use.name][used.positions].any())

    def helper_name(self, part: RuleRows, suffix: str) -> str:
        """The name of a helper of a rule: the same for all parts of the rule."""
        key = (part.definition.name, part.number, suffix)
        if key not in self.helper_names:
            self.helper_names[key] = self.context.names.fresh(f"{part.definition.name}_{suffix}")
        return self.helper_names[key]

    def helper(self, part: RuleRows, suffix: str, body: Expr) -> Factor:
        """A rule beside a rule, with the same members and indices; returns its use."""
        definition = part.definition
        name = self.helper_name(part, suffix)
        self.add_helper(part, rule(name, definition.subscripts, definition.indices, body, definition.loops))
        return result_of(definition, name)

    def add_helper(self, part: RuleRows, definition: Definition) -> None:
        """Notes a rule that contributions read."""
        self.helpers.setdefault(part.definition.name, []).append(definition)


def plain_indices(indices: Sequence[Index], loops: Sequence[Loop]) -> dict[Index, Index]:
    """Names without subscripts for the indices whose subscripts follow a loop: `a` for `a[w]`.

    One contribution is one product, so that each of its indices can do with a name.
    """
    variables = set(loop_variables(loops))
    taken = {i.name for i in indices if not variables & variables_in(i.subscripts)}
    plain: dict[Index, Index] = {}
    for index in indices:
        if index not in plain and variables & variables_in(index.subscripts):
            name = index.name
            while name in taken:
                name += "'"
            taken.add(name)
            plain[index] = Index(name)
    return plain


def result_of(definition: Definition, name: str = "") -> Factor:
    """What a rule defines, or what ``name`` has in its place, with its subscripts and indices."""
    return Factor(
        use(name or definition.name, definition.subscripts, [free.index for free in definition.indices])
    )


def used_factors(part: RuleRows, factors: Sequence[Factor]) -> Iterator[tuple[UseRows, Factor]]:
    """The factors that are tensors, with the rows of each."""
    return zip(part.uses, (f for f in factors if f.use.name != "delta"), strict=True)


def contract_adjoint(back: Backward, part: RuleRows, form: Contract) -> None:
    """Of each factor: the conjugate of the other, times the adjoint of the product."""
    loops = (*part.definition.loops, *form.loops)
    coefficient = conjugate_number(form.coefficient) if back.complex else form.coefficient
    factors = list(used_factors(part, form.factors))
    if len(factors) == 2 and factors[0][1] == factors[1][1]:
        # A square: both factors say the same.
        factors, coefficient = factors[:1], times(Number("2"), coefficient)
    for used, factor in factors:
        others = [back.conjugate(f) for f in form.factors if f is not factor]
        if back.wants(used):
            beside = next((u for u, f in factors if f is not factor), None)
            back.add(part, used, factor, coefficient, [back.bar(part), *others], loops, beside)


def combine_adjoint(back: Backward, part: RuleRows, form: Combine) -> None:
    """Of each term: its coefficient times the adjoint, summed over the indices that the term lacks."""
    terms = [term for term in form.terms if term.factor is not None and term.factor.use.name != "delta"]
    for used, term in zip(part.uses, terms, strict=True):
        assert term.factor is not None
        coefficient = conjugate_number(term.coefficient) if back.complex else term.coefficient
        if back.wants(used):
            back.add(part, used, term.factor, coefficient, [back.bar(part)], part.definition.loops)
