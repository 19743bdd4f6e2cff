"""A cut, as `tnc show --cut` draws it."""

from __future__ import annotations

from tncompile.cli.rank_text import crossings_text
from tncompile.draw.paper.cut import CutMarks
from tncompile.expressivity.cuts import studies
from tncompile.expressivity.polynomials.polynomial import NotPolynomial
from tncompile.expressivity.result import Bound, CutSides
from tncompile.expressivity.upper.bounds import upper_bound
from tncompile.network import Network
from tncompile.source import UsageError
from tncompile.source.numbers import number_text
from tncompile.transform.matrices.features import as_inputs

NAMED = 2  # crossings up to which they are named below the drawing


def cut_to_draw(net: Network, cut: str) -> tuple[Network, CutMarks]:
    """The network with the features of the cut as its inputs, and what its drawing shows. Raises TnError."""
    if cut in ("all", "contiguous") and cut not in net.cuts:
        raise UsageError(f"--cut {cut}: a drawing shows one cut")
    (study,) = studies(net, cut)
    features = [
        name for name, _ in study.sides.rows.members + study.sides.columns.members if name not in net.tensors
    ]
    drawn = [
        name for name in dict.fromkeys(features) if name in net.tables.tensors and name not in net.outputs
    ]
    try:
        bound = upper_bound(study.net, study.sides)
    except NotPolynomial:
        bound = None
    return as_inputs(net, drawn), _marks(study.sides, bound)


def _marks(sides: CutSides, bound: Bound | None) -> CutMarks:
    rows, columns = frozenset(sides.rows.members), frozenset(sides.columns.members)
    if bound is None:
        return CutMarks(rows, columns, title=f"{sides.name}: not a polynomial, no bound")
    wires = frozenset(wire.rpartition(" (")[0] for wire in bound.wires)
    states = {name.removesuffix("*"): (extent, degree) for name, extent, degree in bound.states}
    title = f"{sides.name}: rank ≤ {number_text(bound.value)}"
    if 0 < len(wires) + len(states) <= NAMED:
        title += f" from {crossings_text(bound)}"
    return CutMarks(rows, columns, wires, states, title)
