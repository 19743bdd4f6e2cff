"""The order in which a product is contracted. What was searched for once is known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from tncompile.plan.search.contraction import FEW, Contraction, Path
from tncompile.plan.search.exact import exact_path

REMEMBERED = 1024  # products
_known: OrderedDict[Hashable, Path] = OrderedDict()


def best_path(problem: Contraction, written: Path | None = None) -> Path:
    """A cheap path: the cheapest there is up to `FEW` factors, beyond that the best of several searches.

    ``written`` is the order that the file suggests (see `written_path`); one factor after another without it.
    """
    count = len(problem.operands)
    if count <= 2:
        return ((0, 1),) if count == 2 else ()
    key = problem.key, written if count > FEW else None
    if key in _known:
        _known.move_to_end(key)
        return _known[key]
    path = _known[key] = _searched(problem, written or in_order(count))
    if len(_known) > REMEMBERED:
        _known.popitem(last=False)
    return path


def _searched(problem: Contraction, written: Path) -> Path:
    if len(problem.operands) <= FEW:
        return exact_path(problem)
    from tncompile.plan.search.portfolio import Portfolio, quick_path  # noqa: PLC0415  few products are so long

    if problem.objective.thorough:
        return Portfolio(problem, written).run()
    return quick_path(problem, written)


def in_order(count: int) -> Path:
    """Some factors one after another."""
    return written_path([()] * count)


def written_path(nests: Sequence[tuple[int, ...]]) -> Path:
    """The order in which a file has some factors: what stands together in parentheses first, then from left to right.

    ``nests`` tells for each factor its place in each product around it, from the outside in.
    """
    pairs: list[tuple[int, int]] = []
    arrays: dict[tuple[int, ...], list[int]] = {}
    for number, nest in enumerate(nests):
        arrays.setdefault(nest, []).append(number)
    for depth in range(max(map(len, nests), default=0), -1, -1):
        for nest in sorted(nest for nest in arrays if len(nest) == depth):
            some = arrays.pop(nest)
            for other in some[1:]:
                pairs.append((some[0], other))
                some[0] = len(nests) + len(pairs) - 1
            if nest:
                arrays.setdefault(nest[:-1], []).append(some[0])
    return tuple(pairs)
