"""The networks that take part in a comparison: their texts, labels and the sizes that are theirs alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path

from tncompile.language import load_syntax, parse
from tncompile.language.syntax import Syntax
from tncompile.network import Extent, Network, Size
from tncompile.network.values.structural import structural_names
from tncompile.source import Source, TnError, UsageError
from tncompile.source.records import record

_NAME = re.compile(r"[^\W\d]\w*")
Value = int | float | list["Value"]
Sizes = Mapping[str, object]


@record
class Contender:
    """A network that is compared. ``bound``: it keeps the sizes it has, whatever the others have."""

    label: str
    source: Source = field(repr=False)
    bound: bool = False

    @staticmethod
    def of(net: Network, label: str | None = None) -> Contender:
        """A network at its sizes."""
        return Contender(label or net.name, Source(f"<{label or net.name}>", str(net)), bound=True)

    @cached_property
    def syntax(self) -> Syntax:
        """What was read. Raises TnError where the text cannot be."""
        return parse(self.source)

    @cached_property
    def declared(self) -> Mapping[str, Size]:
        """The sizes of the file, in its order."""
        return {s.name: s for s in self.syntax.statements if isinstance(s, Size)}

    def load(self, sizes: Sizes) -> Network:
        """The network at some sizes. Raises TnError with every problem."""
        return load_syntax(self.syntax, sizes)


def labelled(contenders: Iterable[Contender]) -> tuple[Contender, ...]:
    """The same with labels of their own: a second `cp` is called `cp_2`."""
    taken: set[str] = set()
    found = []
    for contender in contenders:
        label, number = contender.label, 2
        while label in taken:
            label, number = f"{contender.label}_{number}", number + 1
        taken.add(label)
        found.append(Contender(label, contender.source, contender.bound))
    return tuple(found)


def label_of(path: str) -> str:
    """The name of a file without its ending, as a label."""
    stem = Path(path).stem
    return "".join(sign if sign.isalnum() or sign == "_" else "_" for sign in stem) or "network"


def named(contenders: Sequence[Contender], label: str, said: str) -> Contender:
    """The contender of a label; raises UsageError with ``said``, what asked for it."""
    for contender in contenders:
        if contender.label == label:
            return contender
    known = ", ".join(contender.label for contender in contenders)
    raise UsageError(f"{said}: no network is called `{label}`; there are {known}")


# --- width ---------------------------------------------------------------------------------------


def width_candidates(net: Network) -> list[str]:
    """The sizes that may be called the width of a network, in the order of the file.

    They are extents inside the network alone: of weights, but of no input and no output, and no range, condition
    or subscript reads them.
    """
    outside = {t.name for t in net.tensors.values() if t.role == "input"} | set(net.outputs)
    seen = [atom for name in outside for atom in _atoms(net, name)]
    inside = {a for t in net.tensors.values() if t.role == "weight" for a in _atoms(net, t.name)}
    fixed = structural_names(net.statements) | set(seen)
    return [name for name in net.sizes if name in inside - fixed]


def width_of(net: Network) -> str | None:
    """The size that is the width of a network; None where none is, or several may be."""
    candidates = width_candidates(net)
    return candidates[0] if len(candidates) == 1 else None


def _atoms(net: Network, tensor: str) -> set[str]:
    """The names in the extents of a tensor or output: of `r[0]` it is `r`, of `(r + 1) // 2` as well."""
    blocks = net.tables.tensors[tensor].blocks
    extents: list[Extent] = [extent for block in blocks for extent in block.shape]
    return {name for extent in extents for atom in extent.formula.atoms() for name in _NAME.findall(atom)}


def width_value(net: Network, name: str) -> int | None:
    """The width of a network: one number, or one that all members of a family share."""
    value = net.sizes.get(name)
    if isinstance(value, tuple):
        return value[0] if value and all(item == value[0] for item in value) else None
    return value if isinstance(value, int) else None


def first_message(error: TnError) -> str:
    """What a failure says, in one line."""
    return error.diagnostics[0].message if error.diagnostics else str(error)
