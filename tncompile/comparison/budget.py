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
LEAST_TRIED = 64  # a file may refuse small widths
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
    """Raises TnError where even the least width is past the budget."""
    options = {"width": width, "what": budget.what}
    least, spent = _least(net, options)
    if spent > budget.amount:
        raise TnError(
            f"no width of `{label}` meets the budget of {budget.amount:,} {budget.what}: width {least} takes {spent:,}"
        )


def solved_width(net: Network, options: Mapping[str, Any]) -> dict[str, int]:
    """The largest width within a budget that the least one meets, and what is spent.

    ``options`` name the width, what is counted (see `Budget`), and the amount.
    """
    amount = options["amount"]

    def is_within(width: int) -> bool:
        spent = _spent(net, options, width)
        return spent is not None and spent <= amount

    low, _ = _least(net, options)
    high = 2 * low
    while high <= LARGEST and is_within(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_within(middle) else (low, middle)
    spent = _spent(net, options, low)
    assert spent is not None
    return {"width": low, "spent": spent}


def _least(net: Network, options: Mapping[str, Any]) -> tuple[int, int]:
    """The least width that the file takes, of 1, 2, 3, ..., and what it spends."""
    for width in range(1, LEAST_TRIED):
        spent = _spent(net, options, width)
        if spent is not None:
            return width, spent
    raise TnError(f"`{net.name}` takes no {options['width']} below {LEAST_TRIED}")


def _spent(net: Network, options: Mapping[str, Any], width: int) -> int | None:
    """What is spent at a width; None where the file refuses it, or it is past the limits of the language."""
    try:
        return SPENT[options["what"]](load(str(net), **{options["width"]: width}))
    except TnError:
        return None


# Of one sample; operations and memory are those of a step of training, the gradient with the score.
SPENT: Mapping[str, Callable[[Network], int]] = {
    "weights": weight_count,
    "flops": lambda net: _training(net).flops.value,
    "peak": lambda net: _training(net).peak.value,
}


def _training(net: Network) -> Any:
    found = account(net)
    return found.gradient or found.score
