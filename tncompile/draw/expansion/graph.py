"""What a drawing is of: nodes, and wires that flow from the inputs to the outputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import Literal

from tncompile.network import Extent
from tncompile.source.records import record

Kind = Literal["weight", "derived", "input", "constant", "number", "function", "state", "dot", "open", "gap"]

Home = tuple[str, tuple[int, ...]]
"""A member of a definition, by name and subscripts."""

FLOWING = frozenset({"function", "state"})
"""Kinds of nodes whose wires have a direction: something goes in, something comes out."""


@record
class Node:
    """One mark on the paper.

    ``name`` is the tensor's, the definition's (a state) or the operation's; ``home`` is the
    instance of the definition in whose equation the node stands.
    """

    kind: Kind
    name: str
    subscripts: tuple[int, ...] = ()
    home: Home = ("", ())
    variables: tuple[int, ...] = ()  # values of the loops around the use
    span: float = 0.0  # how wide the mark is, where it reaches over several columns
    tag: Home | None = None  # the definition whose value comes out of an operation


@record
class Wire:
    """A wire between two nodes, from ``source`` towards the outputs; without extent it is a number.

    ``names`` says which indices it is, as ``a of h[3]``.
    """

    source: int
    target: int
    extent: Extent | None
    names: tuple[str, ...] = field(default=(), compare=False)


@record
class Graph:
    """Nodes by number, and the wires between them."""

    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    below: tuple[tuple[int, ...], ...] = field(init=False, compare=False, repr=False)
    above: tuple[tuple[int, ...], ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        below: list[dict[int, None]] = [{} for _ in self.nodes]
        above: list[dict[int, None]] = [{} for _ in self.nodes]
        for wire in self.wires:
            below[wire.target][wire.source] = None
            above[wire.source][wire.target] = None
        object.__setattr__(self, "below", tuple(map(tuple, below)))
        object.__setattr__(self, "above", tuple(map(tuple, above)))

    def around(self, node: int) -> tuple[int, ...]:
        """The neighbours of a node, each once."""
        return tuple(dict.fromkeys(self.below[node] + self.above[node]))

    def keep(self, kept: Iterable[int]) -> Graph:
        """The graph of some of the nodes, numbered anew in their old order, and the wires between them."""
        number = {old: new for new, old in enumerate(sorted(set(kept)))}
        wires = tuple(
            replace(wire, source=number[wire.source], target=number[wire.target])
            for wire in self.wires
            if wire.source in number and wire.target in number
        )
        return Graph(tuple(self.nodes[old] for old in number), wires)

    def components(self) -> list[list[int]]:
        """Sets of nodes that hang together, each in increasing order."""
        seen: set[int] = set()
        result = []
        for start in range(len(self.nodes)):
            if start in seen:
                continue
            seen.add(start)
            stack, part = [start], []
            while stack:
                node = stack.pop()
                part.append(node)
                fresh = [other for other in self.around(node) if other not in seen]
                seen.update(fresh)
                stack += fresh
            result.append(sorted(part))
        return result
