"""Array expressions brought into an order of labels: transposed, given new axes, merged into matrices."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from tncompile.codegen.arrays.products import Matrix
from tncompile.codegen.arrays.strided import Strided
from tncompile.codegen.python import nodes
from tncompile.codegen.python.domain import Domain
from tncompile.source.records import record

ExtentOf = Callable[[str], ast.expr]


@record
class Value:
    """An array expression and the labels of its axes."""

    expr: ast.expr
    array: Strided
    gathered: bool = False  # read through arrays of positions

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, outermost first."""
        return self.array.labels


def transposed(expr: ast.expr, labels: Sequence[str], order: Sequence[str]) -> ast.expr:
    """The axes ``labels`` in another order."""
    if tuple(labels) == tuple(order):
        return expr
    if len(labels) == 2:
        return nodes.attribute(expr, "T")
    return nodes.method(expr, "transpose", *(nodes.number(labels.index(label)) for label in order))


def aligned(value: Value, order: Sequence[str]) -> ast.expr:
    """The value with its axes in ``order``, so that it broadcasts along the labels that it lacks."""
    own = [label for label in order if label in value.labels]
    expr = transposed(value.expr, value.labels, own)
    if not own:
        return expr
    tail = order[order.index(own[0]) :]
    items = [nodes.FULL if label in own else ast.Constant(None) for label in tail]
    return nodes.indexed(expr, items, merge=not value.gathered) if len(tail) > len(own) else expr


def reshaped(expr: ast.expr, groups: Sequence[Sequence[str]], extent: ExtentOf) -> ast.expr:
    """The axes of each group merged into one."""
    return nodes.method(expr, "reshape", *(_product([extent(label) for label in group]) for group in groups))


def _product(extents: Sequence[ast.expr]) -> ast.expr:
    """``n * r``; factors of 1 are left out."""
    factors = [e for e in extents if not (isinstance(e, ast.Constant) and e.value == 1)]
    return nodes.chain(ast.Mult(), factors) if factors else nodes.number(1)


def as_matrices(value: Value, matrix: Matrix, domain: Domain, extent: ExtentOf) -> ast.expr:
    """The value as a stack of matrices; of vectors where there is no stack and no labels for an axis."""
    groups = [*((label,) for label in matrix.batch), matrix.rows, matrix.columns]
    present = [group for group in groups if group]
    expr = value.expr
    if value.array.is_run(matrix.rows) and value.array.is_run(matrix.columns):
        physical = sorted(present, key=lambda group: value.labels.index(group[0]))
        if any(len(group) > 1 for group in present):
            expr = reshaped(expr, physical, extent)
        expr = transposed(expr, [group[0] for group in physical], [group[0] for group in present])
        if not matrix.fits(value.array):
            expr = domain.call("ascontiguousarray", expr)
    else:
        expr = transposed(expr, value.labels, matrix.labels)
        expr = reshaped(expr, present, extent)
    if matrix.batch and len(present) < len(groups):
        items = [nodes.FULL if group else ast.Constant(None) for group in groups]
        expr = nodes.indexed(expr, items, merge=not value.gathered)
    return expr


def from_matrices(expr: ast.expr, matrix: Matrix, extent: ExtentOf) -> ast.expr:
    """A matrix product with all its labels as axes again: batch, rows, columns."""
    if any(len(group) > 1 for group in (matrix.rows, matrix.columns)):
        return reshaped(expr, [(label,) for label in matrix.labels], extent)
    if matrix.batch and not (matrix.rows and matrix.columns):
        ends: list[ast.expr] = [
            nodes.FULL if group else nodes.number(0) for group in (matrix.rows, matrix.columns)
        ]
        return nodes.indexed(expr, [*(nodes.FULL for _ in matrix.batch), *ends])
    return expr
