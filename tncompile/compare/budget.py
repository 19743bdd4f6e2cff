"""The largest width of a network that a budget of weights, operations or memory allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from tncompile.compare.comparison import Budget, Spending
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


def solved_width(net: Network, options: Mapping[str, Any]) -> dict[str, Any]:
    """The largest width within a budget, and what is spent; ``width`` is None where 1 is too much already.

    ``options`` name the width, what is counted (see `Budget`), and the amount.
    """
    text, name, amount = str(net), options["width"], options["amount"]
    count = SPENT[options["what"]]

    def spent(width: int) -> int:
        return count(load(text, **{name: width}))

    if spent(1) > amount:
        return {"width": None, "spent": spent(1)}
    low, high = 1, 2
    while high <= LARGEST and _is_within(spent, high, amount):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _is_within(spent, middle, amount) else (low, middle)
    return {"width": low, "spent": spent(low)}


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
