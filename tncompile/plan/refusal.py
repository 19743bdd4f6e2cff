"""Why a plan cannot be brought under a memory limit."""

from __future__ import annotations

from tncompile.plan.peak import least_elements
from tncompile.plan.promising import promises, that_add_up
from tncompile.plan.slicing import Task, for_one, planned, uncut


def why_none(task: Task, limit: int, size: int) -> str:
    """Why `plan_within` finds no plan for a task, in words; a number takes ``size`` bytes."""
    least = least_elements(for_one(task, planned(task)))
    if least > limit:
        held = "inputs and weights, and results twice as they are added up"
        return f"in slices {held}, take {least * size:,} bytes by themselves"
    plan = uncut(task)
    net = plan.network
    found = [one for one in promises(net, (), for_one(task, plan)) if one.saved]
    if not found:
        return "what is alive at the peak carries no index that is summed"
    if not any(that_add_up(net, found)):
        names = dict.fromkeys(f"`{net.definitions[one.summed.rule].name}`" for one in found)
        return f"the sums that would have to be sliced are those of {', '.join(names)}, and the outputs are not linear in them"
    return "slices of all sums that the outputs are linear in are still too large"
