"""The stages of a network on its way to code, each as text that a person can read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from tncompile.cli.equations import equations_text
from tncompile.cli.module_options import ModuleKind
from tncompile.cli.options import Value
from tncompile.cli.plan_text import plan_text
from tncompile.cli.tree import tree_text
from tncompile.exchange import einsum_json, einsums_of
from tncompile.language import load_source, parse
from tncompile.network import Network
from tncompile.plan import CLOCKS, Device, Numbers, Objective, fold, order_for
from tncompile.runtime import compile_network
from tncompile.source import Source, UsageError
from tncompile.source.records import record
from tncompile.transform import batch, gradient


@record
class Request:
    """What is asked for: a text at some sizes, maybe with its gradient, ordered by an objective; of the stage ``python``
    also what the module is for."""

    source: Source
    sizes: Mapping[str, Value]
    with_gradient: bool
    objective: Objective
    module: ModuleKind

    def load(self) -> Network:
        """The network."""
        return load_source(self.source, self.sizes)

    def chosen(self) -> Network:
        """The network, or that of its gradient."""
        net = self.load()
        return gradient(order_for(net, self.objective)) if self.with_gradient else net


def _syntax(request: Request) -> str:
    if request.with_gradient:
        raise UsageError("--gradient needs a later stage than the syntax: --emit network, equations or plan")
    return tree_text(parse(request.source))


def _network(request: Request) -> str:
    return str(request.chosen())


def _equations(request: Request) -> str:
    return equations_text(request.chosen())


def _einsum(request: Request) -> str:
    if request.with_gradient:
        raise UsageError("--gradient is of no einsum: its outputs share what they compute")
    found = [einsum_json(one, name) for name, one in einsums_of(request.load()).items()]
    return json.dumps(found[0] if len(found) == 1 else found) + "\n"


def _plan(request: Request) -> str:
    net = request.load()
    has_input = any(tensor.role == "input" for tensor in net.tensors.values())
    device = Device(CLOCKS["numpy"], Numbers.of(net.field))
    flat = order_for(batch(net) if has_input else net, request.objective, device)
    return plan_text(fold(gradient(flat) if request.with_gradient else flat))


def _python(request: Request) -> str:
    kind = request.module
    net = request.load()
    return compile_network(
        net, kind.target, kind.dtype, objective=request.objective, scaled=kind.scaled
    ).source


STAGES: Mapping[str, Callable[[Request], str]] = {
    "syntax": _syntax,
    "network": _network,
    "equations": _equations,
    "einsum": _einsum,
    "plan": _plan,
    "python": _python,
}


def stage_text(stage: str, request: Request) -> str:
    """The text of a file at a stage.

    Raises TnError where the file is at fault, UsageError for what another stage is asked with.
    """
    if stage != "python" and request.module != ModuleKind():
        raise UsageError("--target, --dtype and --scaled are for modules: --emit python")
    return STAGES[stage](request)
