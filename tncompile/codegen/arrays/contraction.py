"""Products and sums: the plan of a contraction over given memory, its cost, and its text."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tncompile.codegen.arrays.alignment import (
    ExtentOf,
    Value,
    aligned,
    as_matrices,
    from_matrices,
    transposed,
)
from tncompile.codegen.arrays.products import Product, best_product
from tncompile.codegen.arrays.strided import Sizes, Strided, copy_cost, extent, reduction_cost
from tncompile.codegen.python import nodes
from tncompile.codegen.python.domain import Domain
from tncompile.source.records import record


@record
class Contraction:
    """How a contraction is computed: sums of single operands first, then at most one product."""

    alone: tuple[tuple[str, ...], ...]  # for each operand, the labels summed before the product
    core: tuple[str, ...]  # the labels of the result that an operand carries, in the order of memory
    product: Product | None
    cost: float


def plan_contraction(operands: Sequence[Strided], result: Strided, fresh: bool, sizes: Sizes) -> Contraction:
    """The cheapest way to contract one or two operands into ``result`` (for ``fresh`` see `best_product`)."""
    alone, reduced, cost = [], [], 0.0
    for number, array in enumerate(operands):
        others = {label for i, other in enumerate(operands) if i != number for label in other.labels}
        gone = tuple(label for label in array.labels if label not in others and label not in result.labels)
        alone.append(gone)
        if gone:
            cost += reduction_cost(array, gone, sizes)
            array = Strided.dense(label for label in array.labels if label not in gone)
        reduced.append(array)
    core = result.only({label for array in reduced for label in array.labels})
    whole = core == result.labels
    target = result if whole else Strided.dense(core)
    if not whole:
        cost += copy_cost(Strided.dense(core), result.labels, sizes)
    if len(reduced) == 1:
        return Contraction(tuple(alone), core, None, cost + copy_cost(reduced[0], core, sizes))
    product = best_product(reduced[0], reduced[1], target, fresh or not whole, sizes)
    return Contraction(tuple(alone), core, product, cost + product.cost)


@record
class Contractor:
    """Writes a planned contraction as one expression."""

    domain: Domain
    extent: ExtentOf
    sizes: Sizes

    def value(self, plan: Contraction, operands: Sequence[Value], factor: ast.expr | None) -> Value:
        """The contraction; its labels stand in the order in which memory holds them."""
        reduced = self.reduced(plan, operands)
        if plan.product is None:
            return self._scaled(reduced[0], factor)
        lightest = min((0, 1), key=lambda i: extent(reduced[i].labels, self.sizes))
        after = extent(plan.product.raw, self.sizes) < extent(reduced[lightest].labels, self.sizes)
        if factor is not None and not after:
            reduced[lightest] = self._scaled(reduced[lightest], factor)
        value = self._product(plan.product, reduced)
        return self._scaled(value, factor) if after else value

    def reduced(self, plan: Contraction, operands: Sequence[Value]) -> list[Value]:
        """The operands, each after the sums over labels of its own."""
        return [self._summed(value, gone) for value, gone in zip(operands, plan.alone, strict=True)]

    def operands(self, plan: Contraction, operands: Sequence[Value]) -> tuple[ast.expr, ast.expr]:
        """The two arguments of the matrix product."""
        assert plan.product is not None
        return self._matrices(plan.product, self.reduced(plan, operands))

    def _matrices(self, product: Product, values: Sequence[Value]) -> tuple[ast.expr, ast.expr]:
        left, right = reversed(values) if product.swapped else values
        assert product.left is not None
        assert product.right is not None
        return (
            as_matrices(left, product.left, self.domain, self.extent),
            as_matrices(right, product.right, self.domain, self.extent),
        )

    def place(self, product: Product, target: Value) -> ast.expr | None:
        """The target as the matrices that a product can be written into; None where it must be copied.

        Stacks of vectors are copied: with an axis put in for the missing one NumPy would not take them for matrices,
        and multiply without BLAS.
        """
        if product.left is None or product.right is None or product.summed:
            return None
        matrix = product.matrices
        if matrix.batch and not (matrix.rows and matrix.columns):
            return None
        if set(matrix.labels) != set(target.labels) or not matrix.labels or not matrix.fits(target.array):
            return None
        return as_matrices(target, matrix, self.domain, self.extent)

    def _product(self, product: Product, values: Sequence[Value]) -> Value:
        if product.left is None or product.right is None:
            one, other = ((value.expr, value.labels) for value in values)
            whole = self.domain.summed_product(one, other, product.raw) if product.summed else None
            if whole is not None:
                return Value(whole, Strided.dense(product.raw))
            expr = self.domain.multiply(*(aligned(value, product.order) for value in values))
            return self._summed(Value(expr, Strided.dense(product.order)), product.summed)
        left, right = self._matrices(product, values)
        matrix = product.matrices
        expr = from_matrices(self.domain.matmul(left, right), matrix, self.extent)
        return self._summed(Value(expr, Strided.dense(matrix.labels)), product.summed)

    def _summed(self, value: Value, gone: tuple[str, ...]) -> Value:
        if not gone:
            return value
        kept = [label for label in value.labels if label not in gone]
        axes = [axis for axis, label in enumerate(value.labels) if label in gone]
        arguments = {"axis": nodes.integers(axes)} if kept else {}
        return Value(self.domain.sum(value.expr, **arguments), Strided.dense(kept))

    def _scaled(self, value: Value, factor: ast.expr | None) -> Value:
        if factor is None:
            return value
        if (
            isinstance(factor, ast.UnaryOp)
            and isinstance(factor.operand, ast.Constant)
            and factor.operand.value == 1
        ):
            return Value(ast.UnaryOp(ast.USub(), value.expr), Strided.dense(value.labels))
        return Value(self.domain.multiply(factor, value.expr), Strided.dense(value.labels))


def ordered(value: Value, order: Sequence[str], domain: Domain) -> ast.expr:
    """The value as an array of its own whose memory has the given order."""
    if value.labels == tuple(order):
        return value.expr
    return domain.call("ascontiguousarray", transposed(value.expr, value.labels, order))
