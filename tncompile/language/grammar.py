"""The parser made from `grammars/tn.lark`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from lark import Lark

from tncompile.language.declarations import StatementBuilder


def grammar_text(name: str) -> str:
    """The text of a grammar: a wheel carries them inside the package, a checkout keeps them beside it."""
    shipped = files("tncompile") / "grammars" / name
    checkout = Path(__file__).parents[2] / "grammars" / name
    return (shipped if shipped.is_file() else checkout).read_text(encoding="utf-8")


@cache
def statement_parser() -> Lark:
    """Parses one statement (a `TextSlice` of a text) and returns what `StatementBuilder` makes of it."""
    return Lark(
        grammar_text("tn.lark"),
        parser="lalr",
        # The basic lexer knows words by their bounds: `fork` is a name, and `in` never is.
        lexer="basic",
        start="statement",
        transformer=StatementBuilder(),
    )


@cache
def word_lexer() -> Lark:
    """Cuts a text into tokens; comments and blanks are left out unless they are asked for."""
    return Lark(grammar_text("tn.lark"), parser=None, lexer="basic", start="statement")
