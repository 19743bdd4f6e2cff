"""The way from a network to the text of its module, each stage made when it is needed."""

from __future__ import annotations

from dataclasses import field, replace
from functools import cached_property, partial

import numpy as np

from tncompile.codegen import DTYPES, LIBRARIES, emit, range_limits
from tncompile.network import Network
from tncompile.plan import (
    CLOCKS,
    Device,
    Numbers,
    Objective,
    Schedule,
    Task,
    bound,
    for_samples,
    order_for,
    pieces_in_cache,
    plan_within,
    planned,
    samples_within,
    scaling,
)
from tncompile.plan.peak import most_elements
from tncompile.plan.samples import is_samples
from tncompile.runtime.memory import default_limit, too_large
from tncompile.source import TnError, UsageError
from tncompile.source.records import record
from tncompile.transform import batch


@record
class Plans:
    """The stages of one compilation."""

    network: Network
    target: str
    dtype: str
    memory: int | None
    objective: Objective = field(default_factory=Objective, kw_only=True)
    scaled: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.target not in LIBRARIES:
            raise UsageError(f"no target is called `{self.target}`; there are {', '.join(LIBRARIES)}")
        if self.dtype not in DTYPES:
            raise UsageError(f"no dtype is called `{self.dtype}`; there are {', '.join(DTYPES)}")
        if self.network.field == "complex" and not self.dtype.startswith("complex"):
            wider = "complex64" if self.dtype == "float32" else "complex128"
            raise TnError(f"the network `{self.network.name}` is complex: compile it with dtype {wider}")

    @cached_property
    def batched(self) -> Network:
        """The network with its samples; itself if it has no input."""
        has_input = any(tensor.role == "input" for tensor in self.network.tensors.values())
        return batch(self.network) if has_input else self.network

    @cached_property
    def batch(self) -> str | None:
        """The size that counts the samples."""
        return next((name for name in self.batched.sizes if name not in self.network.sizes), None)

    @cached_property
    def flat(self) -> Network:
        """The network with at most two factors in each definition, its chains as they are fastest on the target."""
        return order_for(self.batched, self.objective, self._device)

    @property
    def _device(self) -> Device | None:
        # A tree multiplies many factors before it brings their product back to size, where a loop does so on the way:
        # what is scaled is so for the sake of such factors, and its chains stay loops unless trees are asked for.
        if self.scaled:
            return None
        dtype = np.dtype(self.dtype)
        numbers = Numbers(dtype.itemsize, 2 if dtype.kind == "c" else 1)
        return Device(CLOCKS[self.target], numbers, self._elements)

    @cached_property
    def score(self) -> Schedule:
        """How the outputs are computed, in slices where one sample would pass the memory limit. Raises TnError."""
        return bound(self._within_limit(with_gradient=False), self.batch, self._elements)

    @cached_property
    def careful_score(self) -> Schedule | None:
        """What a score falls back on that tries to bring numbers to size seldom. Raises TnError."""
        return self._within_limit(with_gradient=False, careful=True) if self.score.tries else None

    @cached_property
    def gradient(self) -> Schedule:
        """How the outputs and the gradients of the weights are computed, likewise. Raises TnError."""
        return self._balanced or self._within_limit(with_gradient=True)

    @cached_property
    def careful_gradient(self) -> Schedule | None:
        """What a gradient falls back on that tries. Raises TnError."""
        return self._within_limit(with_gradient=True, careful=True) if self.gradient.tries else None

    @property
    def _balanced(self) -> Schedule | None:
        """A scaled gradient whose adjoints follow their states, where there is one."""
        if not (self.scaled and self._looks):
            return None
        limits = range_limits(self.dtype)
        found = scaling.balanced_gradient(self.flat, self.batch, limits.seen, self._wider, limits.tried)
        fits = found is not None and most_elements(for_samples(found, self.batch, 1)) <= self._elements
        return found if fits else None

    @property
    def _looks(self) -> bool:
        """Whether a module can look at numbers that it has computed: a graph of CuPy cannot choose what is computed then."""
        return self.target == "numpy"

    def schedule(self, with_gradient: bool) -> Schedule:
        """One of the two."""
        return self.gradient if with_gradient else self.score

    @cached_property
    def limit(self) -> int:
        """The most bytes that may be used at once."""
        return default_limit(self.target) if self.memory is None else self.memory

    def _within_limit(self, with_gradient: bool, careful: bool = False) -> Schedule:
        task = Task(self.batched, self.flat, self.batch, with_gradient, self.objective)
        if self.scaled:
            finished = partial(self._scaled, with_gradient=with_gradient, careful=careful)
            task = replace(task, finished=finished)
        plan = plan_within(task, self._elements)
        if plan is None:
            from tncompile.plan import why_none  # noqa: PLC0415  most plans fit

            why = why_none(task, self._elements, np.dtype(self.dtype).itemsize)
            raise self._too_large(planned(task).schedule, 1, with_gradient, why)
        return plan.schedule

    def _scaled(self, schedule: Schedule, with_gradient: bool, careful: bool) -> Schedule:
        """The schedule with exponents; ``careful`` is one for numbers of any size, that tries nothing."""
        cotangents = {f"{name}_bar" for name in self.network.outputs}
        limits, trial = range_limits(self.dtype), 0
        # Adjoints may well be 0, which says nothing of their sizes: what is measured is not tried.
        careful = careful or schedule.slices is not None or (self._looks and with_gradient)
        limit = limits.careful if careful else limits.unseen
        if self._looks and not careful:
            limit, trial = limits.seen, limits.tried
        return scaling.scaled(
            schedule,
            self.batch,
            limit,
            cotangents,
            self.network.outputs,
            wider=self._wider,
            trial=trial,
            often=careful,
        )

    @property
    def _wider(self) -> bool:
        """Whether there are numbers of a wider range."""
        return self.dtype in ("float32", "complex64")

    @property
    def _elements(self) -> int:
        return self.limit // np.dtype(self.dtype).itemsize

    def _too_large(self, schedule: Schedule, samples: int, with_gradient: bool, why: str = "") -> TnError:
        what = f"the {'gradient' if with_gradient else 'score'} of `{self.network.name}`"
        return too_large(schedule, self.batch, samples, self.dtype, self.limit, what, why)

    # --- samples ------------------------------------------------------------------------------------

    def samples_at_once(self, with_gradient: bool) -> int:
        """As many samples as the memory limit allows."""
        known = self._known
        if with_gradient not in known:
            careful = self.careful_gradient if with_gradient else self.careful_score
            found = [self.schedule(with_gradient), *([] if careful is None else [careful])]
            most = min(samples_within(one, self.batch, self._elements) for one in found)
            # A module parts by itself what would leave the cache, but gradients with exponents.
            apart = self.scaled and with_gradient and self.in_pieces
            cached = self._cached(found[0]) if apart else None
            known[with_gradient] = most if cached is None else min(most, cached)
        return known[with_gradient]

    def _cached(self, schedule: Schedule) -> int | None:
        """How many samples at a time stay in the cache, where that pays."""
        if self.target != "numpy":
            return None
        return pieces_in_cache(schedule, self.batch, np.dtype(self.dtype).itemsize)

    def pieces(self, samples: int, with_gradient: bool) -> list[tuple[int, int]]:
        """Where the samples of each piece begin and end. Raises TnError where there is an output that depends on
        no sample, which pieces would count several times, and all samples at once are too many."""
        most = self.samples_at_once(with_gradient)
        if samples <= most:
            return [(0, samples)]
        if not self.in_pieces:
            raise self._too_large(self.schedule(with_gradient), samples, with_gradient)
        return [(start, min(start + most, samples)) for start in range(0, samples, most)]

    @cached_property
    def in_pieces(self) -> bool:
        """Whether each output has an axis of samples, so that results of pieces can be put together."""
        if self.batch is None:
            return False
        blocks = [b for name in self.network.outputs for b in self.batched.tables.tensors[name].blocks]
        return all(is_samples(block.shape[0], self.batch) if block.shape else False for block in blocks)

    @cached_property
    def _known(self) -> dict[bool, int]:
        return {}

    # --- the module -----------------------------------------------------------------------------------

    def source(self, with_gradient: bool) -> str:
        """The text of the module. Raises TnError where even one sample would pass the memory limit, slices or not.

        It computes some samples at a time where the model that `pieces_in_cache` states says that it pays, and where a limit was
        asked for: by itself, it should not depend on how much memory is free when it is made.
        """
        kinds = {"score": False, "score_and_gradient": True} if with_gradient else {"score": False}
        return emit(
            self.score,
            self.gradient if with_gradient else None,
            (self.careful_score, self.careful_gradient if with_gradient else None),
            target=self.target,
            dtype=self.dtype,
            batch=self.batch,
            written=self.network,
            thorough=self.objective.thorough,
            samples={name: found for name, kind in kinds.items() if (found := self._parts(kind)) is not None},
            reuses=self.memory is None or not self.in_pieces,
        )

    def initial(self) -> str:
        """The text of a module with random weights alone, which takes no time for functions that are perhaps not wanted."""
        return emit(
            self.score,
            target=self.target,
            dtype=self.dtype,
            batch=self.batch,
            written=self.network,
            only_init=True,
        )

    def _parts(self, with_gradient: bool) -> int | None:
        """How many samples a function of the module computes at a time, if it parts them; gradients with exponents are added up
        outside."""
        if (self.scaled and with_gradient) or not self.in_pieces:
            return None
        cached = self._cached(self.schedule(with_gradient))
        if self.memory is None:
            return cached
        most = self.samples_at_once(with_gradient)
        return most if cached is None else min(most, cached)
