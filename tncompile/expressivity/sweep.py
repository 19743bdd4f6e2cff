"""Ranks over a range of sizes, and the closed form that the table suggests."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod

from tncompile.expressivity.closed_form import Proposal, propose, simplicity
from tncompile.expressivity.proved_form import find_bound
from tncompile.expressivity.result import RankReport, RankResult
from tncompile.network import Network
from tncompile.network.values.structural import structural_names
from tncompile.source import TnError, UsageError
from tncompile.source.records import record

MOST_POINTS = 10_000
TRIED = 200  # forms that are compared with the bound
_AXIS = re.compile(r"\s*([^\W\d]\w*)\s*=\s*(.+)")
_RANGE = re.compile(r"(\d{1,9})\s*\.\.\s*(\d{1,9})(?:\s*\.\.\s*(\d{1,9}))?")

Sizes = Mapping[str, int]


@record
class Axis:
    """A size and the values it takes."""

    name: str
    values: tuple[int, ...]


@record
class Row:
    """The result of one cut at one point of the sweep."""

    sizes: dict[str, int]
    result: RankResult

    @property
    def rank(self) -> int | None:
        """The rank, where it is known (exactly or with the stated probability)."""
        return self.result.lower if self.result.verdict in ("exact", "probable") else None


@record
class Finding:
    """What the table of one cut suggests. ``unknown`` points were left out: only a lower bound is known there."""

    cut: str
    of: str
    proposal: Proposal
    unknown: int
    proved: bool = False

    @property
    def label(self) -> str:
        """``bound``: equals the proved upper bound; ``conjecture``; ``none``: no closed form."""
        if self.proposal.form is None:
            return "none"
        return "bound" if self.proved else "conjecture"

    def to_dict(self) -> dict[str, object]:
        """The finding as JSON has it."""
        found = self.proposal
        return {
            "cut": self.cut,
            "of": self.of,
            "closed_form": None if found.form is None else str(found.form),
            "label": self.label,
            "rivals": [str(form) for form in found.rivals[:10]],
            "rivals_count": len(found.rivals),
            "training_points": found.training,
            "held_out_points": found.held_out,
            "points_unknown": self.unknown,
        }


@record
class SweepReport:
    """The rows of a sweep, the points at which the file has no network (with the reason), the findings."""

    network: str
    axes: tuple[Axis, ...]
    rows: tuple[Row, ...]
    skipped: tuple[tuple[dict[str, int], str], ...]
    findings: tuple[Finding, ...]
    interrupted: bool = False

    @cached_property
    def cuts(self) -> tuple[tuple[str, str], ...]:
        """Each cut with what the rank is of, in order."""
        return tuple(dict.fromkeys((row.result.cut.name, row.result.of) for row in self.rows))

    def rows_of(self, cut: tuple[str, str]) -> list[Row]:
        """The rows of one cut."""
        return [row for row in self.rows if (row.result.cut.name, row.result.of) == cut]

    def to_dict(self) -> dict[str, object]:
        """The report as one JSON object."""
        return {
            "network": self.network,
            "sweep": {axis.name: list(axis.values) for axis in self.axes},
            "rows": [{"sizes": row.sizes, **row.result.to_dict()} for row in self.rows],
            "skipped": [{"sizes": sizes, "reason": reason} for sizes, reason in self.skipped],
            "findings": [finding.to_dict() for finding in self.findings],
            "interrupted": self.interrupted,
        }


def parse_axis(text: str) -> Axis:
    """``T=2..12..2`` (both ends included), ``r=1..4``, ``d=2,4,8``. Raises UsageError."""
    match = _AXIS.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--sweep {text}: write --sweep NAME=FIRST..LAST, FIRST..LAST..STEP or a list, as d=2,4,8"
        )
    return Axis(match[1], parse_values(match[2].strip(), f"--sweep {text}"))


def parse_values(values: str, said: str) -> tuple[int, ...]:
    """``2..12..2`` (both ends included), ``2..4``, ``2,4,8``. Raises UsageError with ``said``, what asked for it."""
    found = _RANGE.fullmatch(values)
    if found is not None:
        first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
        if step < 1:
            raise UsageError(f"{said}: the step has to be at least 1")
        if last < first:
            raise UsageError(f"{said}: the range holds no value")
        if (last - first) // step >= MOST_POINTS:
            raise UsageError(f"{said}: more than {MOST_POINTS:,} values")
        return tuple(range(first, last + 1, step))
    parts = [part.strip() for part in values.split(",")]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise UsageError(f"{said}: `{values}` is neither a range such as 2..12..2 nor a list such as 2,4,8")
    if len(set(parts)) != len(parts):
        raise UsageError(f"{said}: a value is given twice")
    return tuple(sorted(map(int, parts)))


def points_of(axes: Sequence[Axis]) -> list[dict[str, int]]:
    """Every combination of the values. Raises UsageError for too many, or one size twice."""
    names = [axis.name for axis in axes]
    if len(set(names)) != len(names):
        raise UsageError("--sweep: the same size is given twice")
    if prod(len(axis.values) for axis in axes) > MOST_POINTS:
        raise UsageError(f"--sweep: more than {MOST_POINTS:,} combinations")
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(a.values for a in axes))]


def sweep(
    load: Callable[[Sizes], Network],
    axes: Sequence[Axis],
    rank: Callable[[Network], RankReport],
    progress: Callable[[Sizes], None] = lambda _: None,
) -> SweepReport:
    """The ranks at every point, and a closed form for each cut.

    ``load`` gives the network at some sizes. Points at which the file refuses its sizes, or a matrix would not
    fit in memory, are skipped; where all are, the first error is raised. ``progress`` is told each point that is finished. An interruption keeps the points finished.
    """
    networks: dict[tuple[int, ...], Network] = {}
    rows: list[Row] = []
    skipped: list[tuple[dict[str, int], str]] = []
    errors: list[TnError] = []
    interrupted = False
    for point in points_of(axes):
        try:
            net = load(point)
            report = rank(net)
        except TnError as error:
            skipped.append((point, _first_message(error)))
            errors.append(error)
            progress(point)
            continue
        except KeyboardInterrupt:
            interrupted = True
            break
        networks[tuple(point.values())] = net
        rows += [Row(point, result) for result in report.results]
        if report.interrupted:
            interrupted = True
            break
        progress(point)
    if errors and not networks:
        raise errors[0]
    name = next((net.name for net in networks.values()), "")
    findings = tuple(_findings(rows, axes, networks))
    return SweepReport(name, tuple(axes), tuple(rows), tuple(skipped), findings, interrupted)


def _first_message(error: TnError) -> str:
    return error.diagnostics[0].message if error.diagnostics else str(error)


# --- closed forms --------------------------------------------------------------------------------


def _findings(
    rows: Sequence[Row], axes: Sequence[Axis], networks: Mapping[tuple[int, ...], Network]
) -> Iterator[Finding]:
    if not rows:
        return
    net = next(iter(networks.values()))
    shaping = structural_names(net.statements)
    swept = [axis.name for axis in axes if len(axis.values) > 1]
    lengths = [name for name in swept if name in shaping]
    bases = [name for name in swept if name not in shaping]
    for cut in dict.fromkeys((row.result.cut.name, row.result.of) for row in rows):
        own = [row for row in rows if (row.result.cut.name, row.result.of) == cut]
        table = [(row.sizes, rank) for row in own if (rank := row.rank) is not None]
        if len(table) > 1:
            proposal = propose(table, bases, lengths, _numbers(net, shaping, swept))
            shapes = _shapes(networks, axes, lengths)
            yield _judged(Finding(*cut, proposal, len(own) - len(table)), shapes, bases)


def _judged(finding: Finding, networks: Sequence[Network], bases: Sequence[str]) -> Finding:
    """The finding; where one of the forms that fit is the bound that the graph proves, with that form."""
    found = finding.proposal
    if found.form is None or finding.of != "function":
        return finding
    forms = sorted([found.form, *found.rivals[:TRIED]], key=simplicity)
    proved = find_bound(forms, finding.cut, networks, bases)
    if proved is None:
        return finding
    return replace(finding, proposal=replace(found, form=proved, rivals=()), proved=True)


def _shapes(
    networks: Mapping[tuple[int, ...], Network], axes: Sequence[Axis], lengths: Sequence[str]
) -> list[Network]:
    """One network for each combination of lengths."""
    places = [place for place, axis in enumerate(axes) if axis.name in lengths]
    return list({tuple(key[place] for place in places): net for key, net in networks.items()}.values())


def _numbers(net: Network, shaping: set[str], swept: Sequence[str]) -> list[int]:
    """The sizes that stay as they are and that only extents read."""
    return [
        value
        for name, value in net.sizes.items()
        if isinstance(value, int) and name not in shaping and name not in swept
    ]
