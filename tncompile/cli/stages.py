"""The stages of a network on its way to code, each as text that a person can read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from tncompile.cli.equations import equations_text
from tncompile.cli.options import Value, read_input
from tncompile.cli.plan_text import plan_text
from tncompile.cli.tree import tree_text
from tncompile.exchange import einsum_json, einsums_of
from tncompile.language import load_source, parse
from tncompile.network import Network
from tncompile.plan import fold, order
from tncompile.runtime import compile_network
from tncompile.source import Source, UsageError
from tncompile.transform import batch, gradient

Stage = Callable[[Source, Mapping[str, Value], bool], str]


def _syntax(source: Source, _: Mapping[str, Value], with_gradient: bool) -> str:
    if with_gradient:
        raise UsageError("--gradient needs a later stage than the syntax: --emit network, equations or plan")
    return tree_text(parse(source))


def _network(source: Source, sizes: Mapping[str, Value], with_gradient: bool) -> str:
    return str(_chosen(source, sizes, with_gradient))


def _equations(source: Source, sizes: Mapping[str, Value], with_gradient: bool) -> str:
    return equations_text(_chosen(source, sizes, with_gradient))


def _plan(source: Source, sizes: Mapping[str, Value], with_gradient: bool) -> str:
    net = load_source(source, sizes)
    has_input = any(tensor.role == "input" for tensor in net.tensors.values())
    flat = order(batch(net) if has_input else net)
    return plan_text(fold(gradient(flat) if with_gradient else flat))


def _python(source: Source, sizes: Mapping[str, Value], _: bool) -> str:
    return compile_network(load_source(source, sizes)).source


def _chosen(source: Source, sizes: Mapping[str, Value], with_gradient: bool) -> Network:
    net = load_source(source, sizes)
    return gradient(order(net)) if with_gradient else net


def _einsum(source: Source, sizes: Mapping[str, Value], with_gradient: bool) -> str:
    if with_gradient:
        raise UsageError("--gradient is of no einsum: its outputs share what they compute")
    found = [einsum_json(one, name) for name, one in einsums_of(load_source(source, sizes)).items()]
    return json.dumps(found[0] if len(found) == 1 else found) + "\n"


STAGES: Mapping[str, Stage] = {
    "syntax": _syntax,
    "network": _network,
    "equations": _equations,
    "einsum": _einsum,
    "plan": _plan,
    "python": _python,
}


def stage_text(stage: str, file: str, sizes: Mapping[str, Value], with_gradient: bool) -> str:
    """The text of a file at a stage; raises TnError where the file is at fault."""
    return STAGES[stage](read_input(file), sizes, with_gradient)
