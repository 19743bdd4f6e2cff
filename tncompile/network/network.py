"""The graph IR: a network whose sizes are bound. Rules are kept; everything else is derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from importlib import import_module
from typing import Literal

from tncompile.network.syntax import Cut, Definition, Field, Size, Statement, Tensor
from tncompile.network.syntax.text import network_text
from tncompile.network.tables import Tables
from tncompile.network.values.held import FamilyValue, Lists
from tncompile.network.values.scope import Scope
from tncompile.network.written.build import build_tables
from tncompile.source import Source
from tncompile.source.records import record


@record
class Network:
    """A tensor network as rules: sizes, tensors, definitions, outputs, cuts.

    The default of each size is the value bound, so a network stands for itself: ``str(net)`` is
    `.tn` text that is read back as an equal network. ``source`` is the text that diagnostics point
    into, where there is one.
    """

    name: str
    statements: tuple[Statement, ...]
    doc: str = ""
    source: Source | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return network_text(self)

    def _repr_svg_(self) -> str:
        # A notebook shows a network as its drawing. `draw` stands on networks, so it is fetched here.
        text: str = import_module("tncompile.draw").draw(self).svg()
        return text

    def replace(self, statements: Iterable[Statement]) -> Network:
        """The same network with other statements."""
        return replace(self, statements=tuple(statements))

    @cached_property
    def scope(self) -> Scope:
        """Evaluation of expressions at the bound sizes."""
        return Scope(self.statements)

    @cached_property
    def sizes(self) -> Mapping[str, object]:
        """The bound sizes and numbers: an integer or number, a tuple for a family (in member order) or a list."""
        values: dict[str, object] = {}
        for statement in self.statements:
            if isinstance(statement, Size):
                value = self.scope.lookup(statement.name)
                if isinstance(value, FamilyValue):
                    values[statement.name] = tuple(value.values.tolist())
                elif isinstance(value, Lists):
                    values[statement.name] = _tuples(value.pool[0])
                else:
                    values[statement.name] = value
        return values

    @cached_property
    def field(self) -> Literal["real", "complex"]:
        """What the numbers are."""
        return next((s.name for s in self.statements if isinstance(s, Field)), "real")

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """Declared inputs, weights and constants, in file order."""
        return {s.name: s for s in self.statements if isinstance(s, Tensor)}

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """All rules, in file order."""
        return tuple(s for s in self.statements if isinstance(s, Definition))

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs, in file order."""
        return tuple(dict.fromkeys(s.name for s in self.definitions if s.role == "output"))

    @cached_property
    def cuts(self) -> Mapping[str, Cut]:
        """The named cuts, in file order."""
        return {s.name: s for s in self.statements if isinstance(s, Cut)}

    @cached_property
    def tables(self) -> Tables:
        """The network written out (see `Tables`). Raises TnError with every problem of the network."""
        return build_tables(self.statements, self.scope, self.source)


def _tuples(value: object) -> object:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
