"""Evaluations in parts: a loop over slices of summed indices, and a few samples at a time."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from math import prod

from tncompile.codegen.python import nodes
from tncompile.codegen.python.symbols import Symbols
from tncompile.codegen.python.text import Block, Item
from tncompile.plan.schedule import Schedule

HELPERS = """
def cut(value, start, stop):
    if isinstance(value, dict):
        return {name: cut(part, start, stop) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [cut(part, start, stop) for part in value]
    return value[start:stop] if getattr(value, 'ndim', 0) else value

def join(values):
    if isinstance(values[0], dict):
        return {name: join([value[name] for value in values]) for name in values[0]}
    if isinstance(values[0], (list, tuple)):
        return type(values[0])(join(parts) for parts in zip(*values))
    return NAMESPACE.concatenate(values)
"""
DOCUMENTATION = {
    "cut": "Some of the samples of data, or of cotangents; a number, or None, stands for all.",
    "join": "The outputs of all samples, from those of some after others.",
}
PIECES = {
    "scorer": """
if COUNT > LIMIT:
    starts = range(0, COUNT, LIMIT)
    return join([scorer(INPUTS) for start in starts])
""",
    "score_and_gradient": """
if COUNT > LIMIT:
    values = []
    gradient = 0
    for start in range(0, COUNT, LIMIT):
        value, part = score_and_gradient(w, INPUTS, CUT(cotangent))
        values.append(value)
        gradient += part
    return join(values), gradient
""",
}


def helpers(namespace: str) -> Iterator[tuple[ast.FunctionDef, str]]:
    """The functions that pieces of a batch need, each with its documentation."""
    for function in ast.parse(HELPERS.replace("NAMESPACE", namespace)).body:
        assert isinstance(function, ast.FunctionDef)
        yield function, DOCUMENTATION[function.name]


def in_pieces(
    called: str, limit: str, count: str, inputs: Sequence[str], *, sliced: bool, tried: bool
) -> list[ast.stmt]:
    """A call for more samples than the constant ``limit`` says, as calls for so many of them.

    ``sliced`` and ``tried`` say that it is handed on which slices are added up, and in which rounds states are sized.
    """
    cuts = {word: f"cut({word}, start, start + {limit})" for word in (*inputs, "cotangent")}
    given = ", ".join(cuts[word] for word in inputs)
    text = PIECES[called].replace("CUT(cotangent)", cuts["cotangent"] + (", slices" if sliced else ""))
    given += ", slices" if sliced and called != "score_and_gradient" else ""
    given += ", every=every" if tried else ""
    text = text.replace("COUNT", count).replace("LIMIT", limit)
    return ast.parse(text.replace("INPUTS", given)).body


def over_slices(
    schedule: Schedule,
    symbols: Symbols,
    arrived: Callable[[str, ast.expr], ast.stmt | None],
    body: list[Item],
) -> Block:
    """The loop over the slices that are asked for; ``arrived`` gives a selector its name, in the order of its axes."""
    slices = schedule.slices
    assert slices is not None
    chosen = ast.IfExp(
        ast.Compare(nodes.name("slices"), [ast.Is()], [ast.Constant(None)]),
        nodes.call(nodes.name("range"), nodes.number(slices.count)),
        nodes.name("slices"),
    )
    given = [arrived(name, _columns(schedule, symbols, place)) for place, name in enumerate(slices.selectors)]
    selections = [statement for statement in given if statement is not None]
    return Block(ast.For(nodes.name("number"), chosen, [], [], lineno=0), [*selections, *body])


def _columns(schedule: Schedule, symbols: Symbols, place: int) -> ast.expr:
    """The columns of the identity that a selector holds in slice ``number``."""
    slices = schedule.slices
    assert slices is not None
    extent, *across = schedule.buffers[slices.selectors[place]].shape
    stride, digit = prod(slices.counts[place + 1 :]), nodes.name("number")
    at: ast.expr = digit if stride == 1 else nodes.binary(digit, ast.FloorDiv(), nodes.number(stride))
    if place:
        at = nodes.binary(at, ast.Mod(), nodes.number(slices.counts[place]))
    identity = symbols.domain.call("eye", symbols.extent(extent), dtype=nodes.name("DTYPE"))
    if not across:
        return nodes.indexed(identity, [at])
    width = nodes.number(across[0].value)
    first = nodes.binary(at, ast.Mult(), width)
    return nodes.indexed(identity, [nodes.FULL, ast.Slice(first, nodes.binary(first, ast.Add(), width))])
