"""What a network costs, all in one: its weights, and the evaluation of its score and of its gradient."""

from __future__ import annotations

from math import prod

from tncompile.network import Extent, Network
from tncompile.plan.chained import order_for
from tncompile.plan.cost import cost, total
from tncompile.plan.peak import elements, peak_elements
from tncompile.plan.schedule import Schedule
from tncompile.plan.search.objective import DEFAULT, Objective
from tncompile.plan.slicing import Task, operations, plan_within, planned
from tncompile.source.records import record


@record
class Evaluation:
    """What one evaluation of one sample costs: operations, and the most elements alive at once.

    Where it is done in ``slices``, they all count, with what is computed again for each. None: slicing does
    not bring it under the limit, and these are the numbers without.
    """

    flops: Extent
    peak: Extent
    slices: int | None = 1


@record
class Account:
    """What a network costs, as numbers and as formulas. The gradient is that of all weights, the score included."""

    weights: Extent
    score: Evaluation
    gradient: Evaluation | None  # None where there are no weights


def account(net: Network, objective: Objective = DEFAULT, limit: int | None = None) -> Account:
    """The cost of a network by its plan, in slices where more than ``limit`` elements would be alive at once.

    Chains are counted as loops, as long as the objective does not ask for trees.
    """
    flat = order_for(net, objective)
    score = planned(Task(net, flat, None, False, objective))
    weights = total(elements(b) for b in score.schedule.buffers.values() if b.role == "weight")

    def evaluation(with_gradient: bool) -> Evaluation:
        return _evaluation(Task(net, flat, None, with_gradient, objective), limit)

    return Account(weights, evaluation(False), evaluation(True) if weights.value else None)


def _evaluation(task: Task, limit: int | None) -> Evaluation:
    plan = planned(task) if limit is None else plan_within(task, limit)
    schedule = (plan or planned(task)).schedule
    slices = None if plan is None else 1 if schedule.slices is None else schedule.slices.count
    return Evaluation(_flops(schedule), Extent(*peak_elements(schedule)), slices)


def _flops(schedule: Schedule) -> Extent:
    return cost(schedule.network).flops if schedule.slices is None else operations(schedule)


def weight_count(net: Network) -> int:
    """How many numbers are trained, without a plan."""
    tables = [net.tables.tensors[name] for name, tensor in net.tensors.items() if tensor.role == "weight"]
    blocks = [block for table in tables for block in table.blocks]
    return sum(len(block.members) * prod(extent.value for extent in block.shape) for block in blocks)
