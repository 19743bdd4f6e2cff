"""What the study of a cut yields: its sides, bounds, ranks with their verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from fractions import Fraction
from typing import Literal

from tncompile.source.markup import html_table
from tncompile.source.numbers import number_text
from tncompile.source.records import record

Verdict = Literal["exact", "probable", "at_least", "numerical"]
Member = tuple[str, tuple[int, ...]]  # a name and subscripts


@record
class Side:
    """The inputs (or features, or the label) on one side of a cut: ``(("x", (1,)), ("x", (3,)))``."""

    members: tuple[Member, ...] = ()

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def texts(self) -> list[str]:
        """The members as a file says them."""
        return [member_text(member) for member in self.members]


@record
class CutSides:
    """A cut, written out. ``fixed`` are the inputs that are held at a random point."""

    name: str
    rows: Side
    columns: Side
    fixed: Side = Side()


@record
class ProofNode:
    """A node of a coloured graph.

    ``kind``: "leaf" (inputs of one side), "product" or "sum". ``below`` are the numbers of the nodes it is made from, -1 for
    a coefficient; ``powers``, ``axes`` (wires) and ``red`` (colours) belong to them one by one. ``extents`` are the
    extents of the wires of a product, ``open`` those of its left side. ``whole``: the uses of a product are coloured
    one by one and its wires are cut. ``is_red``: the node has the colour of the rows. ``inputs`` are the
    numbers of the inputs that a leaf is made from.
    """

    name: str
    kind: Literal["leaf", "product", "sum"]
    is_red: bool
    components: int
    below: tuple[int, ...] = ()
    powers: tuple[int, ...] = ()
    axes: tuple[tuple[int, ...], ...] = ()
    red: tuple[bool, ...] = ()
    extents: tuple[int, ...] = ()
    open: tuple[int, ...] = ()
    whole: bool = False
    constant: bool = False
    inputs: tuple[int, ...] = ()


@record
class Proof:
    """A coloured graph, each node after those it is made from, the score last.

    ``grid`` is the number of templates for each input where the bound holds on a grid only. ``symmetric`` are
    classes of inputs, by the numbers of their leaves, that can be exchanged: then only the inputs of one side cross.
    """

    nodes: tuple[ProofNode, ...]
    grid: int | None = None
    symmetric: tuple[tuple[int, ...], ...] = ()


@record
class Bound:
    """An upper bound and why it holds.

    ``wires`` are the wires cut; ``states`` the definition members crossed, each with its extent and the
    degree it is crossed with; ``symmetric`` the inputs that the score does not tell apart, where the bound counts
    symmetric functions of them. ``proof`` is the coloured graph from which the value can be counted again.
    """

    value: int
    wires: tuple[str, ...] = ()
    states: tuple[tuple[str, int, int], ...] = ()
    proof: Proof | None = field(default=None, repr=False, compare=False)
    symmetric: tuple[tuple[str, ...], ...] = ()


@record
class RankResult:
    """The rank of one cut, between ``lower`` and ``upper`` (None: no bound is known).

    ``failure`` bounds the probability that the rank is larger than ``lower`` (0 where it is certain, None
    where nothing is claimed). ``witness`` is (value, base, exponent) of the flow that certifies a lower bound.
    ``ranks`` holds the numerical ranks over random weights, ``singular_values`` those of the first.
    """

    cut: CutSides
    of: str  # "function", "grid M", "weights"
    lower: int
    upper: int | None
    verdict: Verdict
    failure: Fraction | None
    method: str
    primes: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    points: int = 0
    seconds: float = 0.0
    bound: Bound | None = None
    witness: tuple[int, int, int] | None = None
    singular_values: tuple[float, ...] = ()
    ranks: tuple[int, ...] = ()

    @property
    def exact(self) -> bool:
        """Is the rank known for certain?"""
        return self.verdict == "exact"

    @property
    def consequence(self) -> str:
        """What the rank says about shallow networks: a sum of products of functions of single inputs."""
        return f"a shallow network needs width ≥ {self.lower}" if self.lower > 1 else ""

    def to_dict(self) -> dict[str, object]:
        """The result as JSON has it."""
        found: dict[str, object] = {
            "cut": self.cut.name,
            "rows": self.cut.rows.texts(),
            "columns": self.cut.columns.texts(),
            "fixed": self.cut.fixed.texts(),
            "of": self.of,
            "lower": self.lower,
            "upper": self.upper,
            "exact": self.exact,
            "verdict": self.verdict,
            "failure": None if self.failure is None else float(self.failure),
            "method": self.method,
            "primes": list(self.primes),
            "seeds": list(self.seeds),
            "points": self.points,
            "seconds": round(self.seconds, 3),
            "consequence": self.consequence,
        }
        if self.bound is not None:
            states = [{"state": s, "extent": e, "degree": k} for s, e, k in self.bound.states]
            found["bound"] = {
                "value": self.bound.value,
                "wires": list(self.bound.wires),
                "states": states,
                "symmetric": list(map(list, self.bound.symmetric)),
            }
        if self.witness is not None:
            found["witness"] = dict(zip(("value", "base", "exponent"), self.witness, strict=True))
        if self.singular_values:
            found["singular_values"] = list(self.singular_values)
        if self.ranks:
            found["ranks"] = list(self.ranks)
        return found


@record
class RankReport:
    """The ranks of some cuts of a network. The shortcuts are for a report of a single cut.

    ``failures`` are cuts whose rank could not be found, each with the reason.
    """

    network: str
    sizes: dict[str, object]
    output: str
    results: tuple[RankResult, ...]
    interrupted: bool = False
    failures: tuple[tuple[str, str], ...] = ()
    certify: Callable[[int], dict[str, object]] | None = field(default=None, repr=False, compare=False)

    def __iter__(self) -> Iterator[RankResult]:
        return iter(self.results)

    @property
    def _single(self) -> RankResult:
        if len(self.results) != 1:
            raise ValueError(f"the report holds {len(self.results)} cuts: look at `results`")
        return self.results[0]

    @property
    def lower(self) -> int:
        """The proved (or found) lower bound."""
        return self._single.lower

    @property
    def upper(self) -> int | None:
        """The proved upper bound."""
        return self._single.upper

    @property
    def exact(self) -> bool:
        """Is the rank known for certain?"""
        return self._single.exact

    @property
    def of(self) -> str:
        """What the rank is the rank of."""
        return self._single.of

    @property
    def certificate(self) -> dict[str, object]:
        """What anyone needs to check the result again."""
        _ = self._single
        return self.certificates[0]

    @property
    def certificates(self) -> tuple[dict[str, object], ...]:
        """A certificate for each result, made when it is asked for."""
        return tuple(self.certify(i) for i in range(len(self.results))) if self.certify is not None else ()

    def _repr_html_(self) -> str:
        sizes = ", ".join(f"{name} = {value}" for name, value in self.sizes.items())
        bounds = ["–" if r.upper is None else number_text(r.upper) for r in self.results]
        rows = [
            (r.cut.name, r.of, number_text(r.lower), bound, r.verdict.replace("_", " "))
            for r, bound in zip(self.results, bounds, strict=True)
        ]
        failed = [(cut, "–", "–", "–", reason) for cut, reason in self.failures]
        header = ("cut", "of", "rank", "bound", "verdict")
        return html_table(f"{self.network}: {sizes}" if sizes else self.network, header, [*rows, *failed])

    def to_dict(self) -> dict[str, object]:
        """The report as one JSON object."""
        return {
            "network": self.network,
            "sizes": dict(self.sizes),
            "output": self.output,
            "cuts": [result.to_dict() for result in self.results],
            "interrupted": self.interrupted,
            "failures": [{"cut": cut, "reason": reason} for cut, reason in self.failures],
        }


def member_text(member: Member) -> str:
    """``x[3]``, ``top``."""
    name, subscripts = member
    return f"{name}[{', '.join(map(str, subscripts))}]" if subscripts else name
