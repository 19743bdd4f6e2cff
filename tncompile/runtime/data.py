"""The data that a model is given: shapes and kinds of numbers checked, words made one-hot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tncompile.codegen import is_array, member_title
from tncompile.network import Extent, Formula, Network
from tncompile.network.values.sets import unique
from tncompile.source import Diagnostic, TnError
from tncompile.source.records import record

Array = Any
Shape = tuple[int, ...]


@record
class Expected:
    """A tensor as it looks from outside: one array, or a list with an array for each member.

    -1 in a shape stands for the number of samples.
    """

    name: str
    members: tuple[str, ...]
    shapes: tuple[Shape, ...]  # one, or one for each member
    whole: bool


def expected(network: Network, name: str, batch: str | None) -> Expected:
    """What an input or an output of a network (with its samples, if ``batch`` counts them) looks like."""
    table = network.tables.tensors[name]
    titles = tuple(member_title(name, subscripts) for subscripts in table.members.tolist())
    if not is_array(network, name):
        shapes = tuple(shape_of(table.blocks[number].shape, batch) for number in table.block_of.tolist())
        return Expected(name, titles, shapes, False)
    box = tuple(len(unique(column)) for column in table.members.T)
    shape = shape_of(table.blocks[0].shape, batch)
    samples = 1 if shape[:1] == (-1,) else 0
    return Expected(name, titles, ((*shape[:samples], *box, *shape[samples:]),), True)


def shape_of(extents: Sequence[Extent], batch: str | None) -> Shape:
    """The values of extents; -1 for the number of samples."""
    samples = None if batch is None else Formula.atom(batch)
    return tuple(-1 if extent.formula == samples else extent.value for extent in extents)


@dataclass
class Reader:
    """Turns what a caller gives into arrays of one library and dtype."""

    namespace: Any  # numpy or cupy
    dtype: str
    samples: int | None = None  # how many samples there are, once an array has said it
    said_by: str = ""

    def read(self, wanted: Expected, value: object, one_hot: bool) -> Array | list[Array]:
        """The value as one array, or as a list of arrays. Raises TnError."""
        if wanted.whole:
            return self._array(wanted.name, wanted.shapes[0], value, one_hot)
        if not isinstance(value, list | tuple):
            raise TnError(
                [
                    Diagnostic(
                        f"`{wanted.name}` is a list of {len(wanted.members)} arrays, one for each member; "
                        f"here is {_kind(value)}",
                        help="its members differ in shape, or do not form a box",
                    )
                ]
            )
        if len(value) != len(wanted.members):
            raise TnError(f"`{wanted.name}` has {len(wanted.members)} members, here are {len(value)} arrays")
        return [
            self._array(title, shape, entry, one_hot)
            for title, shape, entry in zip(wanted.members, wanted.shapes, value, strict=True)
        ]

    def spread(self, wanted: Expected, value: object) -> Array | list[Array]:
        """What `read` returns, where a number stands for arrays that are filled with it."""
        if not isinstance(value, int | float | complex) and getattr(value, "shape", None) != ():
            return self.read(wanted, value, one_hot=False)
        shapes = [tuple(self.samples if e == -1 else e for e in shape) for shape in wanted.shapes]
        number = self._converted(wanted.name, value).astype(self.dtype)
        arrays = [self.namespace.broadcast_to(number, shape) for shape in shapes]
        return arrays[0] if wanted.whole else arrays

    def _array(self, title: str, shape: Shape, value: object, one_hot: bool) -> Array:
        array = self._converted(title, value)
        if one_hot and array.dtype.kind in "iu" and len(shape) > 1 and self._fits(array.shape, shape[:-1]):
            self._count(title, array.shape, shape[:-1])
            return self._one_hot(title, array, shape[-1])
        if not self._fits(array.shape, shape):
            raise TnError(
                [
                    Diagnostic(
                        f"{quoted(title)} has the shape {_written(shape)}, here is {array.shape}",
                        help=_hint(array.shape, shape),
                    )
                ]
            )
        self._count(title, array.shape, shape)
        return array.astype(self.dtype, copy=False)

    def _converted(self, title: str, value: object) -> Array:
        try:
            array = self.namespace.asarray(value)
        except (TypeError, ValueError) as error:
            raise TnError(f"{quoted(title)} cannot be read as one array of numbers: {error}") from error
        if array.dtype.kind not in "biufc":
            raise TnError(f"{quoted(title)} holds {array.dtype}, not numbers")
        if array.dtype.kind == "c" and not self.dtype.startswith("complex"):
            raise TnError(
                [
                    Diagnostic(
                        f"{quoted(title)} holds complex numbers, the model computes with {self.dtype}",
                        help="compile with dtype complex64 or complex128",
                    )
                ]
            )
        return array

    def _fits(self, shape: Shape, wanted: Shape) -> bool:
        return len(shape) == len(wanted) and all(w in (s, -1) for s, w in zip(shape, wanted, strict=True))

    def _count(self, title: str, shape: Shape, wanted: Shape) -> None:
        if -1 not in wanted:
            return
        samples = shape[wanted.index(-1)]
        if self.samples is None:
            self.samples, self.said_by = samples, title
        elif samples != self.samples:
            raise TnError(
                f"{quoted(title)} holds {samples} samples, {quoted(self.said_by)} holds {self.samples}"
            )

    def _one_hot(self, title: str, array: Array, extent: int) -> Array:
        if array.size and (int(array.min()) < 0 or int(array.max()) >= extent):
            wrong = int(array.min()) if int(array.min()) < 0 else int(array.max())
            raise TnError(
                f"{quoted(title)} holds integers that choose one of {extent} entries of its last axis, "
                f"0 to {extent - 1}; here is {wrong}"
            )
        return self.namespace.eye(extent, dtype=self.dtype)[array]


def named(wanted: Sequence[str], value: object, what: str) -> Mapping[str, object]:
    """One value for each name. A single name needs no mapping. Raises TnError for missing or unknown names."""
    if not isinstance(value, Mapping):
        if len(wanted) == 1:
            return {wanted[0]: value}
        raise TnError(
            f"this network has the {what}s {', '.join(f'`{name}`' for name in wanted)}: give a dictionary by name; "
            f"here is {_kind(value)}"
        )
    unknown = [str(name) for name in value if name not in wanted]
    missing = [name for name in wanted if name not in value]
    if unknown:
        raise TnError(
            f"no {what} is called `{unknown[0]}`; this network has {', '.join(f'`{n}`' for n in wanted)}"
        )
    if missing:
        raise TnError(f"the {what} `{missing[0]}` is missing")
    return value


def _kind(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"an array of shape {shape}" if shape is not None else f"a {type(value).__name__}"


def _written(shape: Shape) -> str:
    parts = ["samples" if extent == -1 else str(extent) for extent in shape]
    return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"


def _hint(shape: Shape, wanted: Shape) -> str:
    if wanted[:1] == (-1,) and len(shape) == len(wanted) - 1 and tuple(shape) == tuple(wanted[1:]):
        return "the first axis counts the samples: for one sample write x[None]"
    return ""


def quoted(title: str) -> str:
    """A name in backticks; words as they are."""
    return title if title.startswith("the ") else f"`{title}`"
