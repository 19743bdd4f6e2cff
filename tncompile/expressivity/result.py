"""What is asked about a cut, and what is found."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Member = tuple[str, tuple[int, ...]]  # a tensor or definition and its subscripts: ("x", (3,))


@dataclass(frozen=True)
class Side:
    """Members of inputs, or of definitions that count as inputs, in order."""

    members: tuple[Member, ...]


@dataclass(frozen=True)
class CutSides:
    """A cut with its members looked up.

    ``fixed`` are inputs held at a random point. ``label`` says where the legs of the output belong:
    they are contracted with a generic vector, or a one-hot input of the rows or columns selects the entry.
    """

    name: str
    rows: Side
    columns: Side
    fixed: Side = Side(())
    label: Literal["contracted", "rows", "columns"] = "contracted"


@dataclass(frozen=True)
class Bound:
    """An upper bound of a rank, and what it counts.

    ``wires`` are the wires cut where the network is multilinear, with their extents; ``states`` the
    definition members (or inputs) that cross from one side to the other: (name, extent, degree).
    ``proof`` is the colouring that gives the value, for whoever wants to count again.
    """

    value: int
    wires: tuple[str, ...] = ()
    states: tuple[tuple[str, int, int], ...] = ()
    proof: object | None = None


@dataclass(frozen=True)
class RankResult:
    """The rank of one cut: ``lower <= rank <= upper``."""

    cut: CutSides
    of: str  # "function", "grid 3", "weights"
    lower: int
    upper: int | None
    verdict: Literal["exact", "probable", "at_least", "numerical"]
    failure: Fraction | None
    method: str
    primes: tuple[int, ...]
    seeds: tuple[int, ...]
    points: int
    seconds: float
    bound: Bound | None = None
    witness: tuple[int, int, int] | None = None  # value, base, exponent
    singular_values: tuple[float, ...] = ()
