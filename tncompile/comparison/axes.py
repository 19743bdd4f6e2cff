"""What is swept and what is set: `r=1..8`, `n,r=2..4` (together), `cp.r=16` (of one network), `width=1..8` (of each its own)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from math import prod

from tncompile.comparison.contender import Contender, named
from tncompile.expressivity.sweep import MOST_POINTS, parse_values
from tncompile.source import UsageError
from tncompile.source.records import record

WIDTH = "width"
_TARGET = re.compile(r"(?:([^\W\d]\w*)\.)?([^\W\d]\w*)")


@record
class Target:
    """A size of one network, or (``label`` is empty) of all that have it."""

    label: str
    name: str

    def __str__(self) -> str:
        return f"{self.label}.{self.name}" if self.label else self.name

    def of(self, contender: Contender) -> bool:
        """Is it a size of this network?"""
        return self.label in ("", contender.label) and self.name in contender.declared


@record
class SweepAxis:
    """Sizes that take the same values together."""

    targets: tuple[Target, ...]
    values: tuple[int, ...]

    @property
    def name(self) -> str:
        """``r``, ``n = r``"""
        return " = ".join(map(str, self.targets))


def parse_target(text: str, said: str) -> Target:
    """``r`` or ``cp.r``; raises UsageError with ``said``, what asked for it."""
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{said}: `{text.strip()}` is no name of a size, such as r or cp.r")
    return Target(match[1] or "", match[2])


def parse_sweep(text: str) -> SweepAxis:
    """``T=2..12..2`` (both ends included), ``r=1,2,4``, ``n,r=2..4``, ``cp.r=1..16``. Raises UsageError."""
    said = f"--sweep {text}"
    names, equals, values = text.partition("=")
    if not equals or not names.strip() or not values.strip():
        raise UsageError(
            f"{said}: write --sweep NAME=FIRST..LAST, FIRST..LAST..STEP or a list, as r=1,2,4; "
            "several sizes together as n,r=2..4"
        )
    targets = tuple(parse_target(name, said) for name in names.split(","))
    return SweepAxis(targets, parse_values(values.strip(), said))


def sweep_axis(names: str, values: Iterable[int]) -> SweepAxis:
    """An axis from values in Python: ``"r"``, ``"n, r"``, ``"cp.r"``. Raises UsageError."""
    said = f"sweep of {names}"
    found = tuple(values)
    if not found:
        raise UsageError(f"{said}: there are no values")
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in found):
        raise UsageError(f"{said}: the values are integers")
    return SweepAxis(tuple(parse_target(name, said) for name in names.split(",")), found)


def check_targets(
    contenders: Sequence[Contender],
    axes: Sequence[SweepAxis],
    settings: Mapping[Target, object],
    widths: Sequence[Target] = (),
) -> None:
    """Raises UsageError for a size that no network has, or that is given twice."""
    swept = [target for axis in axes for target in axis.targets]
    for option, targets in (("--sweep", swept), ("-s", list(settings)), ("--width", widths)):
        for target in targets:
            _check_exists(contenders, target, f"{option} {target}", pseudo=option != "--width")
    given = [*swept, *settings]
    twice = next((target for target in given if given.count(target) > 1), None)
    if twice is not None:
        raise UsageError(f"`{twice}` is given twice: by --sweep or -s once each")
    if prod(len(axis.values) for axis in axes) > MOST_POINTS:
        raise UsageError(f"--sweep: more than {MOST_POINTS:,} combinations")


def _check_exists(contenders: Sequence[Contender], target: Target, said: str, *, pseudo: bool) -> None:
    if target.label:
        named(contenders, target.label, said)
    if (pseudo and is_pseudo_width(contenders, target)) or any(target.of(c) for c in contenders):
        return
    has = sorted({name for contender in contenders for name in contender.declared})
    whose = f"`{target.label}` has no" if target.label else "none of the networks has a"
    raise UsageError(f"{said}: {whose} size `{target.name}`; the sizes are {', '.join(has)}")


def is_pseudo_width(contenders: Sequence[Contender], target: Target) -> bool:
    """Does ``width`` mean the width of each network, whatever it is called there?"""
    return target.name == WIDTH and not any(target.of(contender) for contender in contenders)


def points_of(axes: Sequence[SweepAxis]) -> list[dict[str, int]]:
    """Every combination of the values of the axes, by their names."""
    names = [axis.name for axis in axes]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(a.values for a in axes))]
