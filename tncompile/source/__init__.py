"""Text, places in it, and what is said about them: the ground that every stage stands on."""

from tncompile.source.errors import Fault, InternalError, TnError, UsageError
from tncompile.source.files import read_bytes, read_source, write_whole
from tncompile.source.report import Diagnostic, Note
from tncompile.source.text import NOWHERE, Source, Span

__all__ = [
    "NOWHERE",
    "Diagnostic",
    "Fault",
    "InternalError",
    "Note",
    "Source",
    "Span",
    "TnError",
    "UsageError",
    "read_bytes",
    "read_source",
    "write_whole",
]
