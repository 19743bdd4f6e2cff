"""Ranks modulo a prime by the oracle of the test suite: slow, and independent of the package's own probes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import flint
import numpy as np

from tests.corpus import EXAMPLES
from tests.reference import Values, evaluate, shapes
from tncompile.expressivity.result import CutSides, Member, Side
from tncompile.language import load
from tncompile.network import CutItem, Network, Tensor
from tncompile.network.syntax.substitute import integer
from tncompile.transform import probe
from tncompile.transform.conjugates import separate_conjugates

PRIME = 33554393


class Residues:
    """What the oracle needs of an array library, modulo a prime; entries are Python integers."""

    sum, max, min = staticmethod(np.sum), staticmethod(np.max), staticmethod(np.min)
    transpose, broadcast_to = staticmethod(np.transpose), staticmethod(np.broadcast_to)

    @staticmethod
    def asarray(value: Any) -> Any:
        """An array of Python integers; numbers of the text are whole here."""
        array = np.asarray(value)
        found = np.empty(array.shape, object)
        for place in np.ndindex(array.shape):
            found[place] = int(array[place].real)
        return found

    @staticmethod
    def einsum(spec: str, *arrays: Any, **_options: Any) -> Any:
        """A contraction, two operands at a time."""
        whole = [Residues.asarray(array) for array in arrays]
        return np.asarray(np.asarray(np.einsum(spec, *whole, optimize=len(arrays) > 2)) % PRIME, object)


def example(name: str, **sizes: object) -> Network:
    """One of the example networks."""
    return load(str(EXAMPLES[0].parent / f"{name}.tn"), **sizes)


def members_of(net: Network, name: str = "x") -> list[Member]:
    """All members of an input."""
    return [(name, tuple(member)) for member in net.tables.tensors[name].members.tolist()]


def bipartition(net: Network, rows: Sequence[int], name: str = "x") -> CutSides:
    """The cut whose rows are the members of an input with these numbers (from 1), in family order."""
    members = members_of(net, name)
    first = tuple(member for number, member in enumerate(members, 1) if number in set(rows))
    return CutSides("rows", Side(first), Side(tuple(member for member in members if member not in first)))


def half(net: Network) -> CutSides:
    """The first half against the second."""
    return bipartition(net, range(1, len(members_of(net)) // 2 + 1))


def odd(net: Network) -> CutSides:
    """Odd numbers against even ones."""
    return bipartition(net, range(1, len(members_of(net)) + 1, 2))


def rank_at_points(net: Network, cut: CutSides, count: int, seed: int = 0, grid: int | None = None) -> int:
    """The rank of the matrix f(u_i, v_j) at ``count`` random points of each side, modulo a prime.

    With ``grid`` the points are all combinations of that many templates. Outputs with legs are contracted
    with a random vector.
    """
    net = separate_conjugates(net)
    counts = (count, count)
    if grid is not None:
        counts = (grid ** len(cut.rows.members), grid ** len(cut.columns.members))
    items = [
        tuple(CutItem(name, tuple(map(integer, subscripts))) for name, subscripts in side.members)
        for side in (cut.rows, cut.columns)
    ]
    probed = probe(net, items[0], items[1], counts)
    generator = np.random.default_rng(seed)
    values = Values(probed.statements)

    def draw(shape: Sequence[int]) -> Any:
        return Residues.asarray(generator.integers(0, PRIME, size=tuple(shape)))

    arrays: dict[str, dict[tuple[int, ...], Any]] = {}
    for tensor in probed.statements:
        if isinstance(tensor, Tensor) and tensor.role != "constant":
            arrays[tensor.name] = {member: draw(shape) for member, shape in shapes(values, tensor).items()}
    if grid is not None:
        _put_templates(arrays, cut, grid, draw)
    name = probed.outputs[0]
    score = next(iter(evaluate(probed, arrays, Residues)[name].values())) % PRIME
    while score.ndim > 2:
        score = score @ draw(score.shape[-1:]) % PRIME
    return int(flint.nmod_mat(*score.shape, [int(v) for v in score.ravel()], PRIME).rank())


def _put_templates(
    arrays: dict[str, dict[tuple[int, ...], Any]], cut: CutSides, grid: int, draw: Any
) -> None:
    for side in (cut.rows, cut.columns):
        for place, (name, member) in enumerate(side.members):
            shape = arrays[name][member].shape[1:]
            chosen = np.arange(grid ** len(side.members)) // grid**place % grid
            arrays[name][member] = draw((grid, math.prod(shape))).reshape(grid, *shape)[chosen]
