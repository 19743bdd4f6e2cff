"""The work of a comparison as independent jobs: plain data that can be sent to any worker, and what to do with it."""

from __future__ import annotations

import hashlib
import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Any, Literal

from tncompile.comparison.contender import Sizes, first_message
from tncompile.comparison.measures import MEASURES
from tncompile.language import load_source
from tncompile.source import Source, TnError, UsageError
from tncompile.source.records import record

Why = Literal["refused", "fault", "timeout", "lost"]
FINAL: tuple[Why, ...] = ("refused", "fault")  # a second try would end in the same way


@record
class Job:
    """One measure of one network at some sizes. ``options`` hold what the measure asks for, as JSON."""

    measure: str
    text: str = field(repr=False)
    sizes: Sizes
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def request(self) -> str:
        """What the job is, in full, as JSON: equal jobs have equal results."""
        return json.dumps([self.measure, self.text, self.sizes, self.options], sort_keys=True)

    @cached_property
    def digest(self) -> str:
        """The request, made short."""
        return hashlib.sha256(self.request.encode("utf-8")).hexdigest()[:32]


@record
class Outcome:
    """What became of a job: its value, or why there is none."""

    value: Any = None
    failure: str | None = None
    why: Why | None = None

    @property
    def is_final(self) -> bool:
        """Whether the job need not be tried again."""
        return self.why is None or self.why in FINAL


def perform(request: str) -> str:
    """Does a job that is given as its request; the outcome is JSON too. Lets no exception of the job out."""
    measure, text, sizes, options = json.loads(request)
    try:
        net = load_source(Source("<text>", text), sizes)
        outcome: dict[str, Any] = {"value": MEASURES[measure](net, options)}
    except (TnError, UsageError) as error:
        message = first_message(error) if isinstance(error, TnError) else str(error)
        outcome = {"failure": message, "why": "refused"}
    except MemoryError:
        outcome = {"failure": "there is not enough memory", "why": "refused"}
    except Exception as error:
        trace = "".join(traceback.format_exception(error))
        outcome = {"failure": f"a fault of tncompile: {type(error).__name__}: {error}", "why": "fault"}
        print(trace, file=sys.stderr)
    return json.dumps(outcome)


def outcome_of(answer: str) -> Outcome:
    """The outcome of the JSON that `perform` gives."""
    return Outcome(**json.loads(answer))
