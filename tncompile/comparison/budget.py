"""The largest width of a network that a budget of weights, operations or memory allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from tncompile.comparison.result import Budget, Spending
from tncompile.language import load
from tncompile.network import Network
from tncompile.plan import account, weight_count
from tncompile.source import TnError, UsageError

LARGEST = 2**20
_BUDGET = re.compile(r"\s*([a-z]+)\s*=\s*(\d+(?:\.\d+)?(?:[eE]\d{1,2})?)\s*")


def parse_budget(text: str) -> Budget:
    """``weights=5000``, ``flops=1e6``, ``peak=4096``. Raises UsageError."""
    match = _BUDGET.fullmatch(text)
    kinds = get_args(Spending)
    if match is None or match[1] not in kinds:
        raise UsageError(f"--budget {text}: write {', '.join(f'{kind}=NUMBER' for kind in kinds)}")
    amount = int(float(match[2]))
    if amount < 1:
        raise UsageError(f"--budget {text}: a budget is at least 1")
    return Budget(match[1], amount)  # type: ignore[arg-type]  # one of the kinds


def check_budget(net: Network, budget: Budget, width: str, label: str) -> None:
    """Raises TnError where even a width of 1 is past the budget."""
    spent = _spending(net, {"width": width, "what": budget.what})(1)
    if spent > budget.amount:
        raise TnError(
            f"no width of `{label}` meets the budget of {budget.amount:,} {budget.what}: width 1 takes {spent:,}"
        )


def solved_width(net: Network, options: Mapping[str, Any]) -> dict[str, int]:
    """The largest width within a budget that width 1 meets, and what is spent.

    ``options`` name the width, what is counted (see `Budget`), and the amount.
    """
    spent, amount = _spending(net, options), options["amount"]
    low, high = 1, 2
    while high <= LARGEST and _is_within(spent, high, amount):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _is_within(spent, middle, amount) else (low, middle)
    return {"width": low, "spent": spent(low)}


def _spending(net: Network, options: Mapping[str, Any]) -> Callable[[int], int]:
    """What is spent at a width."""
    text, count = str(net), SPENT[options["what"]]
    return lambda width: count(load(text, **{options["width"]: width}))


def _is_within(spent: Callable[[int], int], width: int, amount: int) -> bool:
    try:
        return spent(width) <= amount
    except TnError:
        return False  # past the limits of the language


# Of one sample; operations and memory are those of a step of training, the gradient with the score.
SPENT: Mapping[str, Callable[[Network], int]] = {
    "weights": weight_count,
    "flops": lambda net: _training(net).flops.value,
    "peak": lambda net: _training(net).peak.value,
}


def _training(net: Network) -> Any:
    found = account(net)
    return found.gradient or found.score
