"""Collecting the problems of a network, so that all of them are told, each once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tncompile.source import Diagnostic, Fault, Source, TnError


class Problems:
    """Diagnostics found so far, and what cannot be judged further because of them."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self.broken: set[str] = set()  # tensors and definitions of which not everything is known

    def add(self, diagnostic: Diagnostic, broken: str = "") -> None:
        """Notes a problem; ``broken`` names what is not fully known because of it."""
        if diagnostic not in self.found:
            self.found.append(diagnostic)
        if broken:
            self.broken.add(broken)

    @contextmanager
    def catching(self, broken: str) -> Iterator[None]:
        """Notes a Fault raised inside."""
        try:
            yield
        except Fault as fault:
            self.add(fault.diagnostic, broken)

    def raise_all(self, source: Source | None) -> None:
        """Raises TnError with everything found, in file order, if there is anything."""
        if self.found:
            raise TnError(sorted(self.found, key=lambda d: d.span.start), source)
