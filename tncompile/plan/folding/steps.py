"""From an arrangement of rows to loops and steps with labels and subscripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from tncompile.network import Expr, Extent, Formula, Ints, Multiply, Number, RuleClass, statement_text
from tncompile.plan.cost import product, times, total
from tncompile.plan.folding.accesses import Around, Axes, subscripts_of
from tncompile.plan.folding.arrange import Arrangement, Batch, Repeat
from tncompile.plan.folding.buffers import Layout
from tncompile.plan.folding.drafts import Operation
from tncompile.plan.folding.pieces import Operand, Piece
from tncompile.plan.folding.timing import Cell
from tncompile.plan.schedule import Access, Affine, Gather, Loop, Span, Step
from tncompile.source.records import record


@record
class Labels:
    """The labels that count the rows of a step, and those of the loops inside its equation."""

    rows: tuple[str, ...]
    row_counts: tuple[Extent, ...]
    inner: tuple[str, ...]
    inner_counts: tuple[Extent, ...]


class StepMaker:
    """Makes loops and steps over the buffers of a layout."""

    def __init__(self, layout: Layout) -> None:
        self.buffers, self.ranges = layout.buffers, layout.ranges

    def nodes(self, arrangement: Arrangement, around: tuple[Around, ...] = ()) -> tuple[Step | Loop, ...]:
        """The loops and steps of an arrangement inside some loops."""
        return tuple(
            self.step(node.cell, around) if isinstance(node, Batch) else self.loop(node, around)
            for node in arrangement.nodes
        )

    def loop(self, repeat: Repeat, around: tuple[Around, ...]) -> Loop:
        """A repetition inside some loops."""
        variable = _free(repeat.variable, {loop.variable for loop in around})
        inside = Around(variable, repeat.first, repeat.step, repeat.count)
        last = repeat.first + repeat.step * (repeat.count - 1)
        ends = [
            Affine(
                value,
                formula=None if repeat.rule is None else self._end(repeat.rule, repeat.variable, value, top),
            )
            for value, top in ((repeat.first, repeat.step < 0), (last, repeat.step > 0))
        ]
        return Loop(variable, ends[0], ends[1], repeat.step, self.nodes(repeat.body, (*around, inside)))

    def step(self, cell: Cell, around: tuple[Around, ...]) -> Step:
        """All rows of a cell as one step."""
        piece = cell.piece
        names = _index_labels(piece, around)
        labels = self._labels(cell, {loop.variable for loop in around} | set(names.values()))
        rows = Axes(around, labels.rows, labels.row_counts)
        target = list(piece.places[:, cell.rows].reshape(-1, *rows.shape))
        subscripts = subscripts_of(target, self.buffers[piece.buffer].family, rows, True)
        result = Access(piece.buffer, subscripts, _renamed(piece.indices, names))
        operands = tuple(self._operand(operand, cell, labels, around, names) for operand in piece.operands)
        extents = {names[index]: extent for index, extent in piece.extents.items()}
        extents.update(zip(labels.rows, labels.row_counts, strict=True))
        extents.update(zip(labels.inner, labels.inner_counts, strict=True))
        step = _finished(piece, result, operands, extents, labels)
        return replace(step, comment=self._comment(cell), flops=_flops(piece, labels))

    def _comment(self, cell: Cell) -> str:
        """The rule as the text says it, with the variables that have one value in all rows of the step."""
        rule, rows = cell.piece.rule, cell.rows.reshape(-1)
        columns = dict(zip(cell.piece.rows.names, cell.piece.rows.columns[:, rows], strict=True))
        fixed = {name: int(column[0]) for name, column in columns.items() if (column == column[0]).all()}
        if not fixed:
            return statement_text(rule.definition)
        text = statement_text(
            replace(rule.definition, loops=()) if len(fixed) == len(columns) else rule.definition
        )
        values = [
            f"{name} = {_said(self.ranges.value(rule, name, value, _before(fixed, name), True), value)}"
            for name, value in fixed.items()
        ]
        return f"{text}  with {', '.join(values)}"

    def _operand(
        self,
        operand: Operand,
        cell: Cell,
        labels: Labels,
        around: tuple[Around, ...],
        names: Mapping[str, str],
    ) -> Access:
        axes = Axes(around, labels.rows, labels.row_counts)
        if operand.places.shape[2] > 1:
            axes = Axes(around, (*labels.rows, *labels.inner), (*labels.row_counts, *labels.inner_counts))
        tables = list(operand.places[:, cell.rows].reshape(-1, *axes.shape))
        # A product needs each of its factors, also where all rounds read the same.
        needed = labels.inner if cell.piece.operation.op == "reduce" else ()
        subscripts = subscripts_of(tables, self.buffers[operand.buffer].family, axes, False, needed)
        return Access(operand.buffer, subscripts, _renamed(operand.indices, names), operand.conjugate)

    # --- labels -------------------------------------------------------------------------------

    def _labels(self, cell: Cell, taken: set[str]) -> Labels:
        piece, first = cell.piece, cell.first_round()
        columns = dict(zip(piece.rows.names, piece.rows.columns[:, first], strict=True))
        rows, row_counts = self._grid(piece.rule, columns, {}, "row")
        inner, inner_counts = self._inner(cell)
        found: list[str] = []
        for name in (*rows, *inner):
            found.append(_free(name, {*taken, *found}))
        return Labels(tuple(found[: len(rows)]), row_counts, tuple(found[len(rows) :]), inner_counts)

    def _inner(self, cell: Cell) -> tuple[tuple[str, ...], tuple[Extent, ...]]:
        piece = cell.piece
        values = piece.inner_values[:, cell.rows.reshape(-1)]
        if values.shape[2] < 2:
            return (), ()
        if (values == values[:, :1]).all():
            around = dict(
                zip(piece.rows.names, piece.rows.columns[:, cell.first_round()[0]].tolist(), strict=True)
            )
            columns = dict(zip(piece.inner, values[:, 0], strict=True))
            return self._grid(piece.rule, columns, around, piece.inner[0])
        return (piece.inner[0],), (_counted(values.shape[2]),)

    def _grid(
        self, rule: RuleClass, columns: Mapping[str, Ints], around: Mapping[str, int], otherwise: str
    ) -> tuple[tuple[str, ...], tuple[Extent, ...]]:
        """A label for each variable that varies, if the rows are all combinations in order; else one for all."""
        count = len(next(iter(columns.values()))) if columns else 1
        if count == 1:
            return (), ()
        varying = {name: column for name, column in columns.items() if (column != column[0]).any()}
        fixed = {name: int(column[0]) for name, column in columns.items() if name not in varying}
        counts = tuple(self.ranges.count(rule, name, c, {**around, **fixed}) for name, c in varying.items())
        sizes = [extent.value for extent in counts]
        if varying and np.prod(sizes, dtype=np.float64) == count:
            boxes = [column.reshape(sizes) for column in varying.values()]
            if all(_along(box, axis) for axis, box in enumerate(boxes)):
                return tuple(varying), counts
        return (next(iter(varying)) if len(varying) == 1 else otherwise,), (_counted(count),)

    def _end(self, rule: RuleClass, variable: str, value: int, last: bool) -> Formula | None:
        """An end of a loop in the sizes, if it is more than a number."""
        formula = self.ranges.value(rule, variable, value, {}, last)
        return None if formula.number is not None else formula


def _finished(
    piece: Piece, result: Access, operands: tuple[Access, ...], extents: Mapping[str, Extent], labels: Labels
) -> Step:
    written = labels_of(result)
    carried = dict.fromkeys(label for access in operands for label in labels_of(access))
    summed = tuple(label for label in carried if label not in written)
    operation = (
        piece.operation if summed or piece.operation.op != "reduce" else _of_one(piece.operation, labels)
    )
    coefficients = operation.coefficients
    missing = [extents[label].value for label in labels.inner if label not in carried]
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
    )


def _flops(piece: Piece, labels: Labels) -> Extent:
    """The operations of one execution, counted as `tncompile.plan.cost` counts those of a class."""
    operation, free = piece.operation, set(piece.indices)
    result = product([*labels.row_counts, *(piece.extents[index] for index in piece.indices)])
    indices = [index for operand in piece.operands for index in operand.indices if index not in free]
    everything = product([result, *labels.inner_counts, *(piece.extents[i] for i in dict.fromkeys(indices))])
    if operation.joins:
        return times(result, 0)
    scaled = sum(coefficient is not None for coefficient in operation.coefficients)
    match operation.op:
        case "contract":
            pairs = times(everything, len(piece.operands) - 1 + bool(piece.inner or indices))
            return total([pairs, times(result, scaled)])
        case "combine":
            terms = len(piece.operands) + (operation.constant is not None)
            return times(result, max(terms - 1, 0) + scaled)
        case "apply":
            return times(result, len(operation.arguments) - 1 if operation.function in ("max", "min") else 1)
    return everything


def _of_one(operation: Operation, labels: Labels) -> Operation:
    """A product, maximum or minimum whose rounds all read one member, or that has a single round."""
    count = int(np.prod([extent.value for extent in labels.inner_counts]))
    if operation.function == "prod" and count > 1:
        return Operation("apply", function="^", arguments=(0, Number(str(count))))
    return Operation("contract")


def labels_of(access: Access) -> tuple[str, ...]:
    """The labels of an access: those of its subscripts, then those of the member's axes; each once."""
    found = [label for subscript in access.subscripts for label in labels_of_subscript(subscript)]
    return tuple(dict.fromkeys([*found, *access.indices]))


