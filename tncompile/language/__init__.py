"""The language: text to syntax to a bound network, and back to well laid out text."""

from tncompile.language.parse import parse
from tncompile.language.syntax import Syntax

__all__ = ["Syntax", "parse"]
