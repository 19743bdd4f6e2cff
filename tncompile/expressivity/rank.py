"""Ranks across cuts: bounds from both sides, and what they prove."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from tncompile.expressivity.certificates.certificate import certificate
from tncompile.expressivity.cuts import Study, studies
from tncompile.expressivity.degree import Degree, Kind, score_degree
from tncompile.expressivity.evaluation.evaluate import Probe, Unfolding, input_members
from tncompile.expressivity.evaluation.lower import SPARE_POINTS, Drawing, has_weight_tensor, probed, unfolded
from tncompile.expressivity.evaluation.numerical import numerical_ranks
from tncompile.expressivity.evaluation.witness import witness_of
from tncompile.expressivity.polynomials.expand import expand
from tncompile.expressivity.polynomials.polynomial import Graph, NotPolynomial
from tncompile.expressivity.rational import is_rational
from tncompile.expressivity.result import Bound, RankReport, RankResult
from tncompile.expressivity.upper.bounds import bound_of
from tncompile.expressivity.upper.trees import ManyBounds, bounds_of_cuts
from tncompile.expressivity.verdict import Found, judged
from tncompile.network import Network
from tncompile.network.values.exact import Irrational
from tncompile.source import InternalError, TnError, UsageError
from tncompile.source.records import record

MANY = 16  # cuts of one network whose bounds are found at once
Progress = Callable[[int, RankResult], None]


@record
class Options:
    """How ranks are found; see `rank`."""

    grid: int | None = None
    points: int = 1024
    fail: float = 1e-9
    seed: int = 0
    samples: int | None = None


def rank(
    net: Network,
    cut: str | Sequence[str] | None = None,
    *,
    grid: int | None = None,
    points: int = 1024,
    fail: float = 1e-9,
    seed: int = 0,
    samples: int | None = None,
    output: str | None = None,
    progress: Progress | None = None,
) -> RankReport:
    """The generic ranks of a network across cuts, with what proves them.

    Parameters
    ----------
    net:
        What `load` returns.
    cut:
        The name of a cut, `odd_even`, `start_end`, `contiguous`, `dyadic`, `all`, members as text
        (``"x[1], x[3]"``), or several of these; without it all cuts of the network.
    grid:
        The rank on so many templates for each input, instead of that of the function.
    points:
        The most points on each side of a probe.
    fail:
        The probability of failure at which evaluations stop being repeated.
    seed:
        Where random points and primes begin.
    samples:
        At how many random weights numerical ranks are found, for their distribution.
    output:
        ``"y[5]"``, or a component ``"y[5](1)"``; by default the first output. The legs are contracted
        with a random vector.
    progress:
        Called with the number of each finished cut (from 1) and its result. An interruption (Ctrl-C) ends
        the report early; finished cuts stay in it.

    Raises
    ------
    TnError
        For a cut or output that is not there or makes no sense, or a matrix that does not fit in memory.
    UsageError
        For options that make no sense.
    """
    if points < 1 or (grid is not None and grid < 1) or (samples is not None and samples < 1):
        raise UsageError("points, grid and samples are at least 1")
    wanted = list(studies(net, cut, output))
    return _report(net, wanted, Options(grid, points, fail, seed, samples), progress)


def rank_of(study: Study, options: Options) -> RankResult:
    """The rank of one cut, written out."""
    return next(_rankings([study], options)).result()


def _report(net: Network, wanted: Sequence[Study], options: Options, progress: Progress | None) -> RankReport:
    """The ranks of cuts; those that are finished when it is interrupted, or when some cannot be found."""
    results: list[RankResult] = []
    done: list[Study] = []
    failures: list[tuple[str, str]] = []
    interrupted = False
    try:
        for ranking in _rankings(wanted, options):
            try:
                result = ranking.result()
            except TnError as error:
                if len(wanted) == 1:
                    raise
                failures.append((ranking.sides.name, str(error)))
                continue
            results.append(result)
            done.append(ranking.study)
            if progress is not None:
                progress(len(results), result)
    except KeyboardInterrupt:
        interrupted = True

    def certify(number: int) -> dict[str, object]:
        return certificate(net, done[number], results[number])

    sizes, output = dict(net.sizes), str(wanted[0].output)
    return RankReport(net.name, sizes, output, tuple(results), interrupted, tuple(failures), certify)


def _rankings(wanted: Sequence[Study], options: Options) -> Iterator[_Ranking]:
    """The cuts, with what is found once for all cuts of a network."""
    known: Network | None = None
    many: ManyBounds | None = None
    degree = Degree()
    for number, study in enumerate(wanted):
        if study.net is not known:
            known, degree = study.net, score_degree(study.net)
            if not is_rational(known):
                degree = replace(degree, kind=Kind.OTHER)
            alike = [other for other in wanted if other.net is known]
            many = _bounds_at_once(alike) if options.grid is None else None
            first = number
        ranking = _Ranking(study, degree, options)
        if many is not None and all(other.net is known for other in wanted[first : number + 1]):
            place = number - first
            ranking.known = Bound(many.upper[place]), many.witnesses[place] if many.witnesses else None
        yield ranking


def _bounds_at_once(cuts: Sequence[Study]) -> ManyBounds | None:
    """The bounds of many cuts of one network, where its graph allows to find them together."""
    net, members = cuts[0].net, input_members(cuts[0].net)
    if len(cuts) < MANY or any(len(study.sides.fixed) for study in cuts):
        return None
    rows = np.array([[member in study.sides.rows.members for member in members] for study in cuts])
    return bounds_of_cuts(net, members, rows)


class _Ranking:
    """The rank of one cut."""

    def __init__(self, study: Study, degree: Degree, options: Options) -> None:
        self.study, self.degree, self.options = study, degree, options
        self.net, self.sides = study.net, study.sides
        self.drawing = Drawing(options.seed, self.net.field == "complex")
        self.known: tuple[Bound, tuple[int, int, int] | None] | None = None

    @cached_property
    def bound(self) -> Bound | None:
        """The upper bound from the graph, where there is one."""
        if self.known is not None:
            return self.known[0]
        try:
            graph = self.graph
        except NotPolynomial:
            return None
        return Bound(0) if graph is None else bound_of(graph, self.options.grid)

    @cached_property
    def graph(self) -> Graph | None:
        """The score as a graph of polynomials; None for zero. Raises NotPolynomial."""
        return expand(self.net, self.sides)

    @property
    def of(self) -> str:
        """What the rank is the rank of."""
        return "function" if self.options.grid is None else f"grid {self.options.grid}"

    def result(self) -> RankResult:
        """The rank, by the cheapest way that is known to settle it."""
        start = time.perf_counter()
        if self.degree.kind == Kind.OTHER or self.options.samples is not None:
            result = self._numerical()
        else:
            try:
                result = self._exact()
            except Irrational:
                result = self._numerical()
        return replace(result, seconds=time.perf_counter() - start)

    def _exact(self) -> RankResult:
        upper = None if self.bound is None else self.bound.value
        if upper == 0:
            return self._result(Found(0, False, 0, (), ()), "zero")
        certified = self._certified(upper)
        if certified is not None and certified[0] == upper:
            return self._result(Found(certified[0], False, 0, (), ()), "witness", certified)
        if certified is not None and certified[0] >= self.options.points and self.options.grid is None:
            return self._result(
                Found(certified[0], True, 0, (), ()), "witness", certified
            )  # no probe finds more
        found, method = self._evaluated(upper)
        if upper is not None and found.rank > upper:
            raise InternalError(
                f"the rank {found.rank} of the cut `{self.sides.name}` is above its bound {upper}"
            )
        if certified is not None and certified[0] > found.rank:
            return self._result(Found(certified[0], True, 0, (), ()), "witness", certified)
        return self._result(found, method, certified)

    def _certified(self, upper: int | None) -> tuple[int, int, int] | None:
        """The witness, if it was found with the bounds of all cuts, or if a probe is too small for the bound."""
        if self.known is not None:
            return self.known[1]
        large = self.options.grid is None and (upper is None or upper > self.options.points)
        return witness_of(self.graph) if large and self.graph is not None else None

    def _evaluated(self, upper: int | None) -> tuple[Found, str]:
        options = self.options
        if options.grid is not None:
            grid = Unfolding(self.net, self.sides, options.grid)
            return unfolded(grid, upper, self.degree, options.fail, self.drawing), "grid"
        if upper is not None and upper <= options.points:
            tensor = Unfolding(self.net, self.sides, None)
            rows, columns = tensor.size
            small = rows * columns <= (upper + SPARE_POINTS) ** 2
            if small and has_weight_tensor(self.net, self.sides) and tensor.fits():
                return unfolded(tensor, upper, self.degree, options.fail, self.drawing), "weight tensor"
        probe = Probe(self.net, self.sides)
        return probed(probe, upper, self.degree, options.points, options.fail, self.drawing), "probe"

    def _result(self, found: Found, method: str, certified: tuple[int, int, int] | None = None) -> RankResult:
        upper = None if self.bound is None else self.bound.value
        verdict, failure = judged(found, upper, self.degree)
        return RankResult(
            self.sides,
            self.of,
            found.rank,
            upper,
            verdict,
            failure,
            method,
            found.primes,
            found.seeds,
            found.points,
            bound=self.bound,
            witness=certified,
        )

    def _numerical(self) -> RankResult:
        upper = None if self.bound is None else self.bound.value
        found = numerical_ranks(
            self.study.written,
            self.sides,
            upper,
            self.options.grid,
            self.options.points,
            self.options.seed,
            self.options.samples or 1,
        )
        return RankResult(
            self.sides,
            self.of,
            max(found.ranks),
            upper,
            "numerical",
            None,
            "singular values",
            seeds=found.seeds,
            points=found.points,
            bound=self.bound,
            singular_values=found.singular_values,
            ranks=found.ranks,
        )