def labels_of_subscript(subscript: Affine | Span | Gather) -> tuple[str, ...]:
    """The labels of one subscript."""
    if isinstance(subscript, Span):
        return (subscript.label,)
    return subscript.labels if isinstance(subscript, Gather) else ()


def _before(values: Mapping[str, int], name: str) -> dict[str, int]:
    """The values of the variables other than ``name``."""
    return {other: value for other, value in values.items() if other != name}


def _index_labels(piece: Piece, around: Iterable[Around]) -> dict[str, str]:
    """A label for each index of a piece; its own name unless a loop around has taken that."""
    taken = {loop.variable for loop in around}
    return {index: _free(index, taken) for index in piece.extents}


def _renamed(indices: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names[index] for index in indices)


def _counted(count: int) -> Extent:
    return Extent(count, Formula.constant(count))


def _times(coefficient: Expr | None, count: int) -> Expr:
    number = Number(str(count))
    return number if coefficient is None else Multiply((number, coefficient), (False, False))


def _along(box: Ints, axis: int) -> bool:
    """Whether values vary along one axis only."""
    first = box[tuple(slice(None) if a == axis else slice(0, 1) for a in range(box.ndim))]
    return bool((box == first).all())


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _said(formula: Formula, value: int) -> str:
    """A value in the sizes, where that reads better than the number: powers like ``2^(L - 3)`` do not."""
    return str(value) if any("^" in atom for atom in formula.atoms()) else str(formula)
