"""From an arrangement of rows to loops and steps with labels and subscripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tncompile.network import Expr, Extent, Formula, Ints, Multiply, Number, statement_text
from tncompile.plan.accesses import Around, Axes, subscripts_of
from tncompile.plan.arrange import Arrangement, Batch
from tncompile.plan.pieces import Operand, Operation, Piece
from tncompile.plan.schedule import Access, Affine, Gather, Loop, Span, Step
from tncompile.plan.timing import Cell


@dataclass(frozen=True)
class Labels:
    """The labels that count the rows of a step, and those of the loops inside its equation."""

    rows: tuple[str, ...]
    row_counts: tuple[int, ...]
    inner: tuple[str, ...]
    inner_counts: tuple[int, ...]


def lower(arrangement: Arrangement, around: tuple[Around, ...] = ()) -> tuple[Step | Loop, ...]:
    """The loops and steps of an arrangement inside some loops."""
    nodes: list[Step | Loop] = []
    for node in arrangement.nodes:
        if isinstance(node, Batch):
            nodes.append(step_of(node.cell, around))
            continue
        taken = {loop.variable for loop in around}
        loop = Around(_free(node.variable, taken), node.first, node.step, node.count)
        body = lower(node.body, (*around, loop))
        nodes.append(Loop(loop.variable, Affine(loop.first), Affine(loop.last), loop.step, body))
    return tuple(nodes)


def step_of(cell: Cell, around: tuple[Around, ...]) -> Step:
    """All rows of a cell as one step."""
    piece = cell.piece
    names = _index_labels(piece, around)
    labels = _labels(cell, {loop.variable for loop in around} | set(names.values()))
    rows = _axes(around, labels.rows, labels.row_counts)
    target = piece.places[:, cell.rows].reshape(-1, *rows.shape)
    result = Access(piece.buffer, subscripts_of(list(target), rows, True), _renamed(piece.indices, names))
    operands = tuple(_operand_access(operand, cell, labels, around, names) for operand in piece.operands)
    extents = {names[index]: extent for index, extent in piece.extents.items()}
    counts = zip((*labels.rows, *labels.inner), (*labels.row_counts, *labels.inner_counts), strict=True)
    extents.update({label: _counted(count) for label, count in counts})
    return _finished(piece, result, operands, extents, labels)


def _finished(
    piece: Piece, result: Access, operands: tuple[Access, ...], extents: Mapping[str, Extent], labels: Labels
) -> Step:
    written = labels_of(result)
    carried = dict.fromkeys(label for access in operands for label in labels_of(access))
    summed = tuple(label for label in carried if label not in written)
    operation = piece.operation if summed or piece.operation.op != "reduce" else _of_one(piece.operation, labels)
    coefficients = operation.coefficients
    missing = [n for label, n in zip(labels.inner, labels.inner_counts, strict=True) if label not in carried]
    if operation.op == "contract" and missing:
        # A sum over a loop that no factor depends on multiplies by the number of rounds.
        coefficients = (_times(coefficients[0] if coefficients else None, int(np.prod(missing))),)
    return Step(
        op=operation.op,
        result=result,
        operands=operands,
        labels={label: extent for label, extent in extents.items() if label in written or label in carried},
        summed=summed,
        coefficients=coefficients,
        constant=operation.constant,
        function=operation.function,
        arguments=operation.arguments,
        comment=statement_text(piece.rule.definition),
    )


def _of_one(operation: Operation, labels: Labels) -> Operation:
    """A product, maximum or minimum whose rounds all read one member, or that has a single round."""
    count = int(np.prod(labels.inner_counts))
    if operation.function == "prod" and count > 1:
        return Operation("apply", function="^", arguments=(0, Number(str(count))))
    return Operation("contract")


def labels_of(access: Access) -> tuple[str, ...]:
    """The labels of an access: those of its subscripts, then those of the member's axes; each once."""
    found: list[str] = []
    for subscript in access.subscripts:
        if isinstance(subscript, Span):
            found.append(subscript.label)
        elif isinstance(subscript, Gather):
            found.extend(subscript.labels)
    return tuple(dict.fromkeys([*found, *access.indices]))


def _operand_access(
    operand: Operand, cell: Cell, labels: Labels, around: tuple[Around, ...], names: Mapping[str, str]
) -> Access:
    width = operand.places.shape[2]
    inner, counts = (labels.inner, labels.inner_counts) if width > 1 else ((), ())
    axes = _axes(around, (*labels.rows, *inner), (*labels.row_counts, *counts))
    tables = operand.places[:, cell.rows].reshape(-1, *axes.shape)
    # A product needs each of its factors, also where all rounds read the same.
    needed = labels.inner if cell.piece.operation.op == "reduce" else ()
    subscripts = subscripts_of(list(tables), axes, False, needed)
    return Access(operand.buffer, subscripts, _renamed(operand.indices, names), operand.conjugate)


def _axes(around: tuple[Around, ...], labels: tuple[str, ...], counts: tuple[int, ...]) -> Axes:
    return Axes(around, labels, tuple(_counted(count) for count in counts))


def _counted(count: int) -> Extent:
    return Extent(count, Formula.constant(count))


def _times(coefficient: Expr | None, count: int) -> Expr:
    number = Number(str(count))
    return number if coefficient is None else Multiply((number, coefficient), (False, False))


# --- labels ----------------------------------------------------------------------------------


def _index_labels(piece: Piece, around: Iterable[Around]) -> dict[str, str]:
    """A label for each index of a piece; its own name unless a loop around has taken that."""
    taken = {loop.variable for loop in around}
    return {index: _free(index, taken) for index in piece.extents}


def _renamed(indices: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names[index] for index in indices)


def _labels(cell: Cell, taken: set[str]) -> Labels:
    piece = cell.piece
    values = piece.rows.columns[:, cell.first_round()]
    rows, row_counts = _grid(piece.rows.names, values, "row")
    inner, inner_counts = _inner_grid(cell)
    taken = set(taken)
    found = []
    for name in (*rows, *inner):
        found.append(_free(name, taken))
        taken.add(found[-1])
    return Labels(tuple(found[: len(rows)]), row_counts, tuple(found[len(rows) :]), inner_counts)


def _inner_grid(cell: Cell) -> tuple[tuple[str, ...], tuple[int, ...]]:
    values = cell.piece.inner_values[:, cell.rows.reshape(-1)]
    if values.shape[2] < 2:
        return (), ()
    if (values == values[:, :1]).all():
        return _grid(cell.piece.inner, values[:, 0], cell.piece.inner[0])
    return (cell.piece.inner[0],), (values.shape[2],)


def _grid(names: Sequence[str], columns: Ints, otherwise: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """A label for each variable that varies, if the rows are all combinations in order; else one for all."""
    count = columns.shape[1]
    if count == 1:
        return (), ()
    varying = [(name, column) for name, column in zip(names, columns, strict=True) if (column != column[0]).any()]
    sizes = tuple(len(np.unique(column)) for _, column in varying)
    if varying and np.prod(sizes, dtype=np.float64) == count:
        boxes = [column.reshape(sizes) for _, column in varying]
        if all(_along(box, axis) for axis, box in enumerate(boxes)):
            return tuple(name for name, _ in varying), sizes
    return (varying[0][0] if len(varying) == 1 else otherwise,), (count,)


def _along(box: Ints, axis: int) -> bool:
    """Whether values vary along one axis only."""
    first = box[tuple(slice(None) if a == axis else slice(0, 1) for a in range(box.ndim))]
    return bool((box == first).all())


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name
