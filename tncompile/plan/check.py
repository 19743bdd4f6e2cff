"""Is a network flat?"""

from __future__ import annotations

from collections.abc import Iterator

from tncompile.network import (
    Choice,
    Definition,
    Index,
    Loop,
    Network,
    Node,
    Over,
    Reduce,
    Use,
    children,
    nodes_of,
)
from tncompile.source import InternalError, UsageError
from tncompile.transform.flat import Apply, Combine, Contract, Factor, Form, Reduction, flat_form


def check_flat(net: Network) -> None:
    """Raises InternalError for the first rule that has none of the flat forms (docs/architecture.md)."""
    for definition in net.definitions:
        problem = next(_problems(definition), None)
        if problem is not None:
            raise InternalError(f"a rule for `{definition.name}` is not flat: {problem}\n\n{net}")


def _problems(definition: Definition) -> Iterator[str]:
    if definition.role == "inline":
        yield "it is inline"
    nodes = list(nodes_of(definition.body))
    if _chooses(definition.body):
        yield "it holds a choice"
    if any(isinstance(node, Use) and node.name == "one" for node in nodes):
        yield "it holds `one`"
    if any(isinstance(node, Index) and node.loops for node in nodes):
        yield "it holds an index with a loop"
    if sum(isinstance(node, Over | Reduce) for node in nodes) > 2:
        yield "it sums more than once"
    try:
        form = flat_form(definition)
    except UsageError as error:
        yield str(error)
    else:
        yield from _index_problems(definition, form)


def _chooses(node: Node) -> bool:
    """Whether a value hangs on a condition; which rounds a loop has, and what tells indices apart, are numbers."""
    if isinstance(node, Loop | Index):
        return False
    return isinstance(node, Choice) or any(_chooses(child) for child in children(node))


def _index_problems(definition: Definition, form: Form) -> Iterator[str]:
    free = {index.index for index in definition.indices}
    factors: list[Factor] = []
    match form:
        case Contract():
            return
        case Combine(terms=terms):
            factors = [term.factor for term in terms if term.factor is not None]
        case Apply(arguments=arguments):
            factors = [argument for argument in arguments if isinstance(argument, Factor)]
        case Reduction(factor=factor, over=over):
            factors, free = [factor], free | set(over)
    for factor in factors:
        for index in factor.use.indices:
            if index not in free:
                yield f"`{index.name}` of `{factor.use.name}` is not free"
