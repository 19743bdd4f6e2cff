"""The order of execution: batches of rows and repetitions, chosen to take the fewest steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tncompile.network import Ints, RuleClass
from tncompile.plan.folding.dependence import Edges, components
from tncompile.plan.folding.pieces import Piece
from tncompile.plan.folding.timing import Cell, Timing, timings
from tncompile.plan.folding.waves import waves
from tncompile.source.records import record

ALIKE = 1.3  # times as many steps are about as many

Mask = npt.NDArray[np.bool_]


@record(eq=False)
class Batch:
    """All rows of a cell at once."""

    cell: Cell


@record(eq=False)
class Repeat:
    """A body that is run ``count`` times; in round i the variable is ``first + step * i``.

    ``rule`` is a rule that has the variable, if it is one of the text.
    """

    variable: str
    rule: RuleClass | None
    first: int
    step: int
    count: int
    body: Arrangement


@record(eq=False)
class Arrangement:
    """Batches and repetitions in order, how many steps they take, and how many are written."""

    nodes: tuple[Batch | Repeat, ...]
    executed: int
    written: int

    @property
    def loops(self) -> int:
        """How many loops follow each other."""
        return sum(isinstance(node, Repeat) for node in self.nodes)


def best_of(found: Sequence[Arrangement]) -> Arrangement | None:
    """Of those that take about the fewest steps the one with the fewest loops, then steps, then text: what a loop makes is
    in the cache while it lasts, between loops it goes through memory."""
    fewest = min((one.executed for one in found), default=0)
    alike = [one for one in found if one.executed <= ALIKE * fewest]
    return min(alike, key=lambda one: (one.loops, one.executed, one.written), default=None)


def arrange(pieces: Sequence[Piece], edges: Sequence[Edges]) -> Arrangement:
    """Every instance of the pieces, after all that it needs."""
    cells = {number: Cell(piece, np.arange(piece.rows.count)) for number, piece in enumerate(pieces)}
    instances = sum(piece.rows.count for piece in pieces)
    result = _Arranger(np.zeros(instances, np.int64)).region(cells, edges)
    assert result is not None  # without loops around, waves always exist
    return result


class _Arranger:
    """Arranges regions within regions; ``places`` is where each instance stands in a round of its cell."""

    def __init__(self, places: Ints) -> None:
        self.places = places

    def region(self, cells: Mapping[int, Cell], edges: Sequence[Edges]) -> Arrangement | None:
        """Cells that run in the same rounds of the loops around, with the dependences within a round.

        None if that is impossible: if different rounds need different orders.
        """
        parts = []
        order = components(list(cells), edges)
        group_of = {number: place for place, group in enumerate(order) for number in group}
        inside: list[list[Edges]] = [[] for _ in order]
        for edge in edges:
            if group_of[edge.consumer] == group_of[edge.producer]:
                inside[group_of[edge.consumer]].append(edge)
        for group, within in zip(order, inside, strict=True):
            if not within:
                parts.append(_batch(cells[group[0]]))
                continue
            part = self._cycle({number: cells[number] for number in group}, within)
            if part is None:
                return None
            parts.append(part)
        return _sequence(parts)

    def _cycle(self, cells: Mapping[int, Cell], edges: Sequence[Edges]) -> Arrangement | None:
        """Cells that need each other: the best loop, or waves where there is none."""
        self._place(cells)
        ways = []
        for timing in list(timings(cells, edges, self.places)):
            self._place(cells)
            found = self._timed(cells, edges, timing)
            ways += [] if found is None else [found]
        best = best_of(ways)
        # A loop keeps the text short. Where rounds differ so much that they are written out one by one,
        # waves may do as well.
        if best is None or best.written > 8 * len(cells):
            self._place(cells)
            parts = waves(cells, edges, self.places)
            flat = None if parts is None else _sequence(_batch(cell) for cell in parts)
            if flat is not None and (best is None or _is_shorter(flat, best)):
                best = flat
        return best

    def _place(self, cells: Mapping[int, Cell]) -> None:
        for cell in cells.values():
            self.places[cell.piece.first + cell.rows] = np.arange(cell.count)

    def _timed(self, cells: Mapping[int, Cell], edges: Sequence[Edges], timing: Timing) -> Arrangement | None:
        """Stretches of like rounds, one after the other: each a loop, or written out."""
        sorted_cells = [_Rounds(number, cell, timing.rounds[number]) for number, cell in cells.items()]
        total = 1 + max(int(rounds.max()) for rounds in timing.rounds.values())
        breaks = np.zeros(total, np.bool_)
        for rounds in sorted_cells:
            breaks |= rounds.breaks(total)
        starts = np.flatnonzero(breaks).tolist()
        kept = list(self._same_round(edges, timing))
        parts = []
        for start, stop in zip(starts, [*starts[1:], total], strict=True):
            active = [rounds for rounds in sorted_cells if rounds.counts(total)[start]]
            part = self._stretch(active, _between(kept, start, stop), timing, start, stop)
            if part is None:
                return None
            parts.append(part)
        return _sequence(parts)

    def _same_round(self, edges: Sequence[Edges], timing: Timing) -> Iterator[tuple[Edges, Ints]]:
        """The dependences that stay within a round, sorted by round, and their rounds."""
        for edge, delay in zip(edges, timing.delays, strict=True):
            within = delay == 0
            if within.any():
                kept = edge.take(within)
                rounds = timing.rounds[edge.consumer][self.places[kept.readers]]
                order = np.argsort(rounds, kind="stable")
                yield kept.take(order), rounds[order]

    def _stretch(
        self,
        active: Sequence[_Rounds],
        edges: Sequence[tuple[Edges, Ints]],
        timing: Timing,
        start: int,
        stop: int,
    ) -> Arrangement | None:
        within = [edge for edge, _ in edges]
        if stop - start == 1:
            return self.region({rounds.number: rounds.cell_at(start) for rounds in active}, within)
        body = self.region({rounds.number: rounds.cells_between(start, stop) for rounds in active}, within)
        if body is not None:
            first = timing.first + timing.step * start
            return _repeat(Repeat(timing.variable, timing.rule, first, timing.step, stop - start, body))
        parts = []
        for place in range(start, stop):
            now = [edge for edge, _ in _between(edges, place, place + 1)]
            part = self.region({rounds.number: rounds.cell_at(place) for rounds in active}, now)
            if part is None:
                return None
            parts.append(part)
        return _sequence(parts)


class _Rounds:
    """The rows of a cell sorted by the round of a new loop."""

    def __init__(self, number: int, cell: Cell, rounds: Ints) -> None:
        self.number, self.cell = number, cell
        self.order = np.argsort(rounds, kind="stable")
        self.rounds = rounds[self.order]
        self._counts = np.bincount(rounds)
        self.starts = np.concatenate([[0], np.cumsum(self._counts)])

    def counts(self, total: int) -> Ints:
        """How many rows each of ``total`` rounds has."""
        return np.pad(self._counts, (0, total - len(self._counts)))

    def breaks(self, total: int) -> Mask:
        """Where a round differs from the one before, in how many rows it has or in what varies within it."""
        counts = self.counts(total)
        result: Mask = np.diff(counts, prepend=-1) != 0
        for name in self.cell.piece.rows.names:
            result |= self._differs(self.cell.column(name)[self.order], counts)
        return result

    def _differs(self, column: Ints, counts: Ints) -> Mask:
        """Rounds in which a variable takes other values than in the round before, and not just one value."""
        total = len(counts)
        starts = self.starts[self.rounds]
        mixed = np.bincount(self.rounds, column != column[starts], minlength=total) > 0
        before = np.arange(len(column)) - counts[self.rounds]
        changed = np.bincount(self.rounds, column != column[np.maximum(before, 0)], minlength=total) > 0
        return np.asarray(changed & (mixed | np.concatenate([[False], mixed[:-1]])))

    def cell_at(self, place: int) -> Cell:
        """The rows of one round."""
        return Cell(self.cell.piece, self.cell.rows[..., self._between(place, place + 1)])

    def cells_between(self, start: int, stop: int) -> Cell:
        """The rows of several like rounds, the rounds an axis of their own."""
        rows = self.cell.rows[..., self._between(start, stop)]
        return Cell(self.cell.piece, rows.reshape(*rows.shape[:-1], stop - start, -1))

    def _between(self, start: int, stop: int) -> Ints:
        ends = np.minimum([start, stop], len(self._counts))
        return self.order[self.starts[ends[0]] : self.starts[ends[1]]]


def _between(edges: Iterable[tuple[Edges, Ints]], start: int, stop: int) -> list[tuple[Edges, Ints]]:
    """The dependences of some rounds, from lists sorted by round."""
    found = []
    for edge, rounds in edges:
        low, high = np.searchsorted(rounds, [start, stop]).tolist()
        if low < high:
            which = np.arange(low, high)
            found.append((edge.take(which), rounds[which]))
    return found


def _is_shorter(one: Arrangement, other: Arrangement) -> bool:
    return one.written < other.written and one.executed <= other.executed


def _batch(cell: Cell) -> Arrangement:
    return Arrangement((Batch(cell),), 1, 1)


def _repeat(repeat: Repeat) -> Arrangement:
    return Arrangement((repeat,), repeat.count * repeat.body.executed, 1 + repeat.body.written)


def _sequence(parts: Iterable[Arrangement]) -> Arrangement:
    listed = list(parts)
    nodes = tuple(node for part in listed for node in part.nodes)
    return Arrangement(nodes, sum(part.executed for part in listed), sum(part.written for part in listed))
