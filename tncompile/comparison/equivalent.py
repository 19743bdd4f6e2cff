"""The least width at which a network can have given ranks: searched with bounds of the graph, confirmed by exact ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tncompile.expressivity.cuts import Study, studies
from tncompile.expressivity.polynomials.polynomial import NotPolynomial
from tncompile.expressivity.rank import Options as Asked
from tncompile.expressivity.rank import rank_of
from tncompile.expressivity.upper.bounds import upper_bound
from tncompile.language import load
from tncompile.network import Network
from tncompile.source import TnError
from tncompile.source.records import record

LARGEST = 2**20  # widths that are tried
TRIES = 12  # widths above the first that the bounds allow, until one has the ranks
Options = Mapping[str, Any]


def equivalent_widths(net: Network, options: Options) -> dict[str, Any]:
    """For each of ``options["targets"]``, ranks by cut, the least width that has them at every cut.

    ``options["width"]`` names the size that is the width, ``options["cuts"]`` the cuts as they were asked for, and
    ``options["known"]`` holds ranks that were found already, by width and cut: ``[lower, verdict]``.
    """
    search = _Search(net, options)
    return {"widths": [search.solve(target) for target in options["targets"]]}


@record
class _Answer:
    """See `EquivalentWidth`."""

    width: int | None
    decided: str
    cut: str | None
    reason: str | None = None


@record
class _Found:
    """A rank at a cut, as far as it matters whether it reaches what is wanted; ``verdict`` as of a rank."""

    cut: str
    lower: int
    verdict: str


class _Search:
    def __init__(self, net: Network, options: Options) -> None:
        self.net, self.options = net, options
        self._studies: dict[int, dict[str, Study]] = {}
        self._bounds: dict[tuple[int, str], int | None] = {}

    def solve(self, target: Mapping[str, int]) -> dict[str, Any]:
        """The least width that has at least the rank of ``target`` at each of its cuts."""
        return asdict(self._answer(target))

    def _answer(self, target: Mapping[str, int]) -> _Answer:
        floor, deciding = 1, None
        for cut, wanted in target.items():
            least = self._least(cut, wanted)
            if least is None:
                return _Answer(None, "unreachable", cut)
            if least > floor or deciding is None:
                floor, deciding = least, cut
        if floor > LARGEST:
            return _Answer(floor, "at_least", deciding)
        return self._confirmed(floor, deciding, target)

    def _least(self, cut: str, wanted: int) -> int | None:
        """The least width whose bound allows a rank at a cut; None where no width's does."""
        if self._is_unreachable(cut, wanted):
            return None
        width = 1
        while not self._allows(width, cut, wanted):
            if width >= LARGEST:
                return LARGEST + 1
            width *= 2
        low, high = width // 2, width
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._allows(middle, cut, wanted) else (middle, high)
        return high

    def _is_unreachable(self, cut: str, wanted: int) -> bool:
        """Whether the bound has stopped to grow below what is wanted.

        Where it is the same at two widths that are far apart, the best cut at the larger one crosses no wire of the width (it would be
        better at the smaller one), so it bounds the rank at every width.
        """
        large, larger = self._bound(LARGEST // 2, cut), self._bound(LARGEST, cut)
        return large == larger and large is not None and 0 < large < wanted

    def _confirmed(self, floor: int, deciding: str | None, target: Mapping[str, int]) -> _Answer:
        """The first width from ``floor`` on whose ranks suffice; below it the bounds do not allow them."""
        decided = "proved"
        for width in range(floor, floor + TRIES):
            found = [(self._rank(width, cut, wanted), wanted) for cut, wanted in target.items()]
            sampled = next((rank.cut for rank, _ in found if rank.verdict == "numerical"), None)
            if sampled is not None:
                return _Answer(None, "unknown", sampled, "its ranks are those of sampled weights")
            short = [rank for rank, wanted in found if rank.lower < wanted]
            if not short:
                return _Answer(width, decided, deciding)
            known = {rank.verdict: rank for rank in short}  # one that is exact is the best reason
            reason = known.get("exact") or known.get("probable")
            if reason is None:
                return _Answer(width, "at_least", deciding)
            deciding = reason.cut
            decided = "probable" if reason.verdict == "probable" else decided
        return _Answer(floor + TRIES, "at_least", deciding)

    # --- ranks at a width ------------------------------------------------------------------------

    def _allows(self, width: int, cut: str, wanted: int) -> bool:
        bound = self._bound(width, cut)
        return bound is None or bound >= wanted

    def _bound(self, width: int, cut: str) -> int | None:
        """The upper bound of a rank; None where there is none, 0 at a width that the file refuses."""
        if (width, cut) not in self._bounds:
            try:
                self._bounds[width, cut] = self._bounded(self._at(width)[cut])
            except TnError:
                self._bounds[width, cut] = 0
        return self._bounds[width, cut]

    def _bounded(self, study: Study) -> int | None:
        try:
            bound = upper_bound(study.net, study.sides, grid=self.options.get("grid"))
        except NotPolynomial:
            return None
        return None if bound is None else bound.value

    def _rank(self, width: int, cut: str, wanted: int) -> _Found:
        """The rank, from what is known if that decides."""
        lower, verdict = self.options.get("known", {}).get(str(width), {}).get(cut, (0, "at_least"))
        if lower >= wanted or verdict in ("exact", "probable"):
            return _Found(cut, lower, verdict)
        points = min(wanted, self.options["points"])
        asked = Asked(grid=self.options.get("grid"), points=points, seed=self.options.get("seed", 0))
        result = rank_of(self._at(width)[cut], asked)
        return _Found(cut, result.lower, result.verdict)

    def _at(self, width: int) -> dict[str, Study]:
        """The cuts at a width, by name."""
        if width not in self._studies:
            net = load(str(self.net), **{self.options["width"]: width})
            found = studies(net, self.options["cuts"], self.options.get("output"))
            self._studies[width] = {study.sides.name: study for study in found}
        return self._studies[width]
