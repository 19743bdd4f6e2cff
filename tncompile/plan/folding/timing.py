"""When instances run in a loop: for each piece the variable that counts its rounds.

Source: R. Allen, K. Kennedy, Automatic translation of Fortran programs to vector form (1987).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import gcd

import numpy as np

from tncompile.network import Ints, RuleClass
from tncompile.plan.folding.dependence import Edges
from tncompile.plan.folding.pieces import Piece
from tncompile.source.records import record


@record(eq=False)
class Cell:
    """What is left of a piece inside some loops: its rows, of shape (rounds of each loop..., rows).

    All rounds have the same values of the variables that vary within a round.
    """

    piece: Piece
    rows: Ints

    @property
    def count(self) -> int:
        """How many rows there are in each round."""
        return int(self.rows.shape[-1])

    def first_round(self) -> Ints:
        """The rows of the first round of all loops around."""
        return np.asarray(self.rows.reshape(-1, self.count)[0])

    def column(self, name: str) -> Ints:
        """The values of a variable in the first round."""
        return self.piece.rows.column(name)[self.first_round()]

    def varying(self) -> tuple[str, ...]:
        """The variables that are not the same in all rows of a round."""
        columns = {name: self.column(name) for name in self.piece.rows.names}
        return tuple(name for name, column in columns.items() if (column != column[0]).any())


@record(eq=False)
class Timing:
    """A loop for a set of cells: ``rounds`` gives each row its round, 0, 1, ...

    In round ``i`` the variable has the value ``first + step * i``.
    """

    variable: str
    rule: RuleClass | None  # one that has the variable; None if the variable only counts
    first: int
    step: int
    rounds: Mapping[int, Ints]
    # For each list of dependences (in order), how many rounds each one spans.
    delays: tuple[Ints, ...]


@record
class _Clock:
    """A variable and a direction; without a name all rows run at once."""

    name: str
    sign: int


def timings(cells: Mapping[int, Cell], edges: Sequence[Edges], places: Ints) -> Iterator[Timing]:
    """The loops that can carry dependences of cells that need each other.

    ``places`` gives for each instance its place in a round of its cell.
    """
    seed = max(cells, key=lambda number: (cells[number].count, -number))
    for name in cells[seed].varying():
        for sign in (1, -1):
            clocks = _spread(seed, _Clock(name, sign), cells, edges, places)
            if clocks is not None:
                yield from _timed(seed, clocks, cells, edges, places)


def _values(cell: Cell, clock: _Clock) -> Ints:
    if not clock.name:
        return np.zeros(cell.count, np.int64)
    return clock.sign * cell.column(clock.name)


def _spread(
    seed: int, clock: _Clock, cells: Mapping[int, Cell], edges: Sequence[Edges], places: Ints
) -> dict[int, _Clock] | None:
    """A clock for every cell, so that dependences on a cell with a clock span a constant time."""
    clocks = {seed: clock}
    values = {seed: _values(cells[seed], clock)}
    links = sorted(
        (edge for edge in edges if edge.consumer != edge.producer), key=lambda edge: -len(edge.read)
    )
    while len(clocks) < len(cells):
        link = next(edge for edge in links if (edge.consumer in clocks) != (edge.producer in clocks))
        forward = link.consumer in clocks
        known, new = (link.consumer, link.producer) if forward else (link.producer, link.consumer)
        here, there = (link.readers, link.read) if forward else (link.read, link.readers)
        times = values[known][places[here]]
        for candidate in _candidates(cells[new], clocks[known]):
            found = _values(cells[new], candidate)
            if _is_constant(times - found[places[there]], link.slots):
                clocks[new], values[new] = candidate, found
                break
        else:
            return None
    return clocks


def _candidates(cell: Cell, like: _Clock) -> Iterator[_Clock]:
    """The clocks that a cell may have, those like its neighbour's first."""
    names = sorted(cell.piece.rows.names, key=lambda name: name != like.name)
    for name in names:
        if name == like.name or name in cell.varying():
            yield _Clock(name, like.sign or 1)
    for name in cell.varying():
        yield _Clock(name, -(like.sign or 1))
    yield _Clock("", 0)


