"""The order of contraction, the folded schedule, and what both cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.lazy import lazily
from tncompile.plan.binding import bound
from tncompile.plan.cached import pieces_in_cache
from tncompile.plan.chained import Device, order_for
from tncompile.plan.clock import CLOCKS, Clock, Numbers, time_of
from tncompile.plan.cost import Cost, cost
from tncompile.plan.flatten.order import order
from tncompile.plan.folding.fold import fold
from tncompile.plan.peak import peak_elements
from tncompile.plan.samples import for_samples, samples_within
from tncompile.plan.schedule import Access, Affine, Buffer, Gather, Loop, Schedule, Slices, Span, Step
from tncompile.plan.search.objective import CHAINS, OBJECTIVES, Objective
from tncompile.plan.slicing import Plan, Task, operations, plan_within, planned
from tncompile.plan.table import PlanRow, plan_table

if TYPE_CHECKING:
    from tncompile.plan.accounting import Account, Evaluation, account, weight_count
    from tncompile.plan.derived import gradient_of
    from tncompile.plan.refusal import why_none

__all__ = [
    "CHAINS",
    "CLOCKS",
    "OBJECTIVES",
    "Access",
    "Account",
    "Affine",
    "Buffer",
    "Clock",
    "Cost",
    "Device",
    "Evaluation",
    "Gather",
    "Loop",
    "Numbers",
    "Objective",
    "Plan",
    "PlanRow",
    "Schedule",
    "Slices",
    "Span",
    "Step",
    "Task",
    "account",
    "bound",
    "cost",
    "fold",
    "for_samples",
    "gradient_of",
    "operations",
    "order",
    "order_for",
    "peak_elements",
    "pieces_in_cache",
    "plan_table",
    "plan_within",
    "planned",
    "samples_within",
    "time_of",
    "weight_count",
    "why_none",
]

__getattr__ = lazily(
    __name__,
    {
        **{
            name: f"tncompile.plan.accounting:{name}"
            for name in ("Account", "Evaluation", "account", "weight_count")
        },
        "gradient_of": "tncompile.plan.derived:gradient_of",
        "why_none": "tncompile.plan.refusal:why_none",
    },
)
