"""An einsum as the text of a `.tn` file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import islice

from tncompile.exchange.einsum import Einsum, numbered_names
from tncompile.language import format_text
from tncompile.network.syntax.words import FUNCTIONS, RESERVED
from tncompile.network.written.naming import BUILT_IN

MOST_NAMED = 26  # indices up to which each extent is a size with a name
MOST_RENAMED = 8  # operands whose names elsewhere are listed
OUTPUT = "y"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN = {*RESERVED, *FUNCTIONS, *BUILT_IN}


def network_text(einsum: Einsum, name: str, inputs: Set[int] = frozenset(), doc: str = "") -> str:
    """The text of a network that computes one einsum, well laid out.

    Operands whose names cannot stand in a text are numbered, and a comment says so. Operands are weights, but those whose numbers (from 1) are in ``inputs`` are inputs. The extents of a few indices
    are sizes, ``n_a`` that of ``a``; those of many are written as numbers.
    """
    labels = _names_of_labels(einsum)
    extents = _extents(einsum, labels)
    tensors = _names_of_tensors(einsum)
    lines = [f"# {doc}".rstrip()] if doc else []
    lines += _renamed(einsum, tensors)
    lines += [f"network {_identifier(name)}", ""]
    if labels and len(labels) <= MOST_NAMED:
        lines += [f"size {', '.join(f'{extents[x]} = {einsum.sizes[x]}' for x in labels)}", ""]
    lines += _declarations(einsum, tensors, extents, inputs)
    factors = _factors(einsum, labels, tensors)
    free = ", ".join(labels[label] for label in einsum.output)
    lines += ["", f"output {OUTPUT}({free}) = {' * '.join(factors)}"]
    return format_text("\n".join(lines) + "\n")


def _said(name: str) -> str:
    """A name made of what may stand in names: ``G_1`` for ``G[1]``."""
    return re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")


def _identifier(name: str) -> str:
    found = _said(name)
    return found if _NAME.fullmatch(found) and found not in _TAKEN else f"net_{found}".rstrip("_")


def _names_of_labels(einsum: Einsum) -> Mapping[str, str]:
    """A name for each index: its own where all of them may be names, else a number."""
    labels = einsum.labels
    sizes = {f"n_{label}" for label in labels}
    if all(_NAME.fullmatch(label) and label not in _TAKEN and label not in sizes for label in labels):
        return {label: label for label in labels}
    if all(label.isdecimal() for label in labels) and len(set(map(int, labels))) == len(labels):
        return {label: f"i{int(label)}" for label in labels}
    return {label: f"i{number}" for number, label in enumerate(labels, 1)}


def _extents(einsum: Einsum, labels: Mapping[str, str]) -> Mapping[str, str]:
    if len(labels) <= MOST_NAMED:
        return {label: f"n_{name}" for label, name in labels.items()}
    return {label: str(einsum.sizes[label]) for label in labels}


def _names_of_tensors(einsum: Einsum) -> Sequence[str]:
    """A name for each operand: its own where all of them can be made names, else numbers. Equal ones stay equal."""
    own = {name: _said(name) for name in einsum.names}
    taken = _TAKEN | {OUTPUT} | {f"n_{label}" for label in einsum.labels}
    if len(set(own.values())) < len(own) or any(
        _NAME.fullmatch(x) is None or x in taken for x in own.values()
    ):
        own = dict(zip(own, numbered_names(len(own)), strict=True))
    return [own[name] for name in einsum.names]


def _renamed(einsum: Einsum, tensors: Sequence[str]) -> Iterator[str]:
    """A comment with the names that operands have elsewhere, where they are numbered here."""
    pairs = {new: old for new, old in zip(tensors, einsum.names, strict=True) if new != _said(old)}
    if pairs:
        # The names are a stranger's: as JSON they hold no end of a line.
        shown = [f"{new} is {_short(json.dumps(old))}" for new, old in islice(pairs.items(), MOST_RENAMED)]
        more = [f"and {len(pairs) - MOST_RENAMED:,} more"] if len(pairs) > MOST_RENAMED else []
        yield f"# Operands are numbered, since not all of their names can stand here: {', '.join(shown + more)}."


def _short(text: str) -> str:
    return text if len(text) <= 30 else text[:27] + "..."


def _declarations(
    einsum: Einsum, tensors: Sequence[str], extents: Mapping[str, str], inputs: Set[int]
) -> Iterator[str]:
    seen: set[str] = set()
    for number, (name, labels) in enumerate(zip(tensors, einsum.inputs, strict=True), 1):
        if name not in seen:
            role = "input" if number in inputs else "weight"
            yield f"{role} {name}({', '.join(extents[label] for label in labels)})"
        seen.add(name)


def _factors(einsum: Einsum, labels: Mapping[str, str], tensors: Sequence[str]) -> Iterator[str]:
    """The uses; an index that nothing else carries is summed openly."""
    carried = einsum.carried
    for name, some in zip(tensors, einsum.inputs, strict=True):
        use = f"{name}({', '.join(labels[label] for label in some)})"
        alone = [labels[label] for label in dict.fromkeys(some) if carried[label] == 1]
        yield f"sum({use} over {', '.join(alone)})" if alone else use
