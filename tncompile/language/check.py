"""Everything that can be said about a text."""

from __future__ import annotations

from collections.abc import Mapping

from tncompile.language.load import load_source
from tncompile.network import Network, warnings
from tncompile.source import Diagnostic, Source, TnError, UsageError


def examine(
    source: Source, sizes: Mapping[str, object] | None = None
) -> tuple[Network | None, list[Diagnostic]]:
    """The network of a text, None if there is an error, and every error or else every warning, in file order."""
    try:
        network = load_source(source, sizes)
    except TnError as error:
        return None, list(error.diagnostics)
    return network, warnings(network)


def check(source: Source, sizes: Mapping[str, object] | None = None) -> list[Diagnostic]:
    """Every error of a text at given sizes; its warnings if it has no error. Raises UsageError for what is no `Source`."""
    if not isinstance(source, Source):
        raise UsageError(f"`check` takes a `Source`, not {source!r}")
    return examine(source, sizes)[1]
