"""What an order is judged by, and how long one may look for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from tncompile.source import UsageError
from tncompile.source.numbers import finite_number, is_natural
from tncompile.source.records import record

WRITE_WEIGHT = 64.0  # an element written counts as many FLOPs: memory is what these networks wait for

CHAINS = ("auto", "loop", "tree")  # how chains are computed
Progress = Callable[[int, float, float], None]


@record
class Objective:
    """What is made small: the sum over all steps of ``flops * FLOPs + writes * elements written ** power``.

    With a power of 4 the sum hangs on the largest array alone, and only that is made small.

    ``budget`` is the effort for each product of more than a few factors: seconds of a usual core, counted in
    steps of the search, so that the order hangs on it and on ``seed``, and never on a clock. Without one the
    effort grows with the number of factors. Without ``thorough`` a good order found at once is enough, for
    what is computed only a few times.

    ``chain`` says how recurrences that are linear in a state are computed: as a ``"loop"``, as a ``"tree"`` of products of
    matrices, or ``"auto"``, as what takes less time (`tncompile.plan.chained`). Raises UsageError for another word.

    ``progress`` is told the number of factors, the share of the budget that is spent, and the lowest cost so far.

    Raises UsageError for a weight, power or budget that is no finite number of 0 or more, and for a seed that is no
    such integer.
    """

    flops: float = 1.0
    writes: float = WRITE_WEIGHT
    thorough: bool = True
    power: float = 1.0
    budget: float | None = None
    seed: int = 0
    chain: str = "auto"
    progress: Progress | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.chain not in CHAINS:
            raise UsageError(f"chains are computed as {', '.join(CHAINS)}, not as `{self.chain}`")
        for name in ("flops", "writes", "power", "budget"):
            value = getattr(self, name)
            if value is None and name == "budget":
                continue
            number = finite_number(value)
            if number is None or number < 0:
                unit = "seconds" if name == "budget" else "a number"
                raise UsageError(
                    f"`{name}` is {unit}, finite and not negative, such as 5.0; here is {value!r}"
                )
        if not is_natural(self.seed):
            raise UsageError(f"`seed` is an integer of 0 or more, not {self.seed!r}")


DEFAULT = Objective()
OBJECTIVES = {
    "time": DEFAULT,
    "flops": Objective(writes=0.0),
    "writes": Objective(flops=0.0, writes=1.0),
    "peak": Objective(flops=0.0, writes=1.0, power=4.0),
}
