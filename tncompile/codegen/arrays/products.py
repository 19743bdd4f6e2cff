"""The choice of one array expression for a product of two operands: which axes merge, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product as choices

from tncompile.codegen.arrays.strided import (
    ACROSS,
    CALL,
    ELEMENT,
    OPERATION,
    SMALL_PRODUCT,
    SPREAD_PRODUCT,
    Sizes,
    Strided,
    copy_cost,
    elementwise_cost,
    extent,
    reduction_cost,
)
from tncompile.source.records import record

Labels = tuple[str, ...]

LARGE = 2**17  # elements of a matrix of which it matters in which order they are read
SMALL = 10**6  # multiplications of a product that libraries have kernels of their own for
LANES = 0.3  # nanoseconds to add up what one of these has in the lanes of a register


@record
class Matrix:
    """An operand as a stack of matrices: the labels of the stack, of the rows, of the columns."""

    batch: Labels
    rows: Labels
    columns: Labels

    @property
    def labels(self) -> Labels:
        """All labels, in this order."""
        return self.batch + self.rows + self.columns

    def fits(self, array: Strided) -> bool:
        """Is the stack a view of ``array`` that a matrix product can read as it lies?"""
        ends = self.rows[-1:] + self.columns[-1:]
        near = array.neighbour in ends or not array.labels or not ends
        return near and array.is_run(self.rows) and array.is_run(self.columns)


@record
class Product:
    """One way to compute a product: by `matmul` of two stacks, or element by element and then summed."""

    left: Matrix | None  # None: element by element
    right: Matrix | None
    swapped: bool  # the second operand stands on the left
    summed: Labels  # what is summed after the product
    order: Labels  # the labels of the value before that sum, in the order of memory
    cost: float
    copies: float = 0.0  # the part of the cost that goes into copies

    @property
    def raw(self) -> Labels:
        """The labels of the value, in the order of memory."""
        return tuple(label for label in self.order if label not in self.summed)

    @property
    def matrices(self) -> Matrix:
        """The value of `matmul`, with the labels that are summed after it in the stack. One operand may lack the first of the stack."""
        assert self.left is not None
        assert self.right is not None
        batch = max(self.left.batch, self.right.batch, key=len)
        return Matrix(batch, self.left.rows, self.right.columns)


def best_product(first: Strided, second: Strided, result: Strided, fresh: bool, sizes: Sizes) -> Product:
    """The cheapest way to compute the product of two operands into ``result``.

    ``fresh`` says that the result becomes an array of its own; otherwise it is written into a place.
    Labels of both operands that ``result`` lacks are summed; each operand's other labels stand in
    ``result``, and each label of ``result`` in an operand.
    """
    ways = _ways(first, second, result, fresh, sizes)
    return min(ways, key=lambda way: (way.cost, way.raw != result.labels))


def _ways(first: Strided, second: Strided, result: Strided, fresh: bool, sizes: Sizes) -> Iterator[Product]:
    summed = tuple(label for label in first.labels if label not in result.labels)
    yield _element_wise(first, second, result, summed, fresh, sizes)
    if not summed:
        return
    orders = sorted({summed, second.only(summed)})
    found = [way for order in orders for way in _matrix_ways(first, second, result, order, (), fresh, sizes)]
    yield from found
    if all(way.copies for way in found):
        # Labels of one operand cannot all be one axis: one of them becomes a stack along which the other is the same.
        for array in (first, second):
            for label in array.labels:
                if label in result.labels and not (label in first.labels and label in second.labels):
                    yield from _matrix_ways(first, second, result, summed, (), fresh, sizes, label)
    if len(summed) > 1 and all(way.copies for way in found):
        # The summed labels cannot all be one axis: one of them is summed after the product.
        for label in summed:
            rest = tuple(other for other in summed if other != label)
            yield from _matrix_ways(first, second, result, rest, (label,), fresh, sizes)


def _element_wise(
    first: Strided, second: Strided, result: Strided, summed: Labels, fresh: bool, sizes: Sizes
) -> Product:
    order = _with_summed(first, second, result, summed, sizes) if summed or fresh else result.labels
    cost = elementwise_cost(order, [first, second, *([] if summed or fresh else [result])], sizes)
    rest = tuple(label for label in order if label not in summed)
    if summed:
        cost += reduction_cost(Strided.dense(order), summed, sizes)
    if rest != result.labels:
        cost += copy_cost(Strided.dense(rest), result.labels, sizes)
    return Product(None, None, False, summed, order, cost)


def _with_summed(first: Strided, second: Strided, result: Strided, summed: Labels, sizes: Sizes) -> Labels:
    """The order of the result, with the summed labels where an operand has them, or in front.

    An array library gives a product the order of its operands. Where that cannot be the order of the
    result, it is that of the bigger operand.
    """
    everything = set(summed) | set(result.labels)
    for array in (first, second):
        if set(array.labels) == everything and array.only(result.labels) == result.labels:
            return array.labels
    wanted = summed + result.labels
    if all(
        tuple(label for label in wanted if label in array.labels) == array.labels for array in (first, second)
    ):
        return wanted
    bigger = max((first, second), key=lambda array: extent(array.labels, sizes)).labels
    own = iter(bigger)
    return tuple(next(own) if label in bigger else label for label in wanted)


def _matrix_ways(
    first: Strided,
    second: Strided,
    result: Strided,
    inner: Labels,
    after: Labels,
    fresh: bool,
    sizes: Sizes,
    lead: str | None = None,
) -> Iterator[Product]:
    """Ways with given labels summed by the product, and after it. The stack begins with ``lead``, which one operand lacks."""
    leading = () if lead is None else (lead,)
    shared = [label for label in result.labels if label in first.labels and label in second.labels]
    batch = (*after, *shared)
    own = [
        [label for label in array.labels if label not in (*leading, *batch, *inner)]
        for array in (first, second)
    ]
    if lead is not None and not all(own):
        return
    in_result = [[label for label in result.labels if label in labels] for labels in own]
    time = _matrix_time((*leading, *batch), own[0], own[1], inner, after, sizes)
    if lead is not None:
        time += extent((*leading, *batch), sizes) * SPREAD_PRODUCT
    for swapped in (False, True):
        x, y = (second, first) if swapped else (first, second)
        rows_of, columns_of = (1, 0) if swapped else (0, 1)
        for rows, columns in choices(
            _distinct(own[rows_of], in_result[rows_of]), _distinct(own[columns_of], in_result[columns_of])
        ):
            left = Matrix((*(label for label in leading if label in x.labels), *batch), rows, inner)
            right = Matrix((*(label for label in leading if label in y.labels), *batch), inner, columns)
            copies = sum(
                copy_cost(array, matrix.labels, sizes)
                for array, matrix in ((x, left), (y, right))
                if not matrix.fits(array)
            )
            raw = (*leading, *shared, *rows, *columns)
            in_place = not fresh and not after and Matrix((*leading, *batch), rows, columns).fits(result)
            if raw != result.labels and not in_place:
                copies += copy_cost(Strided.dense(raw), result.labels, sizes)
            across = raw != result.labels and in_place
            packed = time + _packing_time(x if across else y, left, right, across, sizes)
            packed += _dotting_time(x, y, left, right, sizes)
            yield Product(left, right, swapped, after, (*after, *raw), packed + copies, copies)


def _packing_time(y: Strided, left: Matrix, right: Matrix, across: bool, sizes: Sizes) -> float:
    """What a wide product of large matrices takes longer if the right one lies along its columns: a library reads it anew
    in the order of its kernels.

    ``y`` is the array of the right one. ``across`` says that the result lies so: then it is the product of both
    transposed in the other order, and ``y`` the array of the left one.
    """
    rows, columns = (right.columns, left.rows) if across else (left.rows, right.columns)
    height, width = extent(rows, sizes), extent(columns, sizes)
    size = extent(left.columns, sizes) * width
    if width <= height or size < LARGE or y.neighbour not in left.columns:
        return 0.0
    return extent(left.batch, sizes) * size * ACROSS


def _dotting_time(x: Strided, y: Strided, left: Matrix, right: Matrix, sizes: Sizes) -> float:
    """What a small product of matrices takes longer if both lie along what is summed: kernels for small matrices read them as they
    lie, and add up the lanes of a register for each entry."""
    height, inner, width = (extent(labels, sizes) for labels in (left.rows, left.columns, right.columns))
    if min(height, inner, width) == 1 or height * inner * width > SMALL:
        return 0.0
    both = x.neighbour in left.columns and y.neighbour in left.columns
    return extent(left.batch, sizes) * height * width * LANES if both else 0.0


def _distinct(*orders: Sequence[str]) -> list[Labels]:
    return list(dict.fromkeys(tuple(order) for order in orders))


def _matrix_time(
    batch: Labels, rows: Sequence[str], columns: Sequence[str], inner: Labels, after: Labels, sizes: Sizes
) -> float:
    """The time of the products themselves, and of the sum after them."""
    count, height, width = extent(batch, sizes), extent(rows, sizes), extent(columns, sizes)
    written = count * height * width
    work = 2 * written * extent(inner, sizes) * OPERATION * (2 if min(height, width) == 1 else 1)
    time = CALL * 1.2 + count * SMALL_PRODUCT + work + written * ELEMENT
    if after:
        time += reduction_cost(Strided.dense((*batch, *rows, *columns)), after, sizes)
    return time
