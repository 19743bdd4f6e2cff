"""Evaluation of networks modulo a prime, through the compiler: probes, grids, weight tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import isqrt, prod
from types import ModuleType

import numpy as np
import numpy.typing as npt

from tncompile.codegen import Modular, emit, is_array, weight_blocks
from tncompile.expressivity.evaluation.residues import Residues, imaginary_unit, random_residues
from tncompile.expressivity.result import CutSides, Member, member_text
from tncompile.network import CutItem, Network
from tncompile.network.syntax.substitute import integer
from tncompile.network.values.sets import unique
from tncompile.plan import Objective, Schedule, fold, order, peak_elements
from tncompile.runtime.memory import default_limit
from tncompile.runtime.model import loaded
from tncompile.source import TnError
from tncompile.source.numbers import number_text
from tncompile.transform import grid, open_legs, probe
from tncompile.transform.dependence import carried_legs
from tncompile.transform.matrices.grid import one_leg_each

TEMPORARY = 3  # arrays of the size of the largest that one step needs besides what is stored
MATRIX_BYTES = 64  # for each entry of a matrix whose rank is taken
BLOCK_BYTES = 2**29  # a probe that needs more is computed in blocks of columns
INSTEAD_OF_PROBE = "fewer points, or a grid of few templates"
Draw = Callable[[Member, tuple[int, ...]], npt.NDArray[np.float64]]


class Compiled:
    """A network that has been planned, and is emitted for each prime (0: ordinary numbers)."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self._modules: dict[int, ModuleType] = {}

    @cached_property
    def schedule(self) -> Schedule:
        """How the network is computed."""
        return fold(order(self.net, Objective(thorough=False)))

    def bytes_needed(self) -> int:
        """The memory that an evaluation takes at its peak."""
        buffers = self.schedule.buffers.values()
        largest = max(prod(extent.value for extent in (*b.family, *b.shape)) for b in buffers)
        return 8 * (peak_elements(self.schedule)[0] + TEMPORARY * largest)

    def module(self, prime: int) -> ModuleType:
        """The module that computes modulo a prime."""
        if prime not in self._modules:
            dtype = "complex128" if self.net.field == "complex" else "float64"
            domain = Modular("float64", prime=prime, unit=imaginary_unit(prime)) if prime else None
            source = emit(self.schedule, dtype=dtype, batch=None, domain=domain)
            self._modules[prime] = loaded(source, f"{self.net.name} modulo {prime}")
        return self._modules[prime]

    def value(self, prime: int, draw: Draw) -> npt.NDArray[np.float64]:
        """The only output, where ``draw`` says the entries of each member. Raises ZeroDivisionError."""
        result = self.module(prime).score(self._weights(draw), *self._inputs(draw))
        result = result[0] if isinstance(result, list) else result
        return np.asarray(result)

    def _weights(self, draw: Draw) -> npt.NDArray[np.float64]:
        parts = [
            draw((block.table.name, tuple(block.table.members[position].tolist())), shape).ravel()
            for block in weight_blocks(self.schedule.network)
            for shape in [tuple(extent.value for extent in block.block.shape)]
            for position in block.block.members.tolist()
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _inputs(self, draw: Draw) -> list[object]:
        net = self.schedule.network
        return [self._input(draw, name) for name, tensor in net.tensors.items() if tensor.role == "input"]

    def _input(self, draw: Draw, name: str) -> object:
        table = self.schedule.network.tables.tensors[name]
        arrays = []
        for member, number in zip(table.members.tolist(), table.block_of.tolist(), strict=True):
            shape = tuple(extent.value for extent in table.blocks[number].shape)
            arrays.append(draw((name, tuple(member)), shape))
        if not is_array(self.schedule.network, name):
            return arrays
        box = tuple(len(unique(column)) for column in table.members.T)
        return np.stack(arrays).reshape(box + arrays[0].shape)


class Probe:
    """The matrix f(u_i, v_j) of a cut, computed in blocks of columns that fit in memory."""

    def __init__(self, net: Network, sides: CutSides) -> None:
        self.net, self.sides = net, sides
        self._compiled: dict[int, tuple[Compiled, int]] = {}
        self._columns = frozenset(sides.columns)

    def compiled(self, points: int) -> tuple[Compiled, int]:
        """The network on so many points of the rows, and on how many points of the columns at a time. Raises TnError."""
        if points not in self._compiled:
            what = self.require(points)
            compiled, block = self._on(points, points), points
            needed = compiled.bytes_needed()
            if needed > BLOCK_BYTES:
                block = max(1, points * BLOCK_BYTES // needed)
                compiled = self._on(points, block)
            check_memory(compiled.bytes_needed(), what, INSTEAD_OF_PROBE)
            self._compiled[points] = compiled, block
        return self._compiled[points]

    def require(self, points: int) -> str:
        """What a probe on so many points is called. Raises TnError where its matrix cannot be held in memory."""
        what = f"a probe with {points} points a side"
        most = isqrt(default_limit("numpy") // MATRIX_BYTES)
        check_memory(MATRIX_BYTES * points**2, what, f"at most {most} points, or a grid of few templates")
        return what

    def fits(self, points: int) -> bool:
        """Whether the matrix on so many points can be held in memory."""
        return MATRIX_BYTES * points**2 <= default_limit("numpy")

    def _on(self, rows: int, columns: int) -> Compiled:
        sides = items(self.sides.rows.members), items(self.sides.columns.members)
        return Compiled(probe(self.net, *sides, counts=(rows, columns)))

    def matrix(self, points: int, seed: int, prime: int) -> Residues:
        """The matrix at random points and weights, modulo a prime. Raises ZeroDivisionError."""

        def draw(member: Member, shape: tuple[int, ...]) -> Residues:
            return random_residues(seed, member_text(member), shape, prime)

        return self.value(points, prime, draw)

    def value(self, points: int, prime: int, draw: Draw) -> npt.NDArray[np.float64]:
        """The matrix where ``draw`` says the entries of each member."""
        compiled, block = self.compiled(points)
        count = -(-points // block)
        whole: dict[Member, npt.NDArray[np.float64]] = {}
        blocks = []
        for number in range(count):

            def part(
                member: Member, shape: tuple[int, ...], first: int = number * block
            ) -> npt.NDArray[np.float64]:
                if member not in whole:
                    longer = (count * block, *shape[1:]) if member in self._columns else shape
                    whole[member] = draw(member, longer)
                return whole[member][first : first + block] if member in self._columns else whole[member]

            blocks.append(self._filled(compiled.value(prime, part), points, block))
        return np.concatenate(blocks, axis=1)[:, :points]

    def _filled(self, value: npt.NDArray[np.float64], rows: int, columns: int) -> npt.NDArray[np.float64]:
        """The block; a score that does not depend on a side is constant along it."""
        if value.ndim == 2:
            return value
        if value.ndim == 0:
            return np.broadcast_to(value, (rows, columns))
        return np.broadcast_to(value[:, None] if self._has_rows else value[None, :], (rows, columns))

    @cached_property
    def _has_rows(self) -> bool:
        """Does the score depend on an input of the rows?"""
        members = input_members(self.net)
        legs = carried_legs(self.net, one_leg_each(self.net))[self.net.outputs[0]][0]
        return any(members[leg - 1] in self.sides.rows.members for leg in legs)


class Unfolding:
    """The grid tensor or the weight tensor of a cut, as a matrix."""

    def __init__(self, net: Network, sides: CutSides, templates: int | None) -> None:
        self.net, self.sides, self.templates = net, sides, templates
        opened = [*sides.rows, *sides.columns]
        self.legs = _legs(net, None if templates else opened)
        self.shapes = [(templates,) if templates else member_shape(net, member) for member in self.legs]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the matrix."""
        counts = [1, 1, 1]
        for member, shape in zip(self.legs, self.shapes, strict=True):
            counts[self._side(member)] *= int(np.prod(shape, dtype=object))
        return counts[0], counts[1]

    def _side(self, member: Member) -> int:
        return 0 if member in self._rows else 1 if member in self._columns else 2

    @cached_property
    def _rows(self) -> frozenset[Member]:
        return frozenset(self.sides.rows)

    @cached_property
    def _columns(self) -> frozenset[Member]:
        return frozenset(self.sides.columns)

    @cached_property
    def compiled(self) -> Compiled:
        """The network without these inputs. Raises TnError where the tensor does not fit in memory."""
        rows, columns = self.size
        what = f"a grid of {self.templates} templates" if self.templates else "the weight tensor"
        size = f"{number_text(rows)} × {number_text(columns)} entries"
        check_memory(
            MATRIX_BYTES * rows * columns,
            f"{what} ({size})",
            "the probe (no --grid), or fewer templates",
        )
        if self.templates:
            compiled = Compiled(grid(self.net, self.templates))
        else:
            compiled = Compiled(open_legs(self.net, items([*self.sides.rows, *self.sides.columns])))
        check_memory(compiled.bytes_needed(), what, "the probe (no --grid), or fewer templates")
        return compiled

    def fits(self) -> bool:
        """Whether there is such a tensor and it fits in memory, with what else is computed on the way."""
        try:
            return self.compiled is not None
        except TnError:
            return False

    def matrix(self, seed: int, prime: int) -> Residues:
        """The matrix at random templates and weights, modulo a prime. Raises ZeroDivisionError."""

        def draw(member: Member, shape: tuple[int, ...]) -> Residues:
            return random_residues(seed, member_text(self._template(member)), shape, prime)

        return self.value(prime, draw)

    def _template(self, member: Member) -> Member:
        """All members of an input share their templates."""
        is_input = self.net.tensors[member[0]].role == "input" if member[0] in self.net.tensors else False
        shared = self.templates and is_input and member not in self.sides.fixed.members
        return (member[0], ()) if shared else member

    def value(self, prime: int, draw: Draw) -> npt.NDArray[np.float64]:
        """The matrix where ``draw`` says the entries of each member."""
        tensor = self.compiled.value(prime, draw)
        tensor = tensor.reshape([int(np.prod(shape, dtype=np.int64)) for shape in self.shapes])
        sides = [self._side(member) for member in self.legs]
        tensor = tensor[tuple(0 if side == 2 else slice(None) for side in sides)]
        kept = [side for side in sides if side < 2]
        axes = [axis for axis, side in enumerate(kept) if side == 0] + [
            a for a, side in enumerate(kept) if side
        ]
        return tensor.transpose(axes).reshape(self.size)


def _legs(net: Network, opened: Sequence[Member] | None) -> list[Member]:
    """The inputs that the score depends on (all, or those opened), in the order of its legs."""
    own = one_leg_each(net)
    members = input_members(net)
    wanted = None if opened is None else set(opened)
    legs = carried_legs(net, own)[net.outputs[0]][0]
    return [members[leg - 1] for leg in legs if wanted is None or members[leg - 1] in wanted]


def input_members(net: Network) -> list[Member]:
    """All members of all inputs, in file order."""
    return [
        (name, tuple(member))
        for name, tensor in net.tensors.items()
        if tensor.role == "input"
        for member in net.tables.tensors[name].members.tolist()
    ]


def member_shape(net: Network, member: Member) -> tuple[int, ...]:
    """The extents of a member."""
    table = net.tables.tensors[member[0]]
    position = int(table.find(np.array([member[1]], np.int64).reshape(1, -1))[0])
    return tuple(extent.value for extent in table.blocks[int(table.block_of[position])].shape)


def items(members: Sequence[Member]) -> list[CutItem]:
    """Members as items of a cut."""
    return [CutItem(name, tuple(integer(s) for s in subscripts)) for name, subscripts in members]


def check_memory(needed: int, what: str, instead: str) -> None:
    """Raises TnError where something would not fit."""
    limit = default_limit("numpy")
    if needed > limit:
        size = f"{needed / 2**30:.1f}" if needed < 2**50 else number_text(needed >> 30)
        raise TnError(
            f"{what} needs {size} GiB, more than the {limit / 2**30:.1f} GiB there are: try {instead}"
        )
