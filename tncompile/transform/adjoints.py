"""What flows back through the rules of a flat network, form by form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tncompile.network import Definition, Expr, Loop, Reduce, Use
from tncompile.transform.build import conjugate_number, use
from tncompile.transform.context import Context
from tncompile.transform.contribution import Contribution
from tncompile.transform.flat import Combine, Contract, Factor
from tncompile.transform.instances import Mask, RuleRows, UseRows


@dataclass(frozen=True, eq=False)
class Backward:
    """What the adjoint of a rule needs to know of the whole: who needs an adjoint, and its name."""

    context: Context
    needed: Mapping[str, Mask]
    bars: Mapping[str, str]
    complex: bool

    def bar(self, rule: RuleRows) -> Factor:
        """The adjoint of what the rule defines, with the rule's own subscripts and indices."""
        definition = rule.definition
        return Factor(own_use(definition, self.bars[definition.name]))

    def conjugate(self, factor: Factor) -> Factor:
        """The conjugate of a factor, where the numbers are complex."""
        return factor.conjugated() if self.complex else factor

    def contributions(
        self,
        used: UseRows,
        factor: Factor,
        coefficient: Expr | None,
        others: tuple[Factor, ...],
        loops: tuple[Loop, ...],
        before: tuple[Definition, ...] = (),
    ) -> list[Contribution]:
        """What ``coefficient * factor * ...`` adds to the adjoint of ``factor``, given the adjoint times the rest.

        ``others`` holds the adjoint of the result and the factors beside ``factor``, these not yet
        conjugated; the adjoint stands first.
        """
        chosen = self.needed[used.use.name][used.positions] & self.needed[self._target(used)][used.target]
        ...
