"""`tncompile.compare`: architectures side by side, by what they can express and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from os import PathLike, fspath

from tncompile.comparison.axes import SweepAxis, parse_sweep, parse_target, sweep_axis
from tncompile.comparison.budget import parse_budget
from tncompile.comparison.contender import Contender, label_of, labelled
from tncompile.comparison.question import LARGEST_DIMENSION, Fitting, Question, Ranking
from tncompile.comparison.result import Comparison
from tncompile.comparison.running.run import Progress
from tncompile.comparison.session import Session
from tncompile.network import Network
from tncompile.source import Source, read_source

Given = Network | str | PathLike[str]
Texts = str | Sequence[str]


def compare(
    networks: Iterable[Given] | Mapping[str, Given], *, sizes: Mapping[str, object] | None = None,
    sweep: Texts | Mapping[str, Iterable[int]] = (), cut: Texts = (), width: Texts = (), budget: str | None = None,
    grid: int | None = None, output: str | None = None, points: int = 1024, fail: float = 1e-9, seed: int = 0,
    fit: str | Fitting | None = None, dimension: int = LARGEST_DIMENSION, batch: int = 256, equivalents: bool = True,
    jobs: int | None = None, executor: Executor | str | None = None, timeout: float | None = None,
    report: str | PathLike[str] | Sequence[str] = (), resume: bool = False, progress: Progress | None = None,
) -> Comparison:  # fmt: skip
    """Compares networks over the same inputs; docs/compare.md says what is compared.

    Parameters
    ----------
    networks: what `load` returns (such a network keeps its sizes); or paths and texts, whose sizes of one name are bound
        together while those of the inputs follow the first network. A mapping gives labels.
    sizes: values for sizes, of one network alone as ``{"cp.r": 16}``.
    sweep: ``{"r": range(1, 9)}`` or ``"r=1..8"``; ``"n,r=2..4"`` moves two together, ``"width=1..8"`` is the width of each.
    cut, grid, output, points, fail, seed: as in `rank`; without a cut those that all networks have.
    width: which size is the width, where more than one may be: ``"R"``, ``"cp.r"``.
    budget: ``"weights=5000"``, ``"flops=1e6"``, ``"peak=1e5"``: each network takes the largest width within it.
    fit: an ``.npz`` file of samples, or a `Fitting`: accuracies over some seeds.
    dimension: weights up to which the dimension is found; 0 leaves it out.
    batch: samples of a measurement of time; 0 leaves it out.
    equivalents: whether to search for equivalent widths.
    jobs, executor: how many processes work (all cores), or any executor of `concurrent.futures`, or ``"dask://HOST:PORT"``.
    timeout: seconds that a job may take; then it is a row that says so.
    report: files to write (``.html``, ``.json``, ``.csv``, ``.md``); until then results are kept in a file beside the first.
    resume: go on with the results in that file.
    progress: called with the jobs done, those in all, and what was done.

    An interruption (Ctrl-C) returns what is finished, with ``unfinished`` jobs. Raises TnError where inputs do not match, a
    network is wrong at all points, a cut is none, no width meets the budget, or results belong to another comparison;
    UsageError for arguments that make no sense.
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
        dimension=dimension, batch=batch, equivalents=equivalents,
    )  # fmt: skip
    return Session(jobs, executor, timeout, progress, _paths(report), resume).ask(
        question, "tncompile.compare(...)"
    )


def _paths(report: str | PathLike[str] | Sequence[str]) -> tuple[str, ...]:
    return (fspath(report),) if isinstance(report, str | PathLike) else tuple(report)


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
