"""From a path or a text to a checked `Network`."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike

from tncompile.language.bind import bind
from tncompile.language.parse import parse
from tncompile.language.syntax import Syntax
from tncompile.network import Network
from tncompile.source import Source, UsageError, read_source


def load(text: str | PathLike[str], /, **sizes: object) -> Network:
    """Reads a network.

    Parameters
    ----------
    text:
        The path of a `.tn` file, or the text itself (it holds a newline).
    sizes:
        Values for the sizes and numbers of the network; the others take their defaults. Integers,
        numbers, or lists of them.

    Raises
    ------
    TnError
        With every problem of the text and the sizes, each with its place.
    UsageError
        For what is neither a path nor a text.
    """
    if not isinstance(text, str | PathLike) or not str(text):
        raise UsageError(f"`load` takes the path of a file, or a text with a newline, not {text!r}")
    if isinstance(text, str) and "\n" in text:
        return load_source(Source("<text>", text), sizes)
    return load_source(read_source(text), sizes)


def load_source(source: Source, sizes: Mapping[str, object] | None = None) -> Network:
    """The checked network of a text at given sizes. Raises TnError with every problem."""
    return load_syntax(parse(source), sizes or {})


def load_syntax(syntax: Syntax, sizes: Mapping[str, object]) -> Network:
    """The checked network of a text that was parsed. Raises TnError with every problem."""
    network = bind(syntax, sizes)
    _ = network.tables  # building them is the check of a network
    return network
