"""Collecting the problems of a network, so that all of them are told, each once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tncompile.network.syntax import Statement
from tncompile.source import Diagnostic, Fault, Source, Span, TnError


class Problems:
    """Diagnostics found so far, and what cannot be judged further because of them."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self._places: set[Span | Diagnostic] = set()
        self.broken: set[str] = set()  # tensors and definitions of which not everything is known
        self.unreadable: list[Statement] = []  # statements that later steps leave alone

    def add(self, diagnostic: Diagnostic, broken: str = "") -> None:
        """Notes a problem; ``broken`` names what is not fully known because of it.

        Of several problems at one place the first is told: the others mostly follow from it.
        """
        place = diagnostic.span if diagnostic.span.start >= 0 else diagnostic
        if place not in self._places:
            self._places.add(place)
            self.found.append(diagnostic)
        if broken:
            self.broken.add(broken)

    def leave_alone(self, statement: Statement) -> None:
        """Marks a statement that cannot be understood."""
        self.unreadable.append(statement)

    def readable(self, statement: Statement) -> bool:
        """Whether a statement can be understood as far as is known."""
        return not any(other is statement for other in self.unreadable)

    @contextmanager
    def catching(self, broken: str = "") -> Iterator[None]:
        """Notes a Fault raised inside; ``broken`` as in `add`."""
        try:
            yield
        except Fault as fault:
            self.add(fault.diagnostic, broken)

    def raise_all(self, source: Source | None) -> None:
        """Raises TnError with everything found, in file order, if there is anything."""
        if self.found:
            raise TnError(sorted(self.found, key=lambda d: d.span.start), source)
