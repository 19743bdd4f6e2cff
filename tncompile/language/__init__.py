"""The language: text to syntax to a bound network, and back to well laid out text."""

from tncompile.language.check import check, examine
from tncompile.language.format import format_text
from tncompile.language.load import load, load_source, load_syntax
from tncompile.language.parse import parse
from tncompile.language.syntax import Syntax

__all__ = ["Syntax", "check", "examine", "format_text", "load", "load_source", "load_syntax", "parse"]
