"""The way from a network to the text of its module, each stage made when it is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from tncompile.codegen import DTYPES, LIBRARIES, emit, range_limit
from tncompile.network import Network
from tncompile.plan import Objective, Schedule, fold, order
from tncompile.plan.scaling import scaled
from tncompile.runtime.memory import check_memory, default_limit
from tncompile.source import TnError, UsageError
from tncompile.transform import batch, gradient


@dataclass(frozen=True)
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
        """The network with at most two factors in each definition."""
        return order(self.batched, self.objective)

    @cached_property
    def score(self) -> Schedule:
        """How the outputs are computed."""
        return self._finished(fold(self.flat))

    @cached_property
    def gradient(self) -> Schedule:
        """How the outputs and the gradients of the weights are computed."""
        return self._finished(fold(gradient(self.flat)))

    def _finished(self, schedule: Schedule) -> Schedule:
        """The schedule, scaled if that is asked for."""
        if not self.scaled:
            return schedule
        cotangents = {f"{name}_bar" for name in self.network.outputs}
        return scaled(schedule, self.batch, range_limit(self.dtype), cotangents, self.network.outputs)

    @cached_property
    def limit(self) -> int:
        """The most bytes that may be used at once."""
        return default_limit(self.target) if self.memory is None else self.memory

    def check(self, samples: int, with_gradient: bool) -> None:
        """Raises TnError where the arrays for so many samples would pass the memory limit."""
        if (samples, with_gradient) in self._checked:
            return
        what = f"the {'gradient' if with_gradient else 'score'} of `{self.network.name}`"
        schedule = self.gradient if with_gradient else self.score
        check_memory(schedule, self.batch, samples, self.dtype, self.limit, what)
        self._checked.add((samples, with_gradient))

    @cached_property
    def _checked(self) -> set[tuple[int, bool]]:
        return set()

    def source(self, with_gradient: bool) -> str:
        """The text of the module. Raises TnError where even one sample would pass the memory limit."""
        self.check(1, with_gradient)
        second = self.gradient if with_gradient else None
        return emit(
            self.score,
            second,
            target=self.target,
            dtype=self.dtype,
            batch=self.batch,
            written=self.network,
            thorough=self.objective.thorough,
        )
