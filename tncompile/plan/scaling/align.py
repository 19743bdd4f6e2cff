"""Sums of scaled numbers: their terms are brought to the exponent of the largest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tncompile.network import Expr, Extent
from tncompile.plan.folding.steps import labels_of
from tncompile.plan.scaling.analysis import summed_scales
from tncompile.plan.scaling.exponents import Exponents, whole_number, with_function
from tncompile.plan.schedule import Access, Step

Extents = Mapping[str, Extent]


@dataclass
class Aligner:
    """Writes the steps that align into ``steps``."""

    exponents: Exponents
    steps: list[Step] = field(default_factory=list)

    # --- sums over labels -----------------------------------------------------------------------------

    def over_labels(self, step: Step, of: Access) -> None:
        """A sum, or the largest or smallest, over labels along which exponents differ."""
        summed, word = set(summed_scales(step, self.exponents)), step.result.buffer
        sizes = []
        for access in step.operands:
            own = self.exponents.access(access)
            if summed & set(self.exponents.labels(access)):
                sizes.append(self.measured(access, own, step.labels))
            elif own is not None:
                sizes.append(own)
        size = self.together(f"{word}_sizes", sizes, step.labels)
        gone = tuple(label for label in self.exponents.labels(size) if label in step.summed)
        to = self._target(step, of)
        self.steps.append(Step("reduce", to, (size,), step.labels, summed=gone, function="max"))
        chosen = self._carrier(step, size)
        operands, whole = list(step.operands), self.together(f"{word}_terms", self.known(step), step.labels)
        operands[chosen] = self._moved(operands[chosen], whole, size, to, step.labels)
        self.steps.append(replace(step, operands=tuple(operands)))
        self._arrived(of, to, step.labels)

    def _target(self, step: Step, of: Access) -> Access:
        """Where the exponents of a result are put: elsewhere at first, if those of an operand are still needed there."""
        if not any(access.buffer == of.buffer for access in self.known(step)):
            return of
        labels = self.exponents.labels(of)
        return self.exponents.temporary(f"{of.buffer}_next", labels, step.labels, of.buffer, exponents=True)

    def _arrived(self, of: Access, to: Access, extents: Extents) -> None:
        if to is not of:
            self.total(of, [to], extents)

    def _carrier(self, step: Step, exponents: Access) -> int:
        """The operand that is multiplied by powers of two: one with all labels of these, and few others."""
        wanted = set(self.exponents.labels(exponents))

        def cost(number: int) -> tuple[int, int]:
            labels = set(labels_of(step.operands[number]))
            size = 1
            for label in labels | wanted:
                size *= step.labels[label].value
            return len(wanted - labels), size

        return min(range(len(step.operands)), key=cost)

    # --- sums of terms --------------------------------------------------------------------------------

    def over_terms(self, step: Step, of: Access) -> None:
        """A sum of several terms, or the largest or smallest of several."""
        operands, coefficients = list(step.operands), list(step.coefficients or [None] * len(step.operands))
        own = [self.exponents.access(access) for access in operands]
        sizes = [self.measured(a, e, step.labels) for a, e in zip(operands, own, strict=True)]
        value = 0 if step.constant is None else abs(self.exponents.number(step.constant))
        if step.constant is not None and value:
            operands.append(self._number("constant", step.constant, step, exponents=False))
            coefficients.append(None)
            own.append(None)
            size = whole_number(math.frexp(value)[1])
            sizes.append(self._number("size_constant", size, step, exponents=True))
        to = self._target(step, of)
        self.steps.append(with_function("max", to, sizes, step.labels))
        moved = [
            self._moved(access, e, size, to, step.labels)
            for access, e, size in zip(operands, own, sizes, strict=True)
        ]
        if step.op == "combine":
            step = replace(step, coefficients=tuple(coefficients), constant=None)
        self.steps.append(replace(step, operands=tuple(moved)))
        self._arrived(of, to, step.labels)

    def _number(self, word: str, number: Expr, step: Step, exponents: bool) -> Access:
        """A number as an array without axes."""
        place = self.exponents.temporary(word, (), {}, step.result.buffer, exponents)
        self.steps.append(Step("combine", place, (), {}, constant=number))
        return place

    # --- parts ----------------------------------------------------------------------------------------

    def known(self, step: Step) -> list[Access]:
        """The exponents of the operands that have some."""
        found = (self.exponents.access(access) for access in step.operands)
        return [access for access in found if access is not None]

    def total(self, result: Access, terms: Sequence[Access], extents: Extents, minus: int = 0) -> None:
        """The sum of exponents, the last ``minus`` of them subtracted; nothing is 0."""
        self.steps.append(self.exponents.sum_of(result, terms, extents, minus))

    def plain(self, access: Access, of: Access, extents: Extents) -> Access:
        """The numbers themselves, which may over- or underflow."""
        place = self._room("plain", access, labels_of(access), extents)
        self.steps.append(with_function("plain", place, (access, of), extents))
        return place

    def _room(self, word: str, access: Access, labels: Sequence[str], extents: Extents) -> Access:
        name = f"{access.buffer}_{word}"
        return self.exponents.temporary(name, labels, extents, access.buffer, exponents=False)

    def together(self, word: str, terms: Sequence[Access], extents: Extents) -> Access:
        """The sum of exponents as an array of its own; of a single one that itself."""
        if len(terms) == 1:
            return terms[0]
        labels = tuple(dict.fromkeys(label for access in terms for label in self.exponents.labels(access)))
        place = self.exponents.temporary(f"scale_{word}", labels, extents, terms[0].buffer, exponents=True)
        self.total(place, terms, extents)
        return place

    def measured(self, access: Access, own: Access | None, extents: Extents) -> Access:
        """The exponents of the numbers that an operand stands for: mantissas may be a few rounds away from 1."""
        labels = self.exponents.labels(access)
        rest = tuple(label for label in labels_of(access) if label not in labels)
        word = f"size_{access.buffer}"
        place = self.exponents.temporary(word, labels, extents, access.buffer, exponents=True)
        needed = {label: extents[label] for label in (*labels, *rest)}
        operands = (access, *([] if own is None else [own]))
        self.steps.append(Step("measure", place, operands, needed, summed=rest))
        return place

    def _moved(
        self, access: Access, own: Access | None, size: Access, to: Access, extents: Extents
    ) -> Access:
        """What an operand with the exponents ``own`` is at the exponents ``to``; ``size`` is what was measured."""
        exponents = (*([] if own is None else [own]), size, to)
        more = [label for e in exponents for label in self.exponents.labels(e)]
        labels = tuple(dict.fromkeys([*labels_of(access), *more]))
        place = self._room("moved", access, labels, extents)
        called = "lower" if own is None else "shift"
        self.steps.append(with_function(called, place, (access, *exponents), extents))
        return place
