"""The fixed numbers of a module: constants of the network, deltas, tables of positions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tncompile.codegen.python import nodes
from tncompile.codegen.python.domain import Domain
from tncompile.codegen.python.pythonic import NotWritten, pythonic
from tncompile.codegen.python.symbols import Symbols
from tncompile.network import UNIT_ROWS, Add, Axis, Expr, ListExpr, Loop, Network, Number, Range, Tensor
from tncompile.plan.schedule import Buffer

Numbers = npt.NDArray[np.complex128]


def constant_array(network: Network, buffer: Buffer, symbols: Symbols) -> ast.expr:
    """The array of a buffer of constants, as an expression of the module."""
    if buffer.tensor == "delta":
        return _delta(buffer, symbols)
    tensor = network.tensors[buffer.tensor]
    values = constant_values(network, tensor, buffer, symbols.domain)
    shape = [symbols.extent(extent) for extent in (*buffer.family, *buffer.shape)]
    domain = symbols.domain
    if values.ndim and values.size and (values == values.flat[0]).all():
        return domain.call(
            "full", nodes.group(shape), domain.literal(complex(values.flat[0])), nodes.name("DTYPE")
        )
    listing = _listing(tensor, symbols) if domain.plain else None
    return domain.call("array", listing or _nested(values, symbols), nodes.name("DTYPE"))


def constant_values(network: Network, tensor: Tensor, buffer: Buffer, domain: Domain) -> Numbers:
    """The entries of the members that a buffer holds: (family axes, axes of a member)."""
    assert tensor.value is not None
    members = len(network.tables.tensors[tensor.name].members)
    family = [extent.value for extent in buffer.family]
    shape = [extent.value for extent in buffer.shape]
    if isinstance(tensor.value, ListExpr):
        entries = np.array(list(_listed(network, tensor.value, domain)), np.complex128)
        size = int(np.prod(shape, dtype=np.int64))
        table = (
            entries.reshape(members, size)
            if len(entries) == members * size
            else np.tile(entries, (members, 1))
        )
        return table[buffer.members].reshape(*family, *shape)
    owners = network.scope.family(tensor.family)
    loops = [_axis_loop(axis, number) for number, axis in enumerate(tensor.axes)]
    rows, _ = network.scope.expand(loops, owners.take(buffer.members))
    return domain.values(tensor.value, network.scope, rows).reshape(*family, *shape)


def _listed(network: Network, value: ListExpr, domain: Domain) -> Iterator[complex]:
    for item in value.items:
        if isinstance(item, ListExpr):
            yield from _listed(network, item, domain)
        else:
            yield complex(domain.values(item, network.scope, UNIT_ROWS)[0])


def _axis_loop(axis: Axis, number: int) -> Loop:
    """The loop over the positions of an axis: over the values of its name, or over 1..extent."""
    variables = (axis.variable,) if axis.variable else (f"[{number}]",)
    return Loop(variables, Range(axis.first or Number("1"), axis.extent))


def _delta(buffer: Buffer, symbols: Symbols) -> ast.expr:
    """1 where all axes agree."""
    domain, extent = symbols.domain, symbols.extent(buffer.shape[0])
    if len(buffer.shape) == 2:
        return domain.call("eye", extent, dtype=nodes.name("DTYPE"))
    if len(buffer.shape) == 1:
        return domain.call("ones", extent, nodes.name("DTYPE"))
    arange = domain.call("arange", extent)
    total = nodes.name("DTYPE")
    parts: list[ast.expr] = []
    for axis in range(1, len(buffer.shape)):
        first = nodes.indexed(arange, [nodes.FULL, *[ast.Constant(None)] * (len(buffer.shape) - 1)])
        other = nodes.indexed(arange, [nodes.FULL, *[ast.Constant(None)] * (len(buffer.shape) - 1 - axis)])
        parts.append(ast.Compare(first, [ast.Eq()], [other]))
    return nodes.method(nodes.chain(ast.BitAnd(), parts), "astype", total)


def _listing(tensor: Tensor, symbols: Symbols) -> ast.expr | None:
    """``[[formula for i in range(1, n + 1)] for o in range(1, m + 1)]``; None where that cannot be written."""
    axes = tensor.axes
    if tensor.family or not axes or isinstance(tensor.value, ListExpr) or any(axis.loops for axis in axes):
        return None
    variables = {axis.variable: symbols.variable(axis.variable) for axis in axes if axis.variable}
    try:
        assert tensor.value is not None
        listing = pythonic(tensor.value, symbols, variables)
        for axis in reversed(axes):
            stop = pythonic(_one_more(axis.extent), symbols, {})
            first = nodes.number(1) if axis.first is None else pythonic(axis.first, symbols, {})
            head = variables[axis.variable] if axis.variable else nodes.name("_")
            loop = ast.comprehension(head, nodes.call(nodes.name("range"), first, stop), [], 0)
            listing = ast.ListComp(listing, [loop])
    except NotWritten:
        return None
    return listing


def _one_more(expr: Expr) -> Expr:
    if isinstance(expr, Number):
        return Number(str(int(expr.value) + 1))
    return Add((expr, Number("1")), (1, 1))


def _nested(values: Numbers, symbols: Symbols) -> ast.expr:
    if not values.ndim:
        return symbols.domain.literal(complex(values))
    return ast.List([_nested(row, symbols) for row in values], ast.Load())
