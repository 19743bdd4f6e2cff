"""The initial values of the weights, as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from tncompile.codegen.blocks import WeightBlock
from tncompile.codegen.python import nodes
from tncompile.codegen.python.symbols import Symbols
from tncompile.codegen.python.text import Block, Text
from tncompile.network import Expr, Formula, Ints, Name, Network, nodes_of
from tncompile.network.values.sets import unique


@dataclass
class Initial:
    """Writes the statements of `init`; ``helpers`` are the functions that they call.

    ``shares`` is what `weight_shares` finds in the network as it was written: an order of contraction
    sums the same indices at other places.
    """

    network: Network
    symbols: Symbols
    shares: Mapping[str, Ints]
    helpers: dict[str, Block] = field(default_factory=dict)

    def statements(self, views: Mapping[str, WeightBlock]) -> Iterator[ast.stmt]:
        """The statements that fill the blocks, which are given by the names of their views."""
        for view, block in views.items():
            tensor = self.network.tensors[block.table.name]
            if tensor.init is None:
                yield from self._default(view, block, self.shares[block.table.name][block.block.members])
            else:
                arguments = [self._argument(expr, block) for expr in tensor.init.arguments]
                value = self._value(tensor.init.name, arguments, view, block)
                yield nodes.assign(ast.Subscript(nodes.name(view), ast.Constant(...), ast.Load()), value)

    # --- the default ----------------------------------------------------------------------------

    def _default(self, view: str, block: WeightBlock, shares: Ints) -> Iterator[ast.stmt]:
        starts = [0, *(np.flatnonzero((shares[1:] != shares[:-1]).any(axis=1)) + 1).tolist(), len(shares)]
        whole = len(starts) == 2
        rest: list[ast.expr] = [nodes.number(-1), *(self.symbols.extent(e) for e in block.block.shape)]
        for first, stop in pairwise(starts):
            place: ast.expr = nodes.name(view)
            if not whole:
                flat = nodes.method(nodes.name(view), "reshape", *rest)
                place = nodes.indexed(flat, [ast.Slice(nodes.number(first), nodes.number(stop))])
            target = (
                place
                if isinstance(place, ast.Subscript)
                else ast.Subscript(place, ast.Constant(...), ast.Load())
            )
            yield nodes.assign(target, self._normal(self._deviation(block, shares[first]), _shape_of(place)))

    def _deviation(self, block: WeightBlock, shares: Ints) -> ast.expr | None:
        """The standard deviation: a product of powers of extents; None for 1."""
        factors: list[ast.expr] = []
        for share in sorted({int(s) for s in shares if s > 0}):
            product = Formula.constant(1)
            value = 1
            for extent, own in zip(block.block.shape, shares[: len(block.block.shape)].tolist(), strict=True):
                if own == share:
                    product, value = product * extent.formula, value * extent.value
            if product != Formula.constant(1):
                power = ast.Constant(-1 / (2 * share))  # a minus sign of its own would be put in parentheses
                factors.append(nodes.binary(self.symbols.formula(product, value), ast.Pow(), power))
        return nodes.chain(ast.Mult(), factors) if factors else None

    # --- the initialisers of the language -----------------------------------------------------------

    def _argument(self, expr: Expr, block: WeightBlock) -> ast.expr:
        """A number; an array over the members of the block where they differ."""
        family = self.network.tensors[block.table.name].family
        variables = {variable for loop in family for variable in loop.variables}
        if not any(isinstance(node, Name) and node.name in variables for node in nodes_of(expr)):
            return self.symbols.number(expr)
        rows = self.network.scope.family(family)
        rows = rows.take(np.lexsort(rows.columns[::-1]))
        values = self.network.scope.numbers(expr, rows.take(block.block.members))
        if (values == values[0]).all():
            return self.symbols.domain.literal(complex(values[0]))
        listed = ast.List([self.symbols.domain.literal(complex(v)) for v in values], ast.Load())
        shape = [*_family_shape(block), *[1] * len(block.block.shape)]
        array = self.symbols.domain.call("array", listed)
        return nodes.method(array, "reshape", *(nodes.number(extent) for extent in shape))

    def _value(self, called: str, arguments: Sequence[ast.expr], view: str, block: WeightBlock) -> ast.expr:
        shape = _shape_of(nodes.name(view))
        match called:
            case "zeros":
                return nodes.number(0)
            case "ones":
                return nodes.number(1)
            case "normal":
                return self._normal(arguments[0], shape)
            case "uniform":
                low, high = arguments
                width = nodes.binary(high, ast.Sub(), low)
                drawn = nodes.method(nodes.name("rng"), "random", shape)
                return nodes.binary(low, ast.Add(), nodes.binary(width, ast.Mult(), drawn))
            case "identity":
                noise = self._normal(arguments[0], shape) if arguments else None
                identity = self._identity(block)
                return identity if noise is None else nodes.binary(identity, ast.Add(), noise)
        return self._orthogonal(view, block)

    def _identity(self, block: WeightBlock) -> ast.expr:
        extents = [self.symbols.extent(extent) for extent in block.block.shape]
        eye = self.symbols.domain.call("eye", extents[0], extents[-1])
        if len(extents) == 2:
            return eye
        between = [nodes.number(1)] * (len(extents) - 2)
        return nodes.method(eye, "reshape", extents[0], *between, extents[-1])

    def _normal(self, deviation: ast.expr | None, shape: ast.expr) -> ast.expr:
        rng = nodes.name("rng")
        if self.symbols.domain.is_complex:
            self.helpers["normal"] = _complex_normal()
            drawn: ast.expr = nodes.call(nodes.name("normal"), rng, shape)
        else:
            drawn = nodes.method(rng, "standard_normal", shape)
        return drawn if deviation is None else nodes.binary(deviation, ast.Mult(), drawn)

    def _orthogonal(self, view: str, block: WeightBlock) -> ast.expr:
        initialiser = self.network.tensors[block.table.name].init
        first = len(block.block.shape) - 1
        if initialiser is not None and initialiser.arguments:
            first = int(self.symbols.value(initialiser.arguments[0]).real)
        rows = nodes.chain(
            ast.Mult(), [self.symbols.extent(e) for e in block.block.shape[:first]] or [nodes.number(1)]
        )
        columns = nodes.chain(
            ast.Mult(), [self.symbols.extent(e) for e in block.block.shape[first:]] or [nodes.number(1)]
        )
        count = nodes.number(len(block.block.members))
        drawn = self._normal(None, nodes.group([count, rows, columns]))
        self.helpers["orthogonal"] = _orthogonal_helper(self.symbols)
        value = nodes.call(nodes.name("orthogonal"), drawn)
        return nodes.method(value, "reshape", _shape_of(nodes.name(view)))


def _family_shape(block: WeightBlock) -> list[int]:
    """The family axes of a block: one for each subscript that varies if the members are a box, else one."""
    counts = [len(unique(column)) for column in block.table.members[block.block.members].T]
    varying = [count for count in counts if count > 1]
    whole = len(block.block.members)
    return varying if np.prod(varying, dtype=np.float64) == whole else [whole]


def _shape_of(place: ast.expr) -> ast.expr:
    return nodes.attribute(place, "shape")


def _complex_normal() -> Block:
    """Complex numbers of variance 1."""
    body = ast.parse(
        "return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) * 0.5 ** 0.5"
    ).body
    return _function(
        "normal", ["rng", "shape"], ["Normally distributed complex numbers of variance 1."], body
    )


def _orthogonal_helper(symbols: Symbols) -> Block:
    namespace = symbols.domain.namespace
    text = f"""
if matrices.shape[1] < matrices.shape[2]:
    return orthogonal(matrices.swapaxes(1, 2)).swapaxes(1, 2)
q, triangle = {namespace}.linalg.qr(matrices)
signs = {namespace}.sign({namespace}.diagonal(triangle, axis1=1, axis2=2).real)
return q * signs[:, None, :]
"""
    lines = ["Orthonormal columns (or rows, if there are fewer of them) from a stack of random matrices."]
    return _function("orthogonal", ["matrices"], lines, ast.parse(text).body)


def _function(name: str, arguments: Sequence[str], lines: Sequence[str], body: Sequence[ast.stmt]) -> Block:
    parameters = ast.arguments([], [ast.arg(a) for a in arguments], None, [], [], None, [])
    head = ast.FunctionDef(name, parameters, [], [], lineno=0)
    return Block(head, [Text(tuple(lines)), *body])
