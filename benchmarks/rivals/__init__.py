"""Those who can do the same: for each a module with ``ways(case, kind)``.

That gives for each way by name a builder: it does what a user does once (plan, trace, compile) and returns a
call without arguments, finished when it returns. A call gives the scores, or for the gradient the scores and arrays that are, one after another,
the gradient of their sum. A rival without a way for a case raises `NoWay` with the reason.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from benchmarks.case import Case
from benchmarks.peers import PEERS
from benchmarks.timing import Run

Build = Callable[[], Run]
Ways = Mapping[str, Build]


class NoWay(Exception):
    """A rival that cannot do a case, or not in reasonable time; the text says why."""


@dataclass(frozen=True)
class Rival:
    """A peer: its name is that of its module here; ``needs`` are packages to be installed."""

    name: str
    needs: tuple[str, ...]

    @property
    def absent(self) -> str | None:
        """What is not installed, if anything."""
        return next((package for package in self.needs if find_spec(package) is None), None)

    def ways(self, case: Case, kind: str) -> Ways:
        """All ways for a case."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of other libraries about each other
            module = import_module(f"benchmarks.rivals.{self.name}")
        found: Ways = module.ways(case, kind)
        return found


RIVALS = {name: Rival(name, needs) for name, needs in PEERS.items()}
