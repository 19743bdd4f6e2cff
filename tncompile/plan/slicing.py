"""A plan that fits a memory limit: slices over summed indices where one sample needs too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tncompile.network import Extent, Index, Network
from tncompile.plan.cost import total
from tncompile.plan.flatten.order import order
from tncompile.plan.folding.fold import fold
from tncompile.plan.peak import alive_at_peak, element_count, most_elements
from tncompile.plan.samples import for_samples
from tncompile.plan.schedule import Schedule
from tncompile.plan.search.objective import Objective
from tncompile.plan.table import plan_table
from tncompile.source.records import record
from tncompile.transform import inline_definitions

if TYPE_CHECKING:
    from tncompile.transform import Summed

TRIED = 4  # indices of which the whole plan is made, in each round


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

    It has no slices if it fits without. Otherwise indices are sliced one after the other: of those that make
    the arrays alive at the peak smallest the one with the least product of peak and operations, all slices and all that
    is computed again counted. The last of them is then cut in as few parts as fit. None where the peak cannot be
    brought under the limit, for instance because inputs and weights pass it by themselves.
    """
    plan = planned(task)
    if _fits(task, plan, limit):
        return plan
    quick = replace(task.objective, thorough=False)
    plan = _sliced(task, inline_definitions(task.network), (), quick)
    while True:
        found = min(_options(task, plan, quick), key=lambda option: _weight(task, option[1]), default=None)
        if found is None or _peak(task, found[1]) >= _peak(task, plan):
            return None
        before, (summed, plan) = plan, found
        whole = _sliced(task, plan.network, plan.selectors, task.objective)
        if _fits(task, whole, limit):
            return _widest(task, before, summed, limit) or whole


def planned(task: Task) -> Plan:
    """The plan of a task, without slices."""
    return Plan(task.network, (), task.finished(fold(_whole(task.flat, task), batch=task.batch)))


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


def _peak(task: Task, plan: Plan) -> int:
    return most_elements(for_samples(plan.schedule, task.batch, 1))


def _fits(task: Task, plan: Plan, limit: int) -> bool:
    return _peak(task, plan) <= limit


def _weight(task: Task, plan: Plan) -> int:
    return _peak(task, plan) * operations(plan.schedule).value


def _options(task: Task, plan: Plan, objective: Objective) -> Iterator[tuple[Summed, Plan]]:
    """The plans with one more index sliced, for the indices that promise most."""
    tried = 0
    for summed in _promising(task, plan):
        option = _with_slices(task, plan, summed, 1, objective)
        if option is not None:
            yield summed, option
            tried += 1
        if tried == TRIED:
            return


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


def _promising(task: Task, plan: Plan) -> list[Summed]:
    """The indices that may be sliced, those first without which the arrays alive at the peak are smallest."""
    from tncompile.transform import summed_indices  # noqa: PLC0415  most plans fit as they are

    schedule = for_samples(plan.schedule, task.batch, 1)
    carried = _carried(schedule.network)
    alive = [
        (
            times * element_count(schedule.buffers[name]),
            carried.get(schedule.buffers[name].tensor, frozenset()),
        )
        for name, times in alive_at_peak(schedule).items()
    ]

    def left(summed: Summed) -> float:
        return sum(size / (summed.extent.value if summed.index in indices else 1) for size, indices in alive)

    return sorted(summed_indices(plan.network, plan.selectors), key=left)


def _carried(flat: Network) -> dict[str, frozenset[Index]]:
    """The indices on the left sides of each definition."""
    found: dict[str, set[Index]] = {}
    for definition in flat.definitions:
        found.setdefault(definition.name, set()).update(free.index for free in definition.indices)
    return {name: frozenset(indices) for name, indices in found.items()}