def _is_constant(differences: Ints, slots: Ints) -> bool:
    """Whether the differences within each slot are all the same."""
    if (differences == differences[0]).all():
        return True
    first = np.zeros(int(slots.max()) + 1, np.int64)
    first[slots[::-1]] = differences[::-1]
    return bool((differences == first[slots]).all())


def _timed(
    seed: int, clocks: Mapping[int, _Clock], cells: Mapping[int, Cell], edges: Sequence[Edges], places: Ints
) -> Iterator[Timing]:
    """Rounds from clocks, if every dependence spans a constant number of them and one of them at least one."""
    values = {number: _values(cell, clocks[number]) for number, cell in cells.items()}
    lows = {number: int(column.min()) for number, column in values.items()}
    stride = gcd(*(int(np.gcd.reduce(column - lows[number])) for number, column in values.items()))
    if not stride:
        return
    rounds = {number: (column - lows[number]) // stride for number, column in values.items()}
    delays = [
        rounds[edge.consumer][places[edge.readers]] - rounds[edge.producer][places[edge.read]]
        for edge in edges
    ]
    if not all(_is_constant(delay, edge.slots) for delay, edge in zip(delays, edges, strict=True)):
        return
    start = min(low for number, low in lows.items() if clocks[number].name)
    natural = {number: (lows[number] - start) // stride if clocks[number].name else 0 for number in cells}
    for offsets in _legal_offsets(natural, rounds, edges, [int(delay.min()) for delay in delays]):
        shifted = [d + offsets[e.consumer] - offsets[e.producer] for d, e in zip(delays, edges, strict=True)]
        if any(int(delay.max()) for delay in shifted):
            first = clocks[seed].sign * (lows[seed] - offsets[seed] * stride)
            yield Timing(
                variable=clocks[seed].name if stride == 1 else "round",
                rule=cells[seed].piece.rule if stride == 1 else None,
                first=first if stride == 1 else 0,
                step=clocks[seed].sign if stride == 1 else 1,
                rounds={number: column + offsets[number] for number, column in rounds.items()},
                delays=tuple(shifted),
            )


def _legal_offsets(
    natural: Mapping[int, int], rounds: Mapping[int, Ints], edges: Sequence[Edges], least: Sequence[int]
) -> Iterator[dict[int, int]]:
    """By how many rounds each cell is shifted, so that no dependence runs backwards; nothing if none will do.

    First as near to the values of the variables as can be. Then with cells moved towards the end: the
    last round of a gradient lacks what would feed the round after it, and shifted by one it does not.
    """
    early = _relaxed(natural, edges, least, later=True)
    if early is None:
        return
    low = min(early.values())
    early = {number: offset - low for number, offset in early.items()}
    yield early
    lengths = {number: int(column.max()) for number, column in rounds.items()}
    end = max(early[number] + lengths[number] for number in early)
    late = _relaxed({number: end - lengths[number] for number in early}, edges, least, later=False)
    if late is not None and late != early:
        yield late


def _relaxed(
    offsets: Mapping[int, int], edges: Sequence[Edges], least: Sequence[int], later: bool
) -> dict[int, int] | None:
    """Cells moved to later (or earlier) rounds until no dependence runs backwards; None if they never stop."""
    moved = dict(offsets)
    for _ in range(len(moved) + 1):
        changed = False
        for edge, delay in zip(edges, least, strict=True):
            lack = moved[edge.producer] - moved[edge.consumer] - delay
            if lack > 0:
                moved[edge.consumer if later else edge.producer] += lack if later else -lack
                changed = True
        if not changed:
            return moved
    return None
