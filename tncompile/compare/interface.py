"""`tncompile.compare`: architectures side by side, by what they can express and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from os import PathLike, fspath

from tncompile.compare.axes import SweepAxis, parse_sweep, parse_target, sweep_axis
from tncompile.compare.budget import parse_budget
from tncompile.compare.comparison import Comparison
from tncompile.compare.contender import Contender, label_of, labelled
from tncompile.compare.question import LARGEST_DIMENSION, Fitting, Question, Ranking
from tncompile.compare.run import Progress
from tncompile.compare.session import Session
from tncompile.network import Network
from tncompile.source import Source, read_source

Given = Network | str | PathLike[str]
Texts = str | Sequence[str]


def compare(
    networks: Iterable[Given] | Mapping[str, Given],
    *,
    sizes: Mapping[str, object] | None = None,
    sweep: Texts | Mapping[str, Iterable[int]] = (),
    cut: Texts = (),
    width: Texts = (),
    budget: str | None = None,
    grid: int | None = None,
    output: str | None = None,
    points: int = 1024,
    fail: float = 1e-9,
    seed: int = 0,
    fit: str | Fitting | None = None,
    dimension: int = LARGEST_DIMENSION,
    batch: int = 256,
    equivalents: bool = True,
    jobs: int | None = None,
    executor: Executor | str | None = None,
    timeout: float | None = None,
    report: str | PathLike[str] | Sequence[str] = (),
    resume: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Compares networks over the same inputs.

    Parameters
    ----------
    networks:
        What `load` returns (a network keeps the sizes it has), paths or texts (the sizes that have one name are
        bound together, those of the inputs follow the first network); a mapping gives labels.
    sizes:
        Values for sizes, of one network alone as ``{"cp.r": 16}``.
    sweep:
        ``{"r": range(1, 9)}`` or ``"r=1..8"``; ``"n,r=2..4"`` moves two sizes together, ``"width=1..8"`` sweeps the
        width of each network, whatever its name.
    cut:
        As in `rank`; by default those that all networks have.
    width:
        Which size is the width where more than one may be: ``"R"``, ``"cp.r"``.
    budget:
        ``"weights=5000"``, ``"flops=1e6"``, ``"peak=1e5"``: each network takes the largest width within it.
    grid, output, points, fail, seed:
        As in `rank`.
    fit:
        An ``.npz`` file of samples, or a `Fitting`: accuracies over some seeds.
    dimension:
        Weights up to which the dimension is found; 0 leaves it out.
    batch:
        Samples of a measurement of time; 0 leaves it out.
    equivalents:
        Whether to search for equivalent widths.
    jobs, executor:
        How many processes work, by default as many as there are cores; or any `concurrent.futures.Executor`, or
        ``"dask://HOST:PORT"``.
    timeout:
        Seconds that a job may take; then it is a row that says so.
    report:
        A file to write, or several: ``.html``, ``.json``, ``.csv`` or ``.md``. Until then results are kept in a file beside it.
    resume:
        Go on with the results in that file.
    progress:
        Called with the jobs done, those in all, and what was done.

    An interruption (Ctrl-C) ends it early: what is finished is returned, and ``unfinished`` counts the rest.

    Raises
    ------
    TnError
        Where inputs do not match, a network is wrong at all points, a cut is none, no width meets the
        budget, or results belong to another comparison.
    UsageError
        For arguments that make no sense.
    """
    question = Question(
        contenders=contenders_of(networks),
        axes=_axes(sweep),
        settings={parse_target(name, f"sizes: {name}"): value for name, value in (sizes or {}).items()},
        widths=tuple(parse_target(name, f"width: {name}") for name in _texts(width)),
        cuts=_texts(cut),
        ranking=Ranking(grid, points, fail, seed, output),
        budget=None if budget is None else parse_budget(budget),
        fitting=Fitting(fit) if isinstance(fit, str) else fit,
        dimension=dimension,
        batch=batch,
        equivalents=equivalents,
    )
    reports = (fspath(report),) if isinstance(report, str | PathLike) else tuple(report)
    session = Session(jobs, executor, timeout, progress, reports, resume)
    return session.ask(question, "tncompile.compare(...)")


def contenders_of(networks: Iterable[Given] | Mapping[str, Given]) -> tuple[Contender, ...]:
    """The networks that a call is given, each with a label of its own."""
    pairs = networks.items() if isinstance(networks, Mapping) else ((None, net) for net in networks)
    return labelled(_contender(label, net) for label, net in pairs)


def _contender(label: str | None, given: Given) -> Contender:
    if isinstance(given, Network):
        return Contender.of(given, label)
    text = fspath(given)
    if "\n" not in text:
        return Contender(label or label_of(text), read_source(text))
    found = Contender("", Source("<text>", text))
    return Contender(label or found.syntax.name, found.source)


def _texts(given: Texts) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _axes(sweep: Texts | Mapping[str, Iterable[int]]) -> tuple[SweepAxis, ...]:
    if isinstance(sweep, Mapping):
        return tuple(sweep_axis(names, values) for names, values in sweep.items())
    return tuple(parse_sweep(text) for text in _texts(sweep))
