"""The language: text to syntax to a bound network, and back to well laid out text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tncompile.language.check import check, examine
from tncompile.language.load import load, load_source, load_syntax
from tncompile.language.parse import parse
from tncompile.language.syntax import Syntax
from tncompile.lazy import lazily

if TYPE_CHECKING:
    from tncompile.language.format import format_text

__all__ = ["Syntax", "check", "examine", "format_text", "load", "load_source", "load_syntax", "parse"]

__getattr__ = lazily(__name__, {"format_text": "tncompile.language.format:format_text"})
