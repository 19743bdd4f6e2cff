"""Einsums as JSON: as cotengra has them, ``{"inputs", "output", "size_dict"}``, and as OMEinsum has them,
``{"einsum": {"ixs", "iy"}, "size"}``."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any

from tncompile.exchange.einsum import Einsum, Places, check_einsum, numbered_names
from tncompile.source import Diagnostic, Source, Span, TnError

MOST_DIGITS = 400  # of an integer, a minus sign counted
HELP = 'an einsum is {"inputs": [["a", "b"], ["b"]], "output": ["a"], "size_dict": {"a": 2, "b": 3}}'


def einsum_json(einsum: Einsum, title: str) -> dict[str, object]:
    """An einsum as cotengra has it, with the names of output and operands, and as a string where letters suffice."""
    letters = dict(zip(einsum.labels, string.ascii_letters, strict=False))
    found: dict[str, object] = {
        "name": title,
        "inputs": [list(labels) for labels in einsum.inputs],
        "output": list(einsum.output),
        "size_dict": {label: einsum.sizes[label] for label in einsum.labels},
        "operands": list(einsum.names),
    }
    if len(letters) == len(einsum.labels):
        terms = ["".join(letters[label] for label in labels) for labels in (*einsum.inputs, einsum.output)]
        found["einsum"] = f"{','.join(terms[:-1])}->{terms[-1]}"
    return found


def read_json(source: Source) -> Einsum:
    """The einsum of a JSON text. Raises TnError with the place of what is wrong."""
    try:
        found = json.loads(source.text, parse_int=_integer)
    except json.JSONDecodeError as error:
        place = Span(error.pos, error.pos + 1)
        raise TnError([Diagnostic(f"this is no JSON: {error.msg.lower()}", place)], source) from error
    except RecursionError as error:
        raise TnError([Diagnostic("this JSON is nested too deep", help=HELP)], source) from error
    except _TooLong as error:
        start = source.text.find(error.digits)
        place = Span(start, start + len(error.digits))
        raise TnError([Diagnostic(f"an integer has at most {MOST_DIGITS} digits", place)], source) from error
    reader = _Reader(source)
    if isinstance(found, dict) and isinstance(found.get("einsum"), dict):
        return reader.einsum(found["einsum"], "ixs", "iy", reader.part(found, "size", dict), "size", None)
    if isinstance(found, dict) and "inputs" in found:
        sizes = reader.part(found, "size_dict", dict)
        return reader.einsum(found, "inputs", "output", sizes, "size_dict", found.get("operands"))
    raise TnError([Diagnostic("this JSON is no einsum", Span(0, 1), help=HELP)], source)


class _TooLong(Exception):
    """An integer of too many digits."""

    def __init__(self, digits: str) -> None:
        self.digits = digits
        super().__init__(digits)


def _integer(text: str) -> int:
    # Python itself has a limit too, but a process may have lifted it.
    if len(text) > MOST_DIGITS:
        raise _TooLong(text)
    return int(text)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source

    def einsum(
        self,
        found: Mapping[str, Any],
        left: str,
        right: str,
        sizes: Mapping[str, Any],
        said: str,
        names: object,
    ) -> Einsum:
        """The einsum whose parts have these keys."""
        inputs = tuple(self.labels(left, labels) for labels in self.part(found, left, list))
        output = self.labels(right, self.part(found, right, (list, str)))
        extents = {label: self.extent(said, label, size) for label, size in sizes.items()}
        einsum = Einsum(inputs, output, extents, self.names(names, len(inputs)))
        spans = [self.key(left)] * len(inputs)
        help_ = f'"{said}" has the size of each index: {{{{"{{label}}": 4}}}}'
        check_einsum(einsum, Places(self.source, spans, self.key(right), self.key(said), help_))
        return einsum

    def key(self, key: str) -> Span:
        """Where a key stands."""
        start = self.source.text.find(f'"{key}"')
        return Span(start, start + len(key) + 2) if start >= 0 else Span(0, 1)

    def wrong(self, key: str, message: str) -> TnError:
        """An error at a key."""
        return TnError([Diagnostic(message, self.key(key), help=HELP)], self.source)

    def part(self, found: Mapping[str, Any], key: str, kind: type | tuple[type, ...]) -> Any:
        """What stands under a key, of the kind it must be."""
        if key not in found:
            raise self.wrong(key, f'the einsum has no "{key}"')
        if not isinstance(found[key], kind):
            what = "an object" if kind is dict else "a list"
            raise self.wrong(key, f'"{key}" must be {what}')
        return found[key]

    def labels(self, key: str, labels: object) -> tuple[str, ...]:
        """Indices: integers or texts in a list, or the letters of a text."""
        if isinstance(labels, str | list) and all(type(label) in (int, str) for label in labels):
            return tuple(map(str, labels))
        raise self.wrong(key, f'"{key}" must hold lists of indices, which are integers or texts')

    def extent(self, key: str, label: str, size: object) -> int:
        """The size of an index."""
        if type(size) is not int:
            raise self.wrong(key, f"the size of index `{label}` is no integer: {json.dumps(size)}")
        return size

    def names(self, names: object, count: int) -> tuple[str, ...]:
        """The names of the operands, where the text has some."""
        if names is None:
            return numbered_names(count)
        texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
        if not isinstance(names, list) or not texts or len(names) != count:
            raise self.wrong("operands", f'"operands" must name each of the {count} operands')
        return tuple(names)
