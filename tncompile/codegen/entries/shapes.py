"""The shapes of what passes between a module and its caller: checked where it comes in, and said in words."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import groupby

from tncompile.codegen.entries.outside import Outside
from tncompile.codegen.python import nodes
from tncompile.network import Extent
from tncompile.network.values.sets import unique
from tncompile.plan.schedule import Schedule
from tncompile.source.records import record

FUNCTIONS = ("checked", "checked_list", "checked_or_number", "checked_integers")
SHOWN = 3  # shapes of the members of a list
SAMPLES = "batch"

HELPERS = '''
def checked(name, array, *shape):
    """The array, which must have this shape; 'SAMPLES' stands for any length."""
    free = min(array.ndim, shape.count('SAMPLES'))
    if array.shape[free:] != shape[free:]:
        wanted = str(shape).replace("'", '')
        raise ValueError(f'`{name}` has the shape {array.shape}, not {wanted}')
    return array


def checked_list(name, arrays, shapes):
    """The arrays, which must be as many as the shapes, and have them."""
    if len(arrays) != len(shapes):
        raise ValueError(f'`{name}` is a list of {len(shapes)} arrays, here are {len(arrays)}')
    arrays = [NAMESPACE.asarray(array, DTYPE) for array in arrays]
    return [checked(f'{name}[{k}]', array, *shapes[k]) for k, array in enumerate(arrays)]


def checked_or_number(name, array, *shape):
    """The array, or a number for all of its entries."""
    return checked(name, array, *shape) if array.ndim else NAMESPACE.broadcast_to(array, shape)


def checked_integers(name, exponents):
    """The exponents as an array."""
    array = NAMESPACE.asarray(exponents)
    if array.dtype.kind not in 'iu':
        raise ValueError(f'`{name}` holds {array.dtype}, not whole numbers')
    return array.astype(NAMESPACE.int64)
'''


def helpers(namespace: str, batch: str | None) -> list[ast.stmt]:
    """The functions that check shapes; ``batch`` is the size that counts the samples."""
    return ast.parse(HELPERS.replace("NAMESPACE", namespace).replace("SAMPLES", batch or SAMPLES)).body


def spread(called: str, array: ast.expr, shape: Sequence[ast.expr]) -> ast.expr:
    """An array that may be given as a number; ``called`` is what the caller calls it."""
    return nodes.call(nodes.name("checked_or_number"), nodes.number(called), array, *shape)


def whole_numbers(source: ast.expr, value: ast.expr) -> ast.expr:
    """Exponents as an array of whole numbers; ``source`` is what the caller calls them."""
    return nodes.call(nodes.name("checked_integers"), nodes.number(ast.unparse(source)), value)


@record
class Shapes:
    """Writes the shapes of the inputs and outputs of one schedule."""

    outside: Outside
    schedule: Schedule

    def checked(self, name: str, source: ast.expr) -> ast.expr:
        """An input as an array, or a list of arrays, of the module's numbers and the shapes it must have."""
        called = nodes.number(ast.unparse(source))
        if not self._is_whole(name):
            runs = self._runs(name)
            parts = [_repeated(nodes.group(self._free(shape)), count) for count, shape in runs]
            shapes = ast.List(parts, ast.Load())
            return nodes.call(nodes.name("checked_list"), called, source, shapes)
        array = self.outside.symbols.domain.call("asarray", source, nodes.name("DTYPE"))
        return nodes.call(nodes.name("checked"), called, array, *self._free(self._shape(name)))

    def words(self, name: str) -> str:
        """``(batch, d, n)``; of a list how many arrays there are of which shape."""
        if self._is_whole(name):
            return ast.unparse(nodes.group(self._shape(name)))
        runs = [(count, ast.unparse(nodes.group(shape))) for count, shape in self._runs(name)]
        parts = [f"{count} x {shape}" if count > 1 else shape for count, shape in runs[:SHOWN]]
        return f"[{', '.join([*parts, *['...'] * (len(runs) > SHOWN)])}]"

    def _free(self, shape: Sequence[ast.expr]) -> list[ast.expr]:
        """A shape for a check, where the number of samples is any."""
        batch = self.outside.symbols.batch
        word = None if batch is None else self.outside.symbols.batch_word()
        return [
            nodes.number(batch) if isinstance(item, ast.Name) and item.id == word else item for item in shape
        ]

    def _buffers(self, name: str) -> list[str]:
        if name in self.schedule.outputs:
            return [access.buffer for access in self.schedule.outputs[name]]
        mine = [b for b in self.schedule.buffers.values() if b.tensor == name and not b.exponents]
        return [b.name for b in mine if b.role != "value"]  # what is made of an input bears its name

    def _is_whole(self, name: str) -> bool:
        is_given = name in self.schedule.network.tensors
        return self.outside.is_array(name) and (is_given or len(self._buffers(name)) == 1)

    def _shape(self, name: str) -> list[ast.expr]:
        """The shape of what is one array: samples, family axes, axes of a member."""
        buffers = self._buffers(name)
        if len(buffers) == 1:
            return self.outside.shape(name, self.schedule.buffers[buffers[0]])
        table = self.schedule.network.tables.tensors[name]
        shape = self._member(table.blocks[0].shape)
        family = [nodes.number(len(unique(column))) for column in table.members.T]
        sampled = bool(shape) and self._free(shape[:1]) != shape[:1]
        return [*shape[:sampled], *family, *shape[sampled:]]

    def _member(self, shape: Sequence[Extent]) -> list[ast.expr]:
        return [self.outside.symbols.extent(extent) for extent in shape]

    def _runs(self, name: str) -> list[tuple[int, list[ast.expr]]]:
        """The shapes of members one after the other: how many are alike, and how."""
        table = self.schedule.network.tables.tensors[name]
        return [
            (len(list(alike)), self._member(table.blocks[number].shape))
            for number, alike in groupby(table.block_of.tolist())
        ]


def _repeated(shape: ast.expr, count: int) -> ast.expr:
    if count == 1:
        return shape
    many = nodes.binary(ast.List([shape], ast.Load()), ast.Mult(), nodes.number(count))
    return ast.Starred(many, ast.Load())
