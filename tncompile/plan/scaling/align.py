"""Sums of scaled numbers: their terms are brought to the exponent of the largest."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tncompile.network import Expr, Extent
from tncompile.plan.scaling.analysis import summed_scales
from tncompile.plan.scaling.exponents import Exponents, every_label, whole_number, with_function
from tncompile.plan.schedule import Access, Step

Extents = Mapping[str, Extent]


@dataclass
class Aligner:
    """Writes the steps that align into ``steps``. ``near`` says which buffers are sure to be near 1."""

    exponents: Exponents
    near: Mapping[str, bool]
    steps: list[Step] = field(default_factory=list)
    copies: dict[str, str] = field(default_factory=dict)  # inputs and weights -> the same, brought to size

    # --- inputs and weights ---------------------------------------------------------------------------

    def prepare(self, names: Collection[str]) -> None:
        """Copies of inputs, weights and constants that are brought to size, each with its exponents."""
        for name in sorted(names):
            access, labels = self.exponents.whole(name)
            outside = self.exponents.access(access)
            own = self.exponents.fresh(f"{name}_near")
            self.exponents.buffers[own] = replace(self.exponents.buffers[name], name=own, role="value")
            self.exponents.add(own)
            copy = replace(access, buffer=own)
            measured = self._measured(access, labels)
            self.steps.append(with_function("lower", copy, (access, measured), labels))
            of = self.exponents.access(copy)
            assert of is not None
            self.total(of, [measured, *([] if outside is None else [outside])], labels)
            self.copies[name] = own

    def with_prepared(self, step: Step) -> Step:
        """The step, reading those copies."""
        operands = (replace(a, buffer=self.copies.get(a.buffer, a.buffer)) for a in step.operands)
        return replace(step, operands=tuple(operands))

    # --- sums over labels -----------------------------------------------------------------------------

    def over_labels(self, step: Step, of: Access) -> None:
        """A sum, or the largest or smallest, over labels along which exponents differ."""
        summed, word = set(summed_scales(step, self.exponents)), step.result.buffer
        known = self._together(f"{word}_terms", self.known(step), step.labels)
        varying = [a for a in step.operands if summed & set(self.exponents.labels(a))]
        size = self._together(f"{word}_sizes", [known, *self._unsure(varying, step.labels)], step.labels)
        gone = tuple(label for label in self.exponents.labels(size) if label in summed)
        self.steps.append(Step("reduce", of, (size,), step.labels, summed=gone, function="max"))
        chosen = self._carrier(step, known)
        operands = list(step.operands)
        operands[chosen] = self._moved(operands[chosen], known, of, step.labels)
        self.steps.append(replace(step, operands=tuple(operands)))

    def _carrier(self, step: Step, exponents: Access) -> int:
        """The operand that is multiplied by powers of two: one with all labels of these, and few others."""
        wanted = set(self.exponents.labels(exponents))

        def cost(number: int) -> tuple[int, int]:
            labels = set(every_label(step.operands[number]))
            size = 1
            for label in labels | wanted:
                size *= step.labels[label].value
            return len(wanted - labels), size

        return min(range(len(step.operands)), key=cost)

    # --- sums of terms --------------------------------------------------------------------------------

    def over_terms(self, step: Step, of: Access) -> None:
        """A sum of several terms, or the largest or smallest of several."""
        operands, coefficients = list(step.operands), list(step.coefficients or [None] * len(step.operands))
        sizes = []
        for access in operands:
            own = self.exponents.access(access)
            terms = [*([] if own is None else [own]), *self._unsure([access], step.labels)]
            sizes.append(self._together(f"{access.buffer}_sizes", terms, step.labels))
        value = 0 if step.constant is None else abs(self.exponents.number(step.constant))
        if step.constant is not None and value:
            operands.append(self._number("constant", step.constant, step, exponents=False))
            coefficients.append(None)
            size = whole_number(math.frexp(value)[1] - 1)
            sizes.append(self._number("size_constant", size, step, exponents=True))
        self.steps.append(with_function("max", of, sizes, step.labels))
        moved = [self._moved(access, self.exponents.access(access), of, step.labels) for access in operands]
        if step.op == "combine":
            step = replace(step, coefficients=tuple(coefficients), constant=None)
        self.steps.append(replace(step, operands=tuple(moved)))

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
        place = self._room("plain", access, every_label(access), extents)
        self.steps.append(with_function("plain", place, (access, of), extents))
        return place

    def _room(self, word: str, access: Access, labels: Sequence[str], extents: Extents) -> Access:
        name = f"{access.buffer}_{word}"
        return self.exponents.temporary(name, labels, extents, access.buffer, exponents=False)

    def _together(self, word: str, terms: Sequence[Access], extents: Extents) -> Access:
        """The sum of exponents as an array of its own; of a single one that itself."""
        if len(terms) == 1:
            return terms[0]
        labels = tuple(dict.fromkeys(label for access in terms for label in self.exponents.labels(access)))
        place = self.exponents.temporary(f"scale_{word}", labels, extents, terms[0].buffer, exponents=True)
        self.total(place, terms, extents)
        return place

    def _unsure(self, accesses: Sequence[Access], extents: Extents) -> list[Access]:
        """What is measured of those operands that may be far from 1."""
        return [self._measured(a, extents) for a in accesses if not self._is_near(a.buffer)]

    def _is_near(self, name: str) -> bool:
        return self.near.get(name, False) or name in self.copies.values()

    def _measured(self, access: Access, extents: Extents) -> Access:
        labels = self.exponents.labels(access)
        rest = tuple(label for label in every_label(access) if label not in labels)
        place = self.exponents.temporary(
            f"size_{access.buffer}", labels, extents, access.buffer, exponents=True
        )
        needed = {label: extents[label] for label in (*labels, *rest)}
        self.steps.append(Step("measure", place, (access,), needed, summed=rest))
        return place

    def _moved(self, access: Access, own: Access | None, to: Access, extents: Extents) -> Access:
        """What an operand with the exponents ``own`` is at the exponents ``to``."""
        exponents = (*([] if own is None else [own]), to)
        labels = [*every_label(access)]
        labels += [label for e in exponents for label in self.exponents.labels(e) if label not in labels]
        place = self._room("moved", access, labels, extents)
        called = "lower" if own is None else "shift"
        self.steps.append(with_function(called, place, (access, *exponents), extents))
        return place
