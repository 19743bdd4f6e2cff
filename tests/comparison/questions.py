"""Questions for tests, asked as `tncompile.compare` is called."""

from __future__ import annotations

from pathlib import Path

from tncompile.comparison.axes import parse_sweep, parse_target
from tncompile.comparison.budget import parse_budget
from tncompile.comparison.contender import Contender, labelled
from tncompile.comparison.interface import contenders_of
from tncompile.comparison.question import Question, Ranking

EXAMPLES = Path(__file__).parents[2] / "examples"
TT, CP, HT, DEEP, SHALLOW, PEPS, RING = (
    str(EXAMPLES / f"{name}.tn")
    for name in (
        "tensor_train",
        "cp",
        "hierarchical_tucker",
        "deep_rac",
        "shallow_rac",
        "peps",
        "tensor_ring",
    )
)


def question(networks, sizes=None, sweep=(), cut=(), width=(), budget=None, grid=None, **others) -> Question:
    """A question in the words of `tncompile.compare`; a contender may stand for itself."""
    made = all(isinstance(network, Contender) for network in networks)
    return Question(
        contenders=labelled(networks) if made else contenders_of(networks),
        axes=tuple(parse_sweep(text) for text in ([sweep] if isinstance(sweep, str) else sweep)),
        settings={parse_target(name, name): value for name, value in (sizes or {}).items()},
        widths=tuple(parse_target(name, name) for name in ([width] if isinstance(width, str) else width)),
        cuts=(cut,) if isinstance(cut, str) else tuple(cut),
        ranking=Ranking(grid=grid),
        budget=None if budget is None else parse_budget(budget),
        **others,
    )
