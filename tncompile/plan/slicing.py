"""A plan that fits a memory limit: slices over summed indices where one sample needs too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tncompile.network import Extent, Network
from tncompile.plan.cost import total
from tncompile.plan.flatten.order import order
from tncompile.plan.folding.fold import fold
from tncompile.plan.peak import least_elements, most_elements
from tncompile.plan.samples import for_samples
from tncompile.plan.schedule import Schedule
from tncompile.plan.search.objective import Objective
from tncompile.plan.table import plan_table
from tncompile.source.records import record
from tncompile.transform import inline_definitions

if TYPE_CHECKING:
    from tncompile.plan.promising import Promise
    from tncompile.transform import Summed

TRIED = 4  # indices of which the whole plan is made, in each round
PATIENCE = 5  # rounds in which the peak stays; the slices are then many, as those of each round multiply
LEAST = 0.9  # of what is above the limit is left after a round in which the peak does not stay
MOST_SLICES = 2**24  # more would take days, whatever is in them


def as_it_is(schedule: Schedule) -> Schedule:
    """The schedule itself."""
    return schedule


@record
class Task:
    """What is planned: the outputs of a network, maybe with the gradients of its weights.

    ``finished`` is what becomes of a schedule before it runs: plans hold, and are measured by, what it returns.
    """

    network: Network  # with its samples, not yet in order
    flat: Network  # the same in order
    batch: str | None
    with_gradient: bool
    objective: Objective
    finished: Callable[[Schedule], Schedule] = as_it_is


@record
class Plan:
    """A network, maybe one slice of the one that was asked for, and how it is computed."""

    network: Network
    selectors: tuple[str, ...]
    schedule: Schedule


def plan_within(task: Task, limit: int) -> Plan | None:
    """The plan of a task for which one sample needs at most ``limit`` elements at once.

    It has no slices if it fits without. Otherwise indices of members are sliced one after the other: of those that make
    the arrays alive at the peak smallest the one with the least product of peak and operations, all slices and all that
    is computed again counted. The last of them is then cut in as few parts as fit. The peak may (almost) stay for `PATIENCE` rounds, as it
    does where several instances of a loop are equally large, until the last of them is sliced. None where the peak cannot be
    brought under the limit, for instance because inputs and weights pass it by themselves.
    """
    plan = planned(task)
    if _fits(task, plan, limit):
        return plan
    if least_elements(for_one(task, plan)) > limit:
        return None
    plan, patience = uncut(task), PATIENCE
    while patience:
        found = _best(task, plan)
        if found is None:
            return None
        before, (summed, plan) = plan, found
        above, least = _peak(task, plan) - limit, LEAST * (_peak(task, before) - limit)
        patience = PATIENCE if above <= least else patience - 1
        whole = _sliced(task, plan.network, plan.selectors, task.objective)
        if _fits(task, whole, limit):
            return _widest(task, before, summed, limit) or whole
    return None


def planned(task: Task) -> Plan:
    """The plan of a task, without slices."""
    return Plan(task.network, (), task.finished(fold(_whole(task.flat, task), batch=task.batch)))


def uncut(task: Task) -> Plan:
    """The plan that slices begin with: nothing is inline, and no time is taken for it."""
    return _sliced(task, inline_definitions(task.network), (), _quick(task))


def _quick(task: Task) -> Objective:
    return replace(task.objective, thorough=False)


def _sliced(task: Task, network: Network, selectors: tuple[str, ...], objective: Objective) -> Plan:
    """The plan of a slice of the network of a task."""
    flat = order(network, objective)
    return Plan(network, selectors, task.finished(fold(_whole(flat, task), (), selectors)))


def _whole(flat: Network, task: Task) -> Network:
    """A network in order, with its gradient where the task asks for it."""
    if not task.with_gradient:
        return flat
    from tncompile.transform import gradient  # noqa: PLC0415  a score alone needs none of it

    return gradient(flat)


def operations(schedule: Schedule) -> Extent:
    """The operations of a schedule, those of all slices."""
    return total(row.flops for row in plan_table(schedule))


def for_one(task: Task, plan: Plan) -> Schedule:
    """The schedule of a plan for one sample."""
    return for_samples(plan.schedule, task.batch, 1)


def _peak(task: Task, plan: Plan) -> int:
    return most_elements(for_one(task, plan))


def _fits(task: Task, plan: Plan, limit: int) -> bool:
    return _peak(task, plan) <= limit


def _weight(task: Task, plan: Plan) -> int:
    return _peak(task, plan) * operations(plan.schedule).value


def _best(task: Task, plan: Plan) -> tuple[Summed, Plan] | None:
    """The plan with one more index sliced, and that index; where none has a lower peak, one that an array alive at the peak carries."""
    options = list(_options(task, plan))
    peak = _peak(task, plan)
    lower = [one for one in options if _peak(task, one[1]) < peak]
    found = lower or [one for one in options if one[0].saved]
    best = min(found, key=lambda one: _weight(task, one[1]), default=None)
    return None if best is None else (best[0].summed, best[1])


def _options(task: Task, plan: Plan) -> Iterator[tuple[Promise, Plan]]:
    """The plans with one more index sliced, for the indices that promise most."""
    from tncompile.plan.promising import promises, that_add_up  # noqa: PLC0415  most plans fit as they are

    tried = 0
    found = promises(plan.network, plan.selectors, for_one(task, plan))
    for promise in that_add_up(plan.network, found):
        option = _with_slices(task, plan, promise.summed, 1, _quick(task))
        if option is not None and _slices(option) <= MOST_SLICES:
            yield promise, option
            tried += 1
        if tried == TRIED:
            return


def _slices(plan: Plan) -> int:
    return 1 if plan.schedule.slices is None else plan.schedule.slices.count


def _with_slices(task: Task, plan: Plan, summed: Summed, width: int, objective: Objective) -> Plan | None:
    from tncompile.transform import slice_index  # noqa: PLC0415  most plans fit as they are

    found = slice_index(plan.network, summed, width)
    return None if found is None else _sliced(task, found[0], (*plan.selectors, found[1]), objective)


def _widest(task: Task, plan: Plan, summed: Summed, limit: int) -> Plan | None:
    """The plan with the last index in the fewest parts with which it fits, if these are fewer than its values."""
    extent = summed.extent.value
    for parts in range(2, extent // 2 + 1):
        if extent % parts == 0:
            option = _with_slices(task, plan, summed, extent // parts, task.objective)
            if option is not None and _fits(task, option, limit):
                return option
    return None
