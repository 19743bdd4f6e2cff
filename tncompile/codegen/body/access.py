"""The expression of a reading, and the place a step writes to."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tncompile.codegen.arrays.alignment import Value, transposed
from tncompile.codegen.arrays.reading import Reading, covers
from tncompile.codegen.arrays.strided import Strided
from tncompile.codegen.python import nodes
from tncompile.codegen.python.domain import Domain
from tncompile.codegen.python.symbols import Symbols
from tncompile.network import Extent, Formula
from tncompile.plan.schedule import Affine, Gather, Span


class Accessor:
    """Writes accesses as text; tables of positions are noted in ``tables`` and named there."""

    def __init__(self, symbols: Symbols, tables: Tables) -> None:
        self._symbols = symbols
        self._tables = tables

    def read(self, reading: Reading, domain: Domain) -> Value:
        """What an access reads."""
        value = self.view(reading)
        if reading.conjugate and domain.is_complex:
            return Value(domain.conjugate(value.expr), Strided.dense(value.labels))
        return value

    def view(self, reading: Reading) -> Value:
        """The subscripted buffer alone: what can be read, and also assigned to."""
        base = nodes.name(reading.storage.identifier)
        special = reading.gathers
        items = [self._item(reading, axis, axis in special) for axis in range(len(reading.parts))]
        expr = nodes.indexed(base, items)
        if not special:
            return Value(expr, reading.strided)
        kept = [i for i, part in enumerate(reading.parts) if part.label is not None]
        names = [f"{i}" for i in kept]
        order = [f"{i}" for i in special] + [f"{i}" for i in kept if i not in special]
        expr = transposed(expr, names, order)
        labels = reading.gathered
        chosen = nodes.indexed(expr, [self._table(reading, i, labels) for i in special], merge=False)
        return Value(chosen, reading.strided, gathered=True)

    def _item(self, reading: Reading, axis: int, special: bool) -> ast.expr:
        subscript = reading.parts[axis].subscript
        if isinstance(subscript, Affine):
            return self._symbols.affine(subscript)
        if isinstance(subscript, Span) and not special:
            buffer, number = reading.storage.buffer, reading.storage.order[axis]
            return (
                nodes.FULL
                if covers(subscript, buffer, number)
                else self._slice(subscript, buffer.family[number])
            )
        return nodes.FULL

    def _slice(self, span: Span, whole: Extent) -> ast.expr:
        start = span.start
        known = start.formula or Formula.constant(start.constant)
        end = known + span.count.formula * span.step
        stop = Affine(start.constant + span.step * span.count.value, start.terms, end)
        from_edge = not start.terms and start.constant == (0 if span.step > 0 else whole.value - 1)
        beyond = stop.constant - whole.value if span.step > 0 else -1 - stop.constant
        to_edge = not start.terms and 0 <= beyond < abs(span.step)
        return ast.Slice(
            None if from_edge else self._symbols.affine(start),
            None if to_edge else self._symbols.affine(stop),
            None if span.step == 1 else nodes.number(span.step),
        )

    def _table(self, reading: Reading, axis: int, labels: Sequence[str]) -> ast.expr:
        """The positions along one gathered axis, with axes that broadcast against the other tables."""
        subscript = reading.parts[axis].subscript
        if isinstance(subscript, Gather):
            own, expr = subscript.labels, self._tables.give(subscript.table)
            expr = nodes.indexed(expr, [self._symbols.affine(row) for row in subscript.at])
        else:
            own, expr = (str(reading.parts[axis].label),), self._steps(reading, axis)
        ordered = [label for label in labels if label in own]
        expr = transposed(expr, own, ordered)
        tail = labels[labels.index(ordered[0]) :] if ordered else ()
        items = [nodes.FULL if label in own else ast.Constant(None) for label in tail]
        return nodes.indexed(expr, items)

    def _steps(self, reading: Reading, axis: int) -> ast.expr:
        """The positions of a span, or all of an axis, as an array."""
        buffer, number = reading.storage.buffer, reading.storage.order[axis]
        subscript = reading.parts[axis].subscript
        arange = self._symbols.domain.function("arange")
        if not isinstance(subscript, Span):
            return nodes.call(arange, self._symbols.extent(buffer.shape[number - len(buffer.family)]))
        if not subscript.start.terms:
            places = subscript.start.constant + subscript.step * np.arange(subscript.count.value)
            return self._tables.give(places)
        steps: ast.expr = nodes.call(arange, self._symbols.extent(subscript.count))
        if subscript.step != 1:
            steps = nodes.binary(nodes.number(subscript.step), ast.Mult(), steps)
        return nodes.binary(self._symbols.affine(subscript.start), ast.Add(), steps)


class Tables:
    """The tables of positions of a module, each once."""

    def __init__(self) -> None:
        self.found: dict[tuple[tuple[int, ...], bytes], tuple[str, npt.NDArray[np.int64]]] = {}

    def give(self, table: npt.NDArray[np.int64]) -> ast.expr:
        """The name of a table."""
        key = (table.shape, np.ascontiguousarray(table).tobytes())
        if key not in self.found:
            self.found[key] = (f"PLACES_{len(self.found) + 1}", table)
        return nodes.name(self.found[key][0])
