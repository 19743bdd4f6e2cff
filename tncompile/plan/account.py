"""What a network costs, all in one: its weights, and the evaluation of its score and of its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from tncompile.network import Extent, Network
from tncompile.plan.cost import cost, total
from tncompile.plan.flatten.order import order
from tncompile.plan.folding.fold import fold
from tncompile.plan.peak import elements, peak_elements
from tncompile.plan.schedule import Schedule
from tncompile.plan.search.objective import DEFAULT, Objective
from tncompile.transform import gradient


@dataclass(frozen=True)
class Evaluation:
    """What one evaluation of one sample costs: operations, and the most elements alive at once."""

    flops: Extent
    peak: Extent


@dataclass(frozen=True)
class Account:
    """What a network costs, as numbers and as formulas. The gradient is that of all weights, the score included."""

    weights: Extent
    score: Evaluation
    gradient: Evaluation | None  # None where there are no weights


def account(net: Network, objective: Objective = DEFAULT) -> Account:
    """The cost of a network by its plan."""
    flat = order(net, objective)
    schedule = fold(flat)
    weights = total(elements(b) for b in schedule.buffers.values() if b.role == "weight")
    score = _evaluation(flat, schedule)
    if not weights.value:
        return Account(weights, score, None)
    with_gradient = gradient(flat)
    return Account(weights, score, _evaluation(with_gradient, fold(with_gradient)))


def _evaluation(flat: Network, schedule: Schedule) -> Evaluation:
    return Evaluation(cost(flat).flops, Extent(*peak_elements(schedule)))


def weight_count(net: Network) -> int:
    """How many numbers are trained, without a plan."""
    tables = [net.tables.tensors[name] for name, tensor in net.tensors.items() if tensor.role == "weight"]
    blocks = [block for table in tables for block in table.blocks]
    return sum(len(block.members) * prod(extent.value for extent in block.shape) for block in blocks)
