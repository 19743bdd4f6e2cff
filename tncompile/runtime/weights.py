"""The weights of a model: one flat vector, and names that are views of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from tncompile.codegen import is_array, member_title, weight_blocks
from tncompile.network import Network
from tncompile.network.values.sets import unique
from tncompile.source import TnError, UsageError
from tncompile.source.records import record

Array = Any  # an array of NumPy or CuPy
Shape = tuple[int, ...]


@record
class Place:
    """Where a member stands in the flat vector, and its shape."""

    start: int
    shape: Shape

    def view(self, flat: Array) -> Array:
        """The member as a view of the vector."""
        return flat[self.start : self.start + prod(self.shape)].reshape(self.shape)


@record
class WeightLayout:
    """How the weights of a network lie in one vector: weights in file order, each block by block."""

    network: Network

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """The place of each member, in the order of the vector: ``G[3]``, ``node[1, 2]``, ``top``."""
        places: dict[str, Place] = {}
        start = 0
        for found in weight_blocks(self.network):
            shape = tuple(extent.value for extent in found.block.shape)
            for subscripts in found.table.members[found.block.members].tolist():
                places[member_title(found.table.name, subscripts)] = Place(start, shape)
                start += prod(shape)
        return places

    @cached_property
    def blocks(self) -> tuple[tuple[int, int, int], ...]:
        """The blocks in the order of the vector: where each begins, its members, and the weights of a member."""
        found: list[tuple[int, int, int]] = []
        start = 0
        for one in weight_blocks(self.network):
            count, size = len(one.block.members), prod(extent.value for extent in one.block.shape)
            found.append((start, count, size))
            start += count * size
        return tuple(found)

    @cached_property
    def size(self) -> int:
        """The number of weights."""
        return sum(count * size for _, count, size in self.blocks)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The declared weights, in file order."""
        return tuple(name for name, tensor in self.network.tensors.items() if tensor.role == "weight")

    def find(self, name: object, flat: Array) -> Array | list[Array]:
        """A member, or all members of a weight: one array if they are a box of equal shapes, else a list."""
        if not isinstance(name, str):
            raise KeyError(
                f"weights are found by name, such as `{next(iter(self.places), 'G[3]')}`, not {name!r}"
            )
        place = self.places.get(_spelled(name))
        if place is not None:
            return place.view(flat)
        if name not in self.names:
            raise KeyError(self._unknown(name))
        table = self.network.tables.tensors[name]
        members = [self.places[member_title(name, subscripts)] for subscripts in table.members.tolist()]
        if not is_array(self.network, name):
            return [member.view(flat) for member in members]
        box = tuple(len(unique(column)) for column in table.members.T)
        return Place(members[0].start, (*box, *members[0].shape)).view(flat)

    def _unknown(self, name: str) -> str:
        near = get_close_matches(_spelled(name), [*self.places, *self.names], n=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        return f"no weight is called `{name}`{hint}"


class Weights:
    """The weights of a model by name.

    >>> w["G[3]"], w["node[1, 2]"], w["top"]      # doctest: +SKIP

    are views of ``w.flat``; ``w["G"]`` is the whole family, one array ``(*family, *axes)`` if it is a
    box of equal shapes, otherwise a list. Iteration goes over the names of the members, in the order
    of ``w.flat``. To NumPy they are this vector: ``np.linalg.norm(w)``.
    """

    def __init__(self, layout: WeightLayout, flat: Array) -> None:
        self._layout = layout
        self.flat = flat

    def __getitem__(self, name: str) -> Any:
        """A member or a whole weight, as a view."""
        return self._layout.find(name, self.flat)

    def __setitem__(self, name: str, value: object) -> None:
        """Enters values in place of a member, or of a whole weight that is one array."""
        view = self._layout.find(name, self.flat)
        if isinstance(view, list):
            values = list(value)  # type: ignore[call-overload]
            for member, entry in zip(view, values, strict=True):
                member[...] = entry
        else:
            view[...] = value

    def __iter__(self) -> Iterator[str]:
        """The names of the members."""
        return iter(self._layout.places)

    def __len__(self) -> int:
        """The number of members."""
        return len(self._layout.places)

    def __contains__(self, name: object) -> bool:
        """Is there a member or a weight of this name?"""
        return isinstance(name, str) and (_spelled(name) in self._layout.places or name in self._layout.names)

    def keys(self) -> Iterator[str]:
        """The names of the members."""
        return iter(self)

    def items(self) -> Iterator[tuple[str, Array]]:
        """The names of the members with their arrays."""
        return ((name, place.view(self.flat)) for name, place in self._layout.places.items())

    def copy(self) -> Weights:
        """The same values in a vector of their own."""
        return Weights(self._layout, self.flat.copy())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """The flat vector, shape (size,), without a copy where none is needed."""
        return np.array(self.flat, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"Weights({', '.join(self._layout.names)}: {self._layout.size} numbers)"


def flat_weights(layout: WeightLayout, given: Mapping[str, object], empty: Array) -> Array:
    """One vector from arrays by name: members, or whole weights. ``empty`` is the vector that is filled.

    Raises TnError where names are missing or unknown, or a shape is wrong, UsageError for a name that is no text.
    """
    weights = Weights(layout, empty)
    filled: set[str] = set()
    problems: list[str] = []
    for name, value in given.items():
        if not isinstance(name, str):
            raise UsageError(
                f"weights are given by name, such as `{next(iter(layout.places), 'G[3]')}`, not by {name!r}"
            )
        if name not in weights:
            problems.append(layout._unknown(name))
            continue
        problems += _entered(weights, name, value)
        title = _spelled(name)
        filled |= {title} if title in layout.places else {p for p in layout.places if p.split("[")[0] == name}
    missing = [name for name in layout.places if name not in filled]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        problems.append(f"no values are given for {', '.join(f'`{name}`' for name in missing[:3])}{more}")
    if problems:
        raise TnError("\n".join(problems))
    return empty


def _entered(weights: Weights, name: str, value: object) -> list[str]:
    view = weights[name]
    if isinstance(view, list):
        values = list(value) if isinstance(value, list | tuple) else []
        if len(values) != len(view):
            return [f"`{name}` is a list of {len(view)} arrays, one for each member"]
        pairs = list(zip(view, values, strict=True))
    else:
        pairs = [(view, value)]
    for place, entry in pairs:
        if np.shape(entry) != place.shape:
            return [f"`{name}` has the shape {place.shape}, here is {np.shape(entry)}"]
        if getattr(entry, "dtype", np.asarray(entry).dtype).kind == "c" and place.dtype.kind != "c":
            return [f"`{name}` holds complex numbers, the weights are {place.dtype}"]
        place[...] = entry
    return []


def _spelled(name: str) -> str:
    """The name of a member as `member_title` writes it: spaces in the brackets are free."""
    base, bracket, subscripts = name.replace(" ", "").partition("[")
    return f"{base}[{', '.join(subscripts.removesuffix(']').split(','))}]" if bracket else base
