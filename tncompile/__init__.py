"""Tensor networks, written as equations in `.tn` files, compiled into stand-alone Python modules.

>>> import tncompile as tn                                    # doctest: +SKIP
>>> net = tn.load("examples/tensor_train.tn", d=16, r=8)      # doctest: +SKIP
>>> model = tn.compile(net)                                   # doctest: +SKIP
>>> w = model.init(seed=0)                                    # doctest: +SKIP
>>> y, g = model.score_and_gradient(w, x)                     # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.lazy import lazily

if TYPE_CHECKING:
    from tncompile.comparison.interface import compare
    from tncompile.comparison.result import Comparison
    from tncompile.expressivity.certificates.check_certificate import verify_certificate
    from tncompile.expressivity.dimension import dimension
    from tncompile.expressivity.rank import rank
    from tncompile.language import check, format_text, load
    from tncompile.network import Network
    from tncompile.plan import Objective, cost, fold, order
    from tncompile.plan import gradient_of as gradient
    from tncompile.runtime import Model, Weights
    from tncompile.runtime import compile_network as compile  # noqa: A004  the name of the interface
    from tncompile.source import TnError, UsageError
    from tncompile.transform import batch, grid, open_legs, probe

# Where each name lives. A module is imported when a name of it is asked for, so `import tncompile` is cheap.
_PLACES = {
    "Comparison": "tncompile.comparison.result:Comparison",
    "Model": "tncompile.runtime:Model",
    "Network": "tncompile.network:Network",
    "Objective": "tncompile.plan:Objective",
    "TnError": "tncompile.source:TnError",
    "UsageError": "tncompile.source:UsageError",
    "Weights": "tncompile.runtime:Weights",
    "batch": "tncompile.transform:batch",
    "check": "tncompile.language:check",
    "compare": "tncompile.comparison.interface:compare",
    "compile": "tncompile.runtime:compile_network",
    "cost": "tncompile.plan:cost",
    "dimension": "tncompile.expressivity.dimension:dimension",
    "fold": "tncompile.plan:fold",
    "format_text": "tncompile.language:format_text",
    "gradient": "tncompile.plan:gradient_of",
    "grid": "tncompile.transform:grid",
    "load": "tncompile.language:load",
    "open_legs": "tncompile.transform:open_legs",
    "order": "tncompile.plan:order",
    "probe": "tncompile.transform:probe",
    "rank": "tncompile.expressivity.rank:rank",
    "verify_certificate": "tncompile.expressivity.certificates.check_certificate:verify_certificate",
}

__all__ = [
    "Comparison",
    "Model",
    "Network",
    "Objective",
    "TnError",
    "UsageError",
    "Weights",
    "batch",
    "check",
    "compare",
    "compile",
    "cost",
    "dimension",
    "fold",
    "format_text",
    "gradient",
    "grid",
    "load",
    "open_legs",
    "order",
    "probe",
    "rank",
    "verify_certificate",
]


__getattr__ = lazily(__name__, _PLACES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
